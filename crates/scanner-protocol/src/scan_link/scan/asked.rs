//! Scans that the bridge asks for.

use firmware_protocol::{Capabilities, Host, ScanKind, ScanRef, Start};
use scan_model::progress::Stage;

use super::{CANCELLED, Course, Reached};
use crate::{
    Refused, StartScan, Tick,
    scan_link::{person, session::refused},
};

impl Course {
    /// Asks the scanner for a scan.
    pub(in crate::scan_link) fn start(&mut self, now: Tick, host: &mut Host, start: &StartScan) -> Result<(), Refused> {
        if self.scanner.is_none() {
            return Err(Refused::Offline);
        }
        if !self.can(Capabilities::STARTS_SCANS) {
            return Err(Refused::NotSupported);
        }
        if self.running.is_some() {
            return Err(Refused::Busy);
        }
        let kind = if self.can(Capabilities::SHAPE) && !self.can(Capabilities::IMPEDANCES) {
            ScanKind::Shape
        } else if start.current_is_safe {
            ScanKind::BodyComposition
        } else {
            ScanKind::Weight
        };
        let subject = person::to_scanner(&start.subject)?;
        // The low half of a random number: no other scan of this scanner has it, of an earlier start of the bridge neither.
        let scan = (start.ticket.number() & u64::from(u32::MAX)) as u32;
        let number = subject.number.as_str().to_owned();
        host.start(Start {
            scan,
            kind,
            screened: start.current_is_safe,
            subject,
        })
        .map_err(refused)?;
        self.begin(
            Reached {
                scan: ScanRef::Asked(scan),
                stage: Stage::Preparing,
                within: 0,
                heard: now,
            },
            Some(number),
        );
        Ok(())
    }

    /// Gives the scan up that was asked for. What comes of it nevertheless is nobody's.
    pub(in crate::scan_link) fn cancel(&mut self, host: &mut Host) -> Result<(), Refused> {
        let running = self.running.as_ref().ok_or(Refused::NoScan)?;
        let scan = running.reached.scan;
        let ScanRef::Asked(number) = scan else {
            return Err(Refused::NotSupported);
        };
        host.cancel(number).map_err(refused)?;
        if self.cancelled.len() == CANCELLED {
            self.cancelled.pop_front();
        }
        self.cancelled.push_back(scan);
        self.go_on();
        Ok(())
    }
}
