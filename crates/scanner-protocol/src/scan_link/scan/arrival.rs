//! A result arrives: whose it is, and what ends with it.

use firmware_protocol::{Received, RecordHeader, ResultNumber, ScanRef};
use scan_model::{Age, Flag, Record};

use super::{Course, Running};
use crate::{
    RejectReason, Rejected, Tick,
    fault::Fault,
    scan_link::{
        record,
        uptime::{self, ON_THE_LINE},
    },
};

impl Course {
    /// Takes a result: of the running scan, which ends with it, or of an earlier one.
    pub(super) fn arrive(&mut self, now: Tick, received: Received<'_>) {
        let Received { key, bytes, record } = received;
        self.unconfirmed = Some(key);
        let free_since = self.free_since.take();
        let record = record::of(key.result, record);
        // The scanner counts who steps on from its start, so that the number of an earlier one means somebody else; the numbers of scans
        // that were asked for are random.
        let is_of_this_start = self
            .scanner
            .as_ref()
            .is_some_and(|scanner| scanner.boot == key.result.boot);
        let scan = record
            .as_ref()
            .ok()
            .map(|parsed| parsed.header.scan)
            .filter(|scan| is_of_this_start || matches!(scan, ScanRef::Asked(_)));
        self.told = Some((key.result, scan));
        let is_earlier = self
            .running
            .as_ref()
            .is_some_and(|running| !is_of(running, key.result, scan));
        let result_id = Some(key.to_string());
        let read = record.and_then(|parsed| {
            let mut read = record::read(&parsed, bytes)?;
            read.record.age = Some(self.age(now, free_since, &parsed.header, is_earlier));
            Ok(read)
        });
        let result = match read {
            Ok(record::Read { mut record, unknown }) => {
                self.output.counters.values_unknown += unknown;
                record.result_id = result_id;
                record.device = self.scanner.as_ref().map(record::device).unwrap_or_default();
                self.attribute(&mut record, scan, is_earlier);
                Ok(Box::new(record))
            }
            Err(fault) => Err(Rejected {
                result_id,
                ..fault.rejecting(bytes.to_vec())
            }),
        };
        if is_earlier {
            return self.output.earlier(self.at, result);
        }
        match result {
            Ok(record) => self.output.record(self.at, record),
            Err(rejected) => self.output.rejected(self.at, rejected),
        }
        self.go_on();
    }

    /// Takes a result that does not say which it is, so that nobody can tell the scanner to forget it. It ends no scan: whose it is does
    /// not stand there either.
    pub(super) fn arrive_without_a_head(&mut self, bytes: &[u8]) {
        if self.headless == bytes {
            return;
        }
        self.headless = bytes.to_vec();
        let detail = "the head of the result cannot be read: update the scanner's firmware, which goes on sending it";
        let rejected = Fault::new(RejectReason::BadFrame, 0, detail).rejecting(bytes.to_vec());
        match self.running {
            Some(_) => self.output.earlier(self.at, Err(rejected)),
            None => self.output.rejected(self.at, rejected),
        }
    }

    /// How old a result is. `free_since`: since when the scanner has been free to send it, if it was.
    fn age(&self, now: Tick, free_since: Option<Tick>, header: &RecordHeader, is_earlier: bool) -> Age {
        let came_at_once = free_since.is_some_and(|free| free.after(ON_THE_LINE) <= now);
        let counted = self.uptime.and_then(|uptime| uptime.since(header, now, came_at_once));
        // The running scan was heard of when its measurement went on: that is right to the seconds that computing takes, also when two
        // oscillators have drifted apart for months, or the uptime is full.
        let running = self.running.as_ref().filter(|_| !is_earlier);
        let since_heard = running.map(|running| now.since(running.reached.heard));
        uptime::age(counted.into_iter().chain(since_heard).min(), header.clock)
    }

    /// Flags what is not the announced person's: of the scan the record names, and of the one that ends with it.
    fn attribute(&self, record: &mut Record, scan: Option<ScanRef>, is_earlier: bool) {
        let running = self.running.as_ref().filter(|_| !is_earlier);
        let ending = running.map(|running| running.reached.scan);
        for asked in [scan, ending]
            .into_iter()
            .flatten()
            .filter_map(|scan| self.asked.get(scan))
        {
            if !asked.is_of(record.subject.number.as_deref().unwrap_or_default()) {
                record.flag(Flag::SubjectMismatch);
            }
            if asked.is_nobodys {
                record.subject.number = None;
            }
        }
    }
}

/// Whether a result is that of the running scan. Of a damaged one nothing is known but its number.
fn is_of(running: &Running, result: ResultNumber, scan: Option<ScanRef>) -> bool {
    scan == Some(running.reached.scan) || running.result.is_some_and(|(announced, _)| announced == result)
}
