//! The scanner's end of scan-link for firmware in C. `c/scan_link.h` is generated from this crate.
//!
//! Everything lives in memory that the firmware gives; nothing allocates. A function takes its `ScanLinkDevice` or
//! `ScanLinkRecordWriter` only after `scan_link_new` or `scan_link_record_begin`, and is not called from two contexts at once
//! (`cbindgen.toml` tells firmware so, too).
#![cfg_attr(target_os = "none", no_std)]

mod convert;
mod device;
mod record;
mod types;

pub use device::*;
pub use record::*;
pub use types::*;

/// Called when the library finds a fault in itself. The firmware provides it, and should reset.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn scan_link_panic() -> !;
    }
    // SAFETY: provided by the firmware under this name and type.
    unsafe { scan_link_panic() }
}
