//! The scanner's end.

use core::{ffi::c_char, mem::MaybeUninit, slice};

use firmware_protocol as link;
use link::{Instant, LineConfig, ResultStore, frame::MAX_FRAME};

use crate::{
    convert::text,
    types::{
        Clock, CloseReason, Counters, Ending, Event, EventKind, Identity, ResultNumber, Scan, Sent, Store, Subject,
        VersionRange, Waiting,
    },
};

/// Bytes a buffer for `scan_link_poll_transmit` needs.
pub const SCAN_LINK_FRAME: usize = 254;
const _: () = assert!(SCAN_LINK_FRAME == MAX_FRAME + 1, "a hello has one zero more");

/// Words of a ScanLinkDevice.
pub const SCAN_LINK_DEVICE_WORDS: usize = 232;

/// cbindgen:ignore
type Inner = link::Device<CStore>;

/// The scanner's end of the line. Give it static memory; what is inside is not for firmware.
#[repr(C)]
pub struct Device {
    memory: [MaybeUninit<u64>; SCAN_LINK_DEVICE_WORDS],
}

const _: () = assert!(size_of::<Inner>() <= size_of::<Device>() && align_of::<Inner>() <= align_of::<Device>());

impl Device {
    /// # Safety
    /// `scan_link_new` has filled it.
    unsafe fn inner(&mut self) -> &mut Inner {
        // SAFETY: the memory is large enough and aligned, and was filled as promised by the caller.
        unsafe { &mut *self.memory.as_mut_ptr().cast() }
    }
}

struct CStore(Store);

impl ResultStore for CStore {
    fn oldest(&self) -> Option<link::Waiting> {
        let mut oldest = Waiting::default();
        let waits = (self.0.oldest)(self.0.context, &mut oldest);
        waits.then_some(link::Waiting {
            result: oldest.result.into(),
            length: oldest.length,
        })
    }

    fn read(&self, result: link::ResultNumber, offset: usize, into: &mut [u8]) {
        (self.0.read)(self.0.context, result.into(), offset, into.as_mut_ptr(), into.len());
    }

    fn remove(&mut self, result: link::ResultNumber) -> bool {
        (self.0.remove)(self.0.context, result.into())
    }
}

/// Makes the end of a line in `device`. `baud` is that of the UART; `seed` must differ at each start (the count of starts is
/// good). `now` is in microseconds since the start, here and everywhere.
///
/// # Safety
/// The pointers and what they point to are valid; the store's functions stay so for the life of the device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_new(
    device: *mut Device,
    identity: *const Identity,
    store: Store,
    baud: u32,
    seed: u32,
    now: u64,
) {
    let config = LineConfig {
        baud,
        ..LineConfig::new(seed)
    };
    // SAFETY: as promised by the caller; the memory is large enough and aligned.
    unsafe {
        let inner = link::Device::new((*identity).to_link(), CStore(store), config, Instant::from_micros(now));
        device.cast::<Inner>().write(inner);
    }
}

/// Takes bytes as the UART delivered them; frames may start and end anywhere. Then drain the events.
///
/// # Safety
/// `device` is filled; `bytes` points to `length` bytes, or is NULL if there are none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_handle_bytes(device: *mut Device, now: u64, bytes: *const u8, length: usize) {
    if length == 0 {
        return;
    }
    // SAFETY: as promised by the caller.
    unsafe {
        (*device)
            .inner()
            .handle_bytes(Instant::from_micros(now), slice::from_raw_parts(bytes, length))
    }
}

/// Says that `now` has arrived. Early or repeated calls change nothing. Then drain the events.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_handle_timeout(device: *mut Device, now: u64) {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().handle_timeout(Instant::from_micros(now)) }
}

/// Says that the line was connected or cut, for scanners that can see it. Others need not call it.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_handle_line(device: *mut Device, now: u64, up: bool) {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().handle_line(Instant::from_micros(now), up) }
}

/// Puts the next event into `event` and returns its kind. Call it until that is None, after every `scan_link_handle_*`.
///
/// # Safety
/// `device` is filled; `event` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_poll_event(device: *mut Device, event: *mut Event) -> EventKind {
    let mut out = Event {
        kind: EventKind::None,
        version: 0,
        reason: CloseReason::LineDown,
        versions: VersionRange::default(),
        scan_kind: 0,
        screened: false,
        scan: 0,
        result: ResultNumber::default(),
        clock: Clock::default(),
        subject: Subject::default(),
    };
    // SAFETY: as promised by the caller.
    match unsafe { (*device).inner().poll_event() } {
        None => {}
        Some(link::DeviceEvent::Connected { version }) => {
            out.kind = EventKind::Connected;
            out.version = version;
        }
        Some(link::DeviceEvent::Disconnected(reason)) => {
            out.kind = EventKind::Disconnected;
            out.reason = reason.into();
        }
        Some(link::DeviceEvent::Incompatible(versions)) => {
            out.kind = EventKind::Incompatible;
            out.versions = versions.into();
        }
        Some(link::DeviceEvent::Start(start)) => {
            out.kind = EventKind::Start;
            out.scan = start.scan;
            out.scan_kind = start.kind.code();
            out.screened = start.screened;
            out.subject = (&start.subject).into();
        }
        Some(link::DeviceEvent::Cancel(scan)) => {
            out.kind = EventKind::Cancel;
            out.scan = scan;
        }
        Some(link::DeviceEvent::SetClock(clock)) => {
            out.kind = EventKind::SetClock;
            out.clock = clock.into();
        }
        Some(link::DeviceEvent::Stored(result)) => {
            out.kind = EventKind::Stored;
            out.result = result.into();
        }
    }
    let kind = out.kind;
    // SAFETY: as promised by the caller.
    unsafe { event.write(out) };
    kind
}

