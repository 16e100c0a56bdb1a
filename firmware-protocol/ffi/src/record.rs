//! The writer of records.

use core::{
    mem::{MaybeUninit, offset_of},
    slice,
};

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
    /// Milliseconds since the scanner's start when the measurement ended. After 49.7 days it stays at FFFFFFFF, and never begins again at 0.
    pub uptime_ms: u32,
    /// The scanner's clock at that moment.
    pub clock: Clock,
    /// The person, as the scanner computed with. Of a scan that was asked for it must have the number of the event Start.
    pub subject: Subject,
}

const _: () = assert!(size_of::<RecordHeader>() == 88 && offset_of!(RecordHeader, uptime_ms) == 20);
const _: () = assert!(offset_of!(RecordHeader, clock) == 24 && offset_of!(RecordHeader, subject) == 40);

/// Starts a record in a buffer of `size` bytes. False if not even the header fits, if the subject's number is not closed by a zero or
/// no UTF-8, or if a value of the subject has more than nine decimals.
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
    let Some(subject) = header.subject.to_link() else {
        return false;
    };
    let header = link::RecordHeader {
        result: header.result.into(),
        scan: header.scan.into(),
        kind: link::ScanKind::from_code(header.kind),
        completeness: link::Completeness::from_code(header.completeness),
        uptime_ms: header.uptime_ms,
        clock: header.clock.into(),
        subject,
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

#[cfg(test)]
mod tests {
    use core::ffi::c_char;

    use super::*;
    use crate::types::Decimal;

    /// A subject of this number, whose bytes are closed by a zero if there are fewer than 19.
    fn subject(number: &[u8]) -> Subject {
        let mut subject = Subject::default();
        for (to, from) in subject.number.iter_mut().zip(number) {
            *to = *from as c_char;
        }
        subject
    }

    /// The record of a scan of `subject`, if it is begun.
    fn record(subject: Subject) -> Option<Vec<u8>> {
        let header = RecordHeader {
            result: ResultNumber { boot: 7, number: 1 },
            scan: Scan {
                asked: false,
                number: 1,
            },
            kind: 2,
            completeness: 0,
            uptime_ms: 61_500,
            clock: Clock::default(),
            subject,
        };
        let mut buffer = vec![0; 256];
        let mut writer = RecordWriter {
            memory: [MaybeUninit::uninit(); SCAN_LINK_RECORD_WRITER_WORDS],
        };
        // SAFETY: all of it outlives the calls, and the writer is finished only after it was filled.
        unsafe {
            scan_link_record_begin(&mut writer, buffer.as_mut_ptr(), buffer.len(), &header).then(|| {
                let length = scan_link_record_finish(&mut writer);
                buffer.truncate(length);
                buffer
            })
        }
    }

    #[test]
    fn a_persons_number_is_taken_as_it_is_or_not_at_all() {
        for number in ["", "0000000112", "M\u{fc}ller7", "123456789012345678"] {
            let record = record(subject(number.as_bytes())).expect("a number that can be said");
            assert_eq!(
                link::Record::parse(&record).expect("a record").header.subject.number,
                number
            );
        }
        for number in [&b"1234567890123456789"[..], b"M\xfcller7", b"12345678901234567\xc3\xbc"] {
            assert_eq!(record(subject(number)), None, "{number:x?}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_said_is_not_taken_for_an_unknown_one() {
        let tall = |scale, known| {
            let mantissa = 1670;
            record(Subject {
                height: Decimal { mantissa, scale, known },
                ..subject(b"112")
            })
        };
        let height = |bytes: Vec<u8>| link::Record::parse(&bytes).expect("a record").header.subject.height;
        assert_eq!(tall(1, true).map(height), Some(Some(link::Decimal::new(1670, 1))));
        assert_eq!(tall(99, false).map(height), Some(None));
        assert_eq!(tall(10, true), None);
    }
}
