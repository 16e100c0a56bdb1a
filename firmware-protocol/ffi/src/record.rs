//! The writer of records.

use core::{mem::MaybeUninit, slice};

use firmware_protocol as link;
use link::RecordWriter as Inner;

use crate::types::{Clock, ResultNumber, Scan, Subject};

/// Words of a ScanLinkRecordWriter.
pub const SCAN_LINK_RECORD_WRITER_WORDS: usize = 8;

/// A record being written. What is inside is not for firmware.
#[repr(C)]
pub struct RecordWriter {
    memory: [MaybeUninit<usize>; SCAN_LINK_RECORD_WRITER_WORDS],
}

const _: () = assert!(size_of::<Inner<'_>>() <= size_of::<RecordWriter>());

impl RecordWriter {
    /// # Safety
    /// `scan_link_record_begin` has filled it, and its buffer is still there.
    unsafe fn inner(&mut self) -> &mut Inner<'_> {
        // SAFETY: the memory is large enough and aligned, and was filled as promised by the caller.
        unsafe { &mut *self.memory.as_mut_ptr().cast() }
    }
}

/// What a record says besides the values.
#[repr(C)]
pub struct RecordHeader {
    /// Which result.
    pub result: ResultNumber,
    /// Which scan it came from.
    pub scan: Scan,
    /// SCAN_LINK_SCAN_KIND_*.
    pub kind: u8,
    /// SCAN_LINK_COMPLETENESS_*.
    pub completeness: u8,
    /// Milliseconds since the scanner's start when the measurement ended.
    pub uptime_ms: u32,
    /// The scanner's clock at that moment.
    pub clock: Clock,
    /// The person, as the scanner computed with.
    pub subject: Subject,
}

/// Starts a record in a buffer of `size` bytes. False if not even the header fits.
///
/// # Safety
/// The pointers are valid; the buffer stays in place until `scan_link_record_finish`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_record_begin(
    writer: *mut RecordWriter,
    buffer: *mut u8,
    size: usize,
    header: *const RecordHeader,
) -> bool {
    // SAFETY: as promised by the caller.
    let (header, buffer) = unsafe { (&*header, slice::from_raw_parts_mut(buffer, size)) };
    let header = link::RecordHeader {
        result: header.result.into(),
        scan: header.scan.into(),
        kind: link::ScanKind::from_code(header.kind),
        completeness: link::Completeness::from_code(header.completeness),
        uptime_ms: header.uptime_ms,
        clock: header.clock.into(),
        subject: (&header.subject).into(),
    };
    let Ok(begun) = Inner::new(buffer, &header) else {
        return false;
    };
    // SAFETY: as promised by the caller; the memory is large enough and aligned.
    unsafe { writer.cast::<Inner<'_>>().write(begun) };
    true
}

/// Adds the measurement SCAN_LINK_METRIC_* with the value `mantissa / 10^scale` in the metric unit of the vocabulary. False if
/// it does not fit or `scale` is above 9.
///
/// # Safety
/// `writer` is filled and not finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_record_value(
    writer: *mut RecordWriter,
    metric: u16,
    mantissa: i32,
    scale: u8,
) -> bool {
    let Ok(value) = link::Decimal::try_new(mantissa, scale) else {
        return false;
    };
    // SAFETY: as promised by the caller.
    unsafe { (*writer).inner().value(link::MetricId(metric), value) }.is_ok()
}

/// Adds resistance and reactance in tenths of an ohm of SCAN_LINK_SEGMENT_* at SCAN_LINK_FREQUENCY_*. False if they do not fit.
///
/// # Safety
/// `writer` is filled and not finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_record_impedance(
    writer: *mut RecordWriter,
    segment: u8,
    frequency: u8,
    resistance_tenths: i32,
    reactance_tenths: i32,
) -> bool {
    let impedance = link::Impedance {
        segment: link::Segment::from_code(segment),
        frequency: link::Frequency::from_code(frequency),
        resistance: link::Decimal::new(resistance_tenths, 1),
        reactance: link::Decimal::new(reactance_tenths, 1),
    };
    // SAFETY: as promised by the caller.
    unsafe { (*writer).inner().impedance(impedance) }.is_ok()
}

/// Ends the record and returns its length in the buffer. The writer is used up.
///
/// # Safety
/// `writer` is filled and not finished.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn scan_link_record_finish(writer: *mut RecordWriter) -> usize {
    // SAFETY: as promised by the caller; reading it out uses it up.
    unsafe { writer.cast::<Inner<'_>>().read() }.finish().len()
}
