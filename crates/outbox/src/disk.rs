//! What the disk under the outbox is like: how much room it has, and whether it remembers.

use std::path::Path;

/// Bytes this process may still write to the disk of `path`. `u64::MAX` if the system does not say: then only a failing
/// write tells.
pub(crate) fn free(path: &Path) -> u64 {
    fs4::available_space(path).unwrap_or(u64::MAX)
}

pub(crate) use volatile::is_volatile;

#[cfg(target_os = "linux")]
mod volatile {
    use std::path::Path;

    // f_type of statfs(2).
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    const OVERLAY: u64 = 0x794c_7630;

    /// Whether what is written to `path` is gone after a reboot. An overlay counts as such: kiosks use them to forget.
    pub(crate) fn is_volatile(path: &Path) -> bool {
        // The width and sign of `f_type` differ between architectures; the magic numbers have 32 bits.
        rustix::fs::statfs(path).is_ok_and(|fs| matches!(fs.f_type as u64 & 0xffff_ffff, TMPFS | RAMFS | OVERLAY))
    }
}

#[cfg(not(target_os = "linux"))]
mod volatile {
    /// Windows' unified write filter does not show itself to a program without administrator's rights: the installer
    /// has to know.
    pub(crate) fn is_volatile(_path: &std::path::Path) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_file_systems_are_seen_as_volatile() {
        let shm = Path::new("/dev/shm");
        if !shm.exists() {
            println!("skipped: no /dev/shm here");
            return;
        }
        assert!(is_volatile(shm));
        assert!(!is_volatile(Path::new("/proc")));
    }
}
