//! Scans that the bridge asks for.

use std::{collections::VecDeque, fmt};

use firmware_protocol::{Capabilities, Host, ScanKind, ScanRef, Start};
use scan_model::progress::Stage;

use super::{Course, Reached};
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
        let kind = self.kind_for(start.current_is_safe).ok_or(Refused::NotAsked)?;
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
        self.asked.add(AskedScan {
            scan,
            number,
            is_nobodys: false,
            is_to_cancel: false,
        });
        self.begin(Reached {
            scan: ScanRef::Asked(scan),
            stage: Stage::Preparing,
            within: 0,
            heard: now,
        });
        Ok(())
    }

    /// What the scanner can be asked for: `SPEC.md`, section 5.2. `None` for a scanner that only scans with a current, which is not safe.
    fn kind_for(&self, current_is_safe: bool) -> Option<ScanKind> {
        let told = [
            (Capabilities::STARTS_BODY_COMPOSITION, ScanKind::BodyComposition),
            (Capabilities::STARTS_SHAPE, ScanKind::Shape),
            (Capabilities::STARTS_WEIGHT, ScanKind::Weight),
        ];
        let is_told = told.iter().any(|(capability, _)| self.can(*capability));
        let (impedances, shape) = (self.can(Capabilities::IMPEDANCES), self.can(Capabilities::SHAPE));
        let can = |kind| match kind {
            _ if is_told => told.iter().any(|(capability, of)| *of == kind && self.can(*capability)),
            ScanKind::BodyComposition => impedances,
            ScanKind::Shape => shape,
            _ => impedances || !shape,
        };
        let wanted = if current_is_safe {
            [ScanKind::BodyComposition, ScanKind::Shape, ScanKind::Weight].as_slice()
        } else {
            &[ScanKind::Weight, ScanKind::Shape]
        };
        wanted.iter().copied().find(|kind| can(*kind))
    }

    /// Gives the scan up that was asked for. What comes of it nevertheless is nobody's.
    pub(in crate::scan_link) fn cancel(&mut self, host: &mut Host) -> Result<(), Refused> {
        let running = self.running.as_ref().ok_or(Refused::NoScan)?;
        let scan = running.reached.scan;
        let ScanRef::Asked(number) = scan else {
            return Err(Refused::NotSupported);
        };
        host.cancel(number).map_err(refused)?;
        if let Some(asked) = self.asked.get_mut(scan) {
            asked.is_nobodys = true;
        }
        self.go_on();
        Ok(())
    }

    /// Tells the scanner which scans were given up, as far as it can be told now.
    pub(in crate::scan_link) fn tell_what_was_given_up(&mut self, host: &mut Host) {
        for asked in self.asked.0.iter_mut().filter(|asked| asked.is_to_cancel) {
            asked.is_to_cancel = host.cancel(asked.scan).is_err();
        }
    }
}

/// So many scans are remembered: their results come soon, if they come.
const REMEMBERED: usize = 8;

/// The scans that were asked for last. Best effort: of one before those, or before the bridge's start, a result that comes is told as that of
/// the person it names.
#[derive(Debug, Default)]
pub(super) struct AskedScans(VecDeque<AskedScan>);

/// A scan that was asked for.
pub(super) struct AskedScan {
    scan: u32,
    /// The number the scanner was given for the person.
    number: String,
    /// It was given up, on request or while nobody stood on the scanner: who steps on later may be anybody.
    pub(super) is_nobodys: bool,
    /// The scanner has to hear that it was given up.
    is_to_cancel: bool,
}

/// Prints nothing of the person.
impl fmt::Debug for AskedScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedScan")
            .field("scan", &self.scan)
            .field("is_nobodys", &self.is_nobodys)
            .finish_non_exhaustive()
    }
}

impl AskedScan {
    /// Whether a result of this scan with this number of a person is that of the announced person.
    pub(super) fn is_of(&self, number: &str) -> bool {
        !self.is_nobodys && self.number == number
    }
}

impl AskedScans {
    pub(super) fn get(&self, scan: ScanRef) -> Option<&AskedScan> {
        self.0.iter().find(|asked| ScanRef::Asked(asked.scan) == scan)
    }

    pub(super) fn is_nobodys(&self, scan: ScanRef) -> bool {
        self.get(scan).is_some_and(|asked| asked.is_nobodys)
    }

    /// Gives up a scan that may go on at the scanner. Of somebody who stands on it the result is theirs.
    pub(super) fn give_up(&mut self, scan: ScanRef, is_free: bool) {
        if let Some(asked) = self.get_mut(scan) {
            asked.is_nobodys |= is_free;
            asked.is_to_cancel = true;
        }
    }

    /// The scanner waits for somebody, for a scan that is not followed any more: it was given up, or asked for before the bridge's start.
    pub(super) fn will_not_be_followed(&mut self, scan: ScanRef) {
        let ScanRef::Asked(number) = scan else { return };
        if self.get(scan).is_none() {
            self.make_room();
            // Older than all of ours: however many there are, none pushes out the scan that was asked for last.
            self.0.push_front(AskedScan {
                scan: number,
                number: String::new(),
                is_nobodys: true,
                is_to_cancel: true,
            });
        }
        self.give_up(scan, true);
    }

    /// The session is gone, and whom to tell with it.
    pub(super) fn keep_to_ourselves(&mut self) {
        for asked in &mut self.0 {
            asked.is_to_cancel = false;
        }
    }

    fn get_mut(&mut self, scan: ScanRef) -> Option<&mut AskedScan> {
        self.0.iter_mut().find(|asked| ScanRef::Asked(asked.scan) == scan)
    }

    fn add(&mut self, asked: AskedScan) {
        self.make_room();
        self.0.push_back(asked);
    }

    fn make_room(&mut self) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
    }
}