/// Copies the next frame to send into `frame` and returns its length, 0 for none. Ask again when it has left.
///
/// # Safety
/// `device` is filled; `frame` has room for SCAN_LINK_FRAME bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_poll_transmit(device: *mut Device, now: u64, frame: *mut u8) -> usize {
    // SAFETY: as promised by the caller.
    unsafe {
        let Some(next) = (*device).inner().poll_transmit(Instant::from_micros(now)) else {
            return 0;
        };
        frame.copy_from_nonoverlapping(next.as_ptr(), next.len());
        next.len()
    }
}

/// When `scan_link_handle_timeout` and `scan_link_poll_transmit` next have work: 0 if they have some already, because a record was
/// stored or a message said since they were called; UINT64_MAX for never.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_poll_timeout(device: *mut Device) -> u64 {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().poll_timeout() }.map_or(u64::MAX, Instant::micros)
}

/// Reports how far a scan is: a SCAN_LINK_STAGE_* and the per cent of it. The progress before it is replaced if it is the last
/// message that waits to be sent.
/// Call it at least once a minute while a scan runs, changed or not: after five minutes of silence the bridge gives the scan up.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_progress(device: *mut Device, scan: Scan, stage: u8, percent: u8) -> Sent {
    let progress = link::Progress {
        scan: scan.into(),
        stage: link::Stage::from_code(stage),
        percent,
    };
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().progress(progress) }.into()
}

/// Reports that a scan is over. Of a completed one, store the record first. Invalid if its kind is no SCAN_LINK_ENDING_KIND_*.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_ended(device: *mut Device, scan: Scan, ending: Ending) -> Sent {
    let Some(ending) = ending.to_link() else {
        return Sent::Invalid;
    };
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().ended(scan.into(), ending) }.into()
}

/// Reports a SCAN_LINK_FAULT_*, with the maker's own number for it.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_fault(device: *mut Device, fault: u8, detail: u32) -> Sent {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().fault(link::Fault::from_code(fault), detail) }.into()
}

/// Sends a line of the log with its SCAN_LINK_LOG_LEVEL_*, cut to 96 bytes and empty if it is no UTF-8. Never a measured value, a
/// name or a subject number.
///
/// # Safety
/// `device` is filled; `line` is closed by a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_log(device: *mut Device, level: u8, line: *const c_char) -> Sent {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().log(link::LogLevel::from_code(level), text(line)) }.into()
}

/// Whether a session is open.
///
/// # Safety
/// `device` is filled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_is_connected(device: *mut Device) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { (*device).inner().is_connected() }
}

/// Puts into `counters` what went by on the line.
///
/// # Safety
/// `device` is filled; `counters` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_counters(device: *mut Device, counters: *mut Counters) {
    // SAFETY: as promised by the caller.
    unsafe { counters.write((*device).inner().counters().into()) }
}

#[cfg(test)]
mod tests {
    use core::{
        ffi::c_void,
        ptr::{null, null_mut},
    };

    use super::*;

    extern "C" fn nothing_waits(_: *mut c_void, _: *mut Waiting) -> bool {
        false
    }

    extern "C" fn reads_nothing(_: *mut c_void, _: ResultNumber, _: usize, _: *mut u8, _: usize) {}

    extern "C" fn removes_nothing(_: *mut c_void, _: ResultNumber) -> bool {
        false
    }

    #[test]
    fn no_bytes_may_be_nowhere() {
        let mut device = Device {
            memory: [MaybeUninit::uninit(); SCAN_LINK_DEVICE_WORDS],
        };
        let identity = Identity {
            device: [1; 16],
            boot: 7,
            maker: null(),
            model: null(),
            serial: null(),
            firmware: null(),
            capabilities: 0,
        };
        let store = Store {
            context: null_mut(),
            oldest: nothing_waits,
            read: reads_nothing,
            remove: removes_nothing,
        };
        let mut counters = Counters::default();
        // SAFETY: all of it outlives the calls, and the device is filled by the first.
        unsafe {
            scan_link_new(&mut device, &identity, store, 115_200, 7, 0);
            scan_link_handle_bytes(&mut device, 0, null(), 0);
            scan_link_counters(&mut device, &mut counters);
        }
        assert_eq!((counters.frames, counters.not_frames), (0, 0));
    }
}
