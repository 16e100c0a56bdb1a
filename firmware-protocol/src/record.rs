//! The record of a result: the values, exact, in a form that fits into flash and never has to change. The bytes are in `SPEC.md`,
//! section 5.3.
//!
//! A section says how long it is: a reader skips those of kinds it does not know, which is how records grow. The checksum is computed
//! where the values are, and checked where they are used: it also covers the scanner's memory.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Decimal, Frequency, MetricId, Segment,
    codes::{Completeness, ScanKind},
    frame::crc32,
    message::{Clock, ResultNumber, ScanRef, Subject},
};

/// The longest record, in bytes: three times a full one of 150 values and 84 impedances.
pub const MAX_RECORD: usize = 4096;

const CRC_LENGTH: usize = 4;
const SECTION_HEAD: usize = 3;
const VALUES: u8 = 1;
const IMPEDANCES: u8 = 2;

/// What a record says besides the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHeader {
    /// Which result.
    pub result: ResultNumber,
    /// Which scan it came from.
    pub scan: ScanRef,
    /// What was measured.
    pub kind: ScanKind,
    /// Whether all of it succeeded.
    pub completeness: Completeness,
    /// Milliseconds since the scanner's start (`result.boot`) when the measurement ended. After 49.7 days it stays at [`u32::MAX`], and never
    /// begins again at 0.
    pub uptime_ms: u32,
    /// The scanner's clock at that moment, if it has one that was set.
    pub clock: Option<Clock>,
    /// The person, as the scanner computed with. Of a scan that was asked for it must have the number that [`crate::Start`] gave.
    pub subject: Subject,
}

/// Resistance and reactance of one path through the body, in ohms. Reactance is negative where the path is capacitive, as
/// bodies are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impedance {
    /// The path.
    pub segment: Segment,
    /// The frequency.
    pub frequency: Frequency,
    /// Real part.
    pub resistance: Decimal,
    /// Imaginary part, with its sign.
    pub reactance: Decimal,
}

/// One entry of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A measurement, in the metric unit of the vocabulary.
    Value(MetricId, Decimal),
    /// A raw impedance.
    Impedance(Impedance),
}

/// The buffer is too small for another entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is longer than its buffer")]
pub struct RecordFull;

/// Builds a record in a buffer of the firmware.
///
/// ```
/// use firmware_protocol::*;
///
/// let header = RecordHeader {
///     result: ResultNumber { boot: 7, number: 1 },
///     scan: ScanRef::WalkUp(1),
///     kind: ScanKind::BodyComposition,
///     completeness: Completeness::Full,
///     uptime_ms: 61_500,
///     clock: None,
///     subject: Subject::default(),
/// };
/// let mut buffer = [0; 256];
/// let mut writer = RecordWriter::new(&mut buffer, &header)?;
/// writer.value(MetricId::BODY_WEIGHT, Decimal::new(805, 1))?;
/// writer.impedance(Impedance {
///     segment: Segment::RightArm,
///     frequency: Frequency::Khz50,
///     resistance: Decimal::new(3213, 1),
///     reactance: Decimal::new(-328, 1),
/// })?;
/// let bytes = writer.finish();
/// assert_eq!(Record::parse(bytes).unwrap().items().count(), 2);
/// # Ok::<(), RecordFull>(())
/// ```
pub struct RecordWriter<'a> {
    buffer: &'a mut [u8],
    length: usize,
    /// Kind and start of the section being written.
    section: Option<(u8, usize)>,
}

