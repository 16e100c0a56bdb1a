//! The records of scans: their numbers, their headers, and the bridge's clock in them.

use firmware_protocol::*;

use crate::Measured;

/// What a scanner needs to know to write the records of its scans.
#[derive(Debug)]
pub struct Records {
    boot: u32,
    /// Results since the start.
    count: u32,
    /// The bridge's clock, and when it told us.
    clock: Option<(Clock, Instant)>,
}

impl Records {
    /// Of a scanner that was just started.
    pub const fn new(boot: u32) -> Self {
        Self {
            boot,
            count: 0,
            clock: None,
        }
    }

    /// Which start of the scanner this is.
    pub const fn boot(&self) -> u32 {
        self.boot
    }

    /// Results since the start.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The bridge told the time.
    pub fn set_clock(&mut self, now: Instant, clock: Clock) {
        self.clock = Some((clock, now));
    }

    /// Writes the record of a scan into `buffer` and hands it to `append`, which keeps it. `measure` adds what was found out. How
    /// the scan ends with that: a result that is not kept is a failure, and its number is given to the next one.
    pub fn keep<P>(
        &mut self,
        now: Instant,
        measured: &Measured<P>,
        buffer: &mut [u8],
        measure: impl FnOnce(&mut RecordWriter<'_>) -> Result<(), RecordFull>,
        append: impl FnOnce(ResultNumber, &[u8]) -> Result<(), StoreFull>,
    ) -> Ending {
        let result = ResultNumber {
            boot: self.boot,
            number: self.count + 1,
        };
        let header = RecordHeader {
            result,
            scan: measured.scan,
            kind: measured.kind,
            completeness: measured.completeness,
            uptime_ms: u32::try_from(now.micros() / 1000).unwrap_or(u32::MAX),
            clock: self.clock_at(now),
            subject: measured.subject.clone(),
        };
        let written = RecordWriter::new(buffer, &header).and_then(|mut writer| {
            measure(&mut writer)?;
            Ok(writer.finish())
        });
        let Ok(record) = written else {
            return Ending::Failed(Fault::Internal);
        };
        match append(result, record) {
            Ok(()) => {
                self.count += 1;
                Ending::Completed(result)
            }
            Err(StoreFull) => Ending::Failed(Fault::StoreFull),
        }
    }

    fn clock_at(&self, now: Instant) -> Option<Clock> {
        let (clock, told) = self.clock?;
        Some(Clock {
            unix_seconds: clock.unix_seconds.saturating_add((now - told) / 1_000_000),
            ..clock
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured<()> {
        Measured {
            scan: ScanRef::WalkUp(1),
            kind: ScanKind::Weight,
            subject: Subject::default(),
            person: (),
            completeness: Completeness::WeightOnly,
        }
    }

    #[test]
    fn a_record_has_the_time_the_clock_shows_when_the_scan_ends() {
        let mut records = Records::new(7);
        let clock = Clock {
            unix_seconds: 1_750_000_000,
            offset_minutes: 60,
        };
        records.set_clock(Instant::from_millis(10_000), clock);
        let mut kept = None;
        let ending = records.keep(
            Instant::from_millis(75_900),
            &measured(),
            &mut [0; 256],
            |_| Ok(()),
            |result, record| {
                kept = Record::parse(record).ok().map(|record| (result, record.header));
                Ok(())
            },
        );
        let (result, header) = kept.expect("a good record");
        assert_eq!(ending, Ending::Completed(result));
        assert_eq!((result.boot, result.number, header.uptime_ms), (7, 1, 75_900));
        assert_eq!(header.clock.map(|clock| clock.unix_seconds), Some(1_750_000_065));
    }

    #[test]
    fn a_result_that_cannot_be_kept_is_a_failure_and_leaves_its_number_to_the_next() {
        let mut records = Records::new(7);
        let now = Instant::START;
        let mut keep = |room: usize, appended| {
            let buffer = &mut [0; 256][..room];
            records.keep(now, &measured(), buffer, |_| Ok(()), |_, _| appended)
        };
        assert_eq!(keep(8, Ok(())), Ending::Failed(Fault::Internal));
        assert_eq!(keep(256, Err(StoreFull)), Ending::Failed(Fault::StoreFull));
        let first = ResultNumber { boot: 7, number: 1 };
        assert_eq!(keep(256, Ok(())), Ending::Completed(first));
    }
}
