//! A scan ends without a result, or is given up: what is told then.

use firmware_protocol::{Ending, ScanRef};

use super::{Course, Running, is_free};
use crate::{DeviceError, Tick, scan_link::faults, trouble::Trouble};

impl Course {
    /// Takes the scanner's word that a scan is over. A completed one is over for us when its result is here.
    pub(super) fn ended(&mut self, now: Tick, scan: ScanRef, ending: Ending) {
        if self.next.is_some_and(|next| next.scan == scan) {
            // Nobody knows of it. Its result, if it has one, comes by itself.
            self.next = None;
            return;
        }
        let running = self.running.as_mut().filter(|running| running.reached.scan == scan);
        let error = match (ending, running) {
            (Ending::Completed(result), Some(_)) if self.told.is_some_and(|(told, _)| told == result) => {
                return self.end_with(faults::NO_RESULT.into());
            }
            (Ending::Completed(result), Some(running)) => {
                running.result = Some((result, now));
                return;
            }
            (Ending::Cancelled, Some(_)) => {
                self.output.cancelled(self.at);
                return self.go_on();
            }
            (Ending::Completed(_) | Ending::Cancelled, None) => return,
            (Ending::Failed(fault), Some(_)) => {
                let failed = faults::fault(fault, 0);
                match self.faults.iter().position(|reported| reported.name == failed.name) {
                    // With the maker's own number for it.
                    Some(at) => self.faults.remove(at),
                    None => failed,
                }
            }
            (Ending::Failed(fault), None) => faults::fault(fault, 0),
            (Ending::Refused(refusal), _) => faults::refusal(refusal),
        };
        match &self.running {
            Some(running) if running.reached.scan == scan => self.end_with(error),
            // A scan that never got so far as to be announced.
            None if !self.is_over(scan) => self.output.device_error(self.at, error),
            _ => {}
        }
    }

    /// Ends the running scan, which the scanner has not ended as far as is known.
    pub(super) fn give_up(&mut self, trouble: Trouble) {
        if let Some(Running { reached, result: None }) = self.running {
            self.asked.give_up(reached.scan, is_free(reached.stage));
        }
        self.end_with(trouble.into());
    }

    pub(super) fn end_with(&mut self, error: DeviceError) {
        // What is told last stays to be seen.
        if error.needs_service {
            self.faults.retain(|fault| fault.needs_service);
        }
        self.output.device_error(self.at, error);
        self.go_on();
    }

    /// The running scan has ended: tells what had to wait for that, and last what needs service.
    pub(super) fn go_on(&mut self) {
        self.running = None;
        self.faults.sort_by_key(|fault| fault.needs_service);
        for fault in self.faults.drain(..) {
            self.output.device_error(self.at, fault);
        }
        if let Some(next) = self.next.take() {
            self.begin(next);
        }
    }
}