/// Prints how long the record is so far.
impl fmt::Debug for RecordWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordWriter")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl<'a> RecordWriter<'a> {
    /// Starts a record. Of a buffer longer than [`MAX_RECORD`] the rest stays unused.
    ///
    /// # Errors
    /// [`RecordFull`] if not even the header fits.
    pub fn new(buffer: &'a mut [u8], header: &RecordHeader) -> Result<Self, RecordFull> {
        let usable = buffer.len().min(MAX_RECORD);
        let mut writer = Self {
            buffer: &mut buffer[..usable],
            length: 0,
            section: None,
        };
        writer.append(header)?;
        Ok(writer)
    }

    /// Adds a measurement.
    ///
    /// # Errors
    /// [`RecordFull`] if it does not fit; the record stays as it was.
    pub fn value(&mut self, metric: MetricId, value: Decimal) -> Result<(), RecordFull> {
        self.entry(VALUES, &(metric, value))
    }

    /// Adds a raw impedance.
    ///
    /// # Errors
    /// [`RecordFull`] if it does not fit; the record stays as it was.
    pub fn impedance(&mut self, impedance: Impedance) -> Result<(), RecordFull> {
        self.entry(IMPEDANCES, &impedance)
    }

    /// Ends the record with its checksum.
    pub fn finish(mut self) -> &'a [u8] {
        self.close_section();
        let crc = crc32(&self.buffer[..self.length]).to_le_bytes();
        // `append` has left room for it.
        self.buffer[self.length..self.length + CRC_LENGTH].copy_from_slice(&crc);
        let Self { buffer, length, .. } = self;
        &buffer[..length + CRC_LENGTH]
    }

    fn entry(&mut self, kind: u8, entry: &impl Serialize) -> Result<(), RecordFull> {
        let before = (self.length, self.section);
        let opened = if self.section.is_some_and(|(open, _)| open == kind) {
            Ok(())
        } else {
            self.open_section(kind)
        };
        opened
            .and_then(|()| self.append(entry))
            .inspect_err(|_| (self.length, self.section) = before)
    }

    fn open_section(&mut self, kind: u8) -> Result<(), RecordFull> {
        self.close_section();
        let start = self.length;
        self.append(&[kind, 0, 0])?;
        self.section = Some((kind, start));
        Ok(())
    }

    /// Puts the length into the head of the open section.
    fn close_section(&mut self) {
        if let Some((_, start)) = self.section {
            let length = u16::try_from(self.length - start - SECTION_HEAD).unwrap_or(u16::MAX);
            self.buffer[start + 1..start + SECTION_HEAD].copy_from_slice(&length.to_le_bytes());
        }
    }

    fn append(&mut self, value: &impl Serialize) -> Result<(), RecordFull> {
        let end = self.buffer.len().saturating_sub(CRC_LENGTH);
        let free = self.buffer.get_mut(self.length..end).ok_or(RecordFull)?;
        self.length += postcard::to_slice(value, free).map_err(|_| RecordFull)?.len();
        Ok(())
    }
}

/// Bytes that are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The checksum is wrong: the scanner's memory is damaged, for the link has its own.
    #[error("the checksum of the record is wrong")]
    Checksum,
    /// The content makes no sense though the checksum is right, or is shorter than it was announced: a fault of the firmware.
    #[error("the record is malformed")]
    Malformed,
}

/// A record that was read and checked to its end. `Debug` prints none of its values.
#[derive(Clone)]
pub struct Record<'a> {
    /// What it says besides the values.
    pub header: RecordHeader,
    /// Sections of kinds this version does not know.
    pub unknown_sections: usize,
    sections: &'a [u8],
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("header", &self.header)
            .field("unknown_sections", &self.unknown_sections)
            .field("bytes_of_sections", &self.sections.len())
            .finish()
    }
}

impl<'a> Record<'a> {
    /// Reads a whole record: checksum, header and every entry of the known sections.
    ///
    /// # Errors
    /// [`RecordError`]: nothing of such a record may become a reading.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let (content, crc) = bytes.split_last_chunk::<CRC_LENGTH>().ok_or(RecordError::Checksum)?;
        if crc32(content) != u32::from_le_bytes(*crc) {
            return Err(RecordError::Checksum);
        }
        let (header, sections) =
            postcard::take_from_bytes::<RecordHeader>(content).map_err(|_| RecordError::Malformed)?;
        let mut rest = sections;
        let mut unknown_sections = 0;
        while !rest.is_empty() {
            let (kind, mut entries, after) = split_section(rest).ok_or(RecordError::Malformed)?;
            if !matches!(kind, VALUES | IMPEDANCES) {
                unknown_sections += 1;
            } else {
                while !entries.is_empty() {
                    (_, entries) = take_item(kind, entries).ok_or(RecordError::Malformed)?;
                }
            }
            rest = after;
        }
        Ok(Self {
            header,
            unknown_sections,
            sections,
        })
    }

    /// The values, in the order of the record.
    pub fn items(&self) -> Items<'a> {
        Items {
            sections: self.sections,
            kind: 0,
            entries: &[],
        }
    }
}

/// The entries of a [`Record`], in its order. `Debug` prints none of them.
#[derive(Clone)]
pub struct Items<'a> {
    sections: &'a [u8],
    kind: u8,
    entries: &'a [u8],
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some((item, rest)) = take_item(self.kind, self.entries) {
                self.entries = rest;
                return Some(item);
            }
            // The end of a section, or one of an unknown kind: `parse` has seen that nothing else can stop us.
            (self.kind, self.entries, self.sections) = split_section(self.sections)?;
        }
    }
}

/// Kind and entries of the first section, and what follows it.
fn split_section(sections: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([kind, low, high], rest) = sections.split_first_chunk::<SECTION_HEAD>()?;
    let (entries, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
    Some((*kind, entries, rest))
}

fn take_item(kind: u8, entries: &[u8]) -> Option<(Item, &[u8])> {
    match kind {
        VALUES => {
            let ((metric, value), rest) = postcard::take_from_bytes(entries).ok()?;
            Some((Item::Value(metric, value), rest))
        }
        IMPEDANCES => {
            let (impedance, rest) = postcard::take_from_bytes(entries).ok()?;
            Some((Item::Impedance(impedance), rest))
        }
        _ => None,
    }
}
