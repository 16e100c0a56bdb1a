//! The course of events: what the scanner says, in the words that all families have.
//!
//! The scanner names each scan and sends its result apart from it, perhaps days later. The owner of the session knows one scan
//! at a time. So a result of an earlier scan that comes while one runs does not end that one, and somebody who steps on while
//! the last person's result is still on the line is announced after it.

mod arrival;
mod asked;
mod end;

use std::time::Duration;

use firmware_protocol::{Capabilities, CloseReason, HostEvent, Identity, Progress, ResultKey, ResultNumber, ScanRef};
use scan_model::progress::Stage;

use self::asked::AskedScans;
use super::{faults, record, uptime::Uptime};
use crate::{DeviceError, Tick, output::Output, trouble::NO_ANSWER};

// How long the scanner may be silent: `SPEC.md`, section 5.1.

/// A scanner that is there says hello four times a second.
const ANSWER: Duration = Duration::from_secs(5);
/// A result follows the end of its scan within a second, once the one before it is confirmed.
const RESULT: Duration = Duration::from_secs(60);
/// A scanner says at least once a minute that its scan goes on. One whose scan has hung, or that never began what it was asked for, may
/// well go on answering.
const PROGRESS: Duration = Duration::from_secs(5 * 60);

/// What goes on at the scanner.
#[derive(Debug, Default)]
pub(super) struct Course {
    pub(super) output: Output,
    /// Offset in the stream of the frame that is dealt with.
    pub(super) at: u64,
    /// The scanner of the open session.
    scanner: Option<Identity>,
    /// Its uptime.
    uptime: Option<Uptime>,
    /// The scan that was announced and has not ended.
    running: Option<Running>,
    /// Somebody stepped on before the running scan's result was here.
    next: Option<Reached>,
    /// Reported by the scanner while a scan runs: told at the end of that, for they would end it. One of each name.
    faults: Vec<DeviceError>,
    /// The scans that were asked for, and who was announced for them.
    asked: AskedScans,
    /// The result that was given out last, until it is confirmed: the scanner sends no other one before.
    unconfirmed: Option<ResultKey>,
    /// Since when the scanner has been free to send a result as soon as it has one: none is unconfirmed.
    free_since: Option<Tick>,
    /// The result that was given out last in this session, and its scan if that could be read. What is said of that scan later has been
    /// overtaken.
    told: Option<(ResultNumber, Option<ScanRef>)>,
    /// The result without a head that came last: it comes again and again, and is told once.
    headless: Vec<u8>,
    /// When the scanner counts as silent.
    silent_at: Option<Tick>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reached {
    scan: ScanRef,
    stage: Stage,
    within: u8,
    /// When the scanner said so last, in these words or others.
    heard: Tick,
}

#[derive(Debug)]
struct Running {
    reached: Reached,
    /// It has ended, with this result, at this moment.
    result: Option<(ResultNumber, Tick)>,
}

impl Course {
    /// The port was opened or is gone.
    pub(super) fn set_line(&mut self, now: Tick, up: bool) {
        self.silent_at = up.then(|| now.after(ANSWER));
    }

    pub(super) fn take(&mut self, now: Tick, event: HostEvent<'_>) {
        match event {
            HostEvent::Connected(identity) => {
                self.silent_at = None;
                self.output.connected(self.at, record::device(&identity));
                self.uptime = Some(Uptime::told(&identity, now));
                let is_held_up = self.unconfirmed.is_some_and(|key| key.device == identity.device);
                self.free_since = (!is_held_up).then_some(now);
                self.scanner = Some(identity);
            }
            HostEvent::Disconnected(reason) => self.lose(now, reason),
            HostEvent::Incompatible(theirs) => {
                self.silent_at = None;
                self.output.device_error(self.at, faults::incompatible(theirs));
            }
            HostEvent::Progress(progress) => self.progress(now, progress),
            HostEvent::Ended { scan, ending } => self.ended(now, scan, ending),
            HostEvent::Fault { fault, detail } => {
                let error = faults::fault(fault, detail);
                match self.running {
                    Some(_) => {
                        self.faults.retain(|earlier| earlier.name != error.name);
                        self.faults.push(error);
                    }
                    None => self.output.device_error(self.at, error),
                }
            }
            HostEvent::Result(received) => self.arrive(now, received),
            HostEvent::Headless(bytes) => self.arrive_without_a_head(bytes),
            // Free text of somebody's firmware: nothing vouches that it holds nothing of the person.
            HostEvent::Log { .. } => {}
        }
    }

    /// `is_open`: the scanner answers, whether or not it has said who it is.
    pub(super) fn handle_timeout(&mut self, now: Tick, is_open: bool) {
        if self.silent_at.is_some_and(|at| at <= now) {
            self.silent_at = None;
            let trouble = if is_open { faults::NO_IDENTITY } else { NO_ANSWER };
            self.output.device_error(self.at, trouble.into());
        }
        // The scan that is announced then may have waited too long as well.
        while self.is_overdue_at().is_some_and(|at| at <= now) {
            self.give_up(faults::NO_RESULT);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Tick> {
        [self.silent_at, self.is_overdue_at()].into_iter().flatten().min()
    }

    /// A result is confirmed: the next one is free to come.
    pub(super) fn stored(&mut self, now: Tick, key: ResultKey) {
        if self.unconfirmed.take_if(|unconfirmed| *unconfirmed == key).is_some() {
            self.free_since = Some(now);
        }
    }

    pub(super) fn has_clock(&self) -> bool {
        self.can(Capabilities::CLOCK)
    }

    fn can(&self, capability: Capabilities) -> bool {
        let scanner = self.scanner.as_ref();
        scanner.is_some_and(|scanner| scanner.capabilities.contains(capability))
    }

    fn lose(&mut self, now: Tick, reason: CloseReason) {
        self.scanner = None;
        self.next = None;
        self.told = None;
        if self.running.is_some() {
            self.give_up(faults::PORT_LOST);
        }
        // There is nobody to tell. What the scanner says of such a scan in the next session decides anew.
        self.asked.keep_to_ourselves();
        if reason != CloseReason::LineDown {
            self.silent_at = Some(now.after(ANSWER));
        }
    }

    fn progress(&mut self, now: Tick, Progress { scan, stage, percent }: Progress) {
        let running = self.running.as_mut().map(|running| &mut running.reached);
        if let Some(reached) = running.filter(|reached| reached.scan == scan) {
            reached.heard = now;
        }
        // A stage of a newer version says no more than the one before it.
        let Some(stage) = self::stage(stage) else { return };
        // Of a scanner that has not said who it is, no end would come when it goes.
        if self.scanner.is_none() || self.is_told(scan) {
            return;
        }
        let is_running = self
            .running
            .as_ref()
            .is_some_and(|running| running.reached.scan == scan);
        if !is_running && is_free(stage) {
            self.asked.will_not_be_followed(scan);
        }
        if self.asked.is_nobodys(scan) {
            return;
        }
        let reached = Reached {
            scan,
            stage,
            within: percent.min(99),
            heard: now,
        };
        match &mut self.running {
            None => self.begin(reached),
            Some(running) if running.reached.scan == scan => {
                if (running.reached.stage, running.reached.within) < (stage, reached.within) {
                    running.reached = reached;
                    self.output.stage(self.at, stage, reached.within);
                }
            }
            Some(running) => {
                let is_over = running.result.is_some();
                self.next = Some(reached);
                if !is_over {
                    self.give_up(faults::DISPLACED);
                }
            }
        }
    }

    /// When the running scan has been without progress, or without its result, for too long.
    fn is_overdue_at(&self) -> Option<Tick> {
        let running = self.running.as_ref()?;
        match running.result {
            None => Some(running.reached.heard.after(PROGRESS)),
            Some((_, ended)) => self.free_since.map(|free| ended.max(free).after(RESULT)),
        }
    }

    /// Whether nothing that is still said of a scan counts: nobody is measured by it, or its result is here.
    fn is_over(&self, scan: ScanRef) -> bool {
        self.asked.is_nobodys(scan) || self.is_told(scan)
    }

    /// Whether the result of this scan is the one that came last.
    fn is_told(&self, scan: ScanRef) -> bool {
        self.told.is_some_and(|(_, told)| told == Some(scan))
    }

    fn begin(&mut self, reached: Reached) {
        self.output.stage(self.at, reached.stage, reached.within);
        self.running = Some(Running { reached, result: None });
    }
}

/// Whether nobody stands on a scanner that is so far with a scan it was asked for.
fn is_free(stage: Stage) -> bool {
    stage < Stage::Weighing
}

fn stage(stage: firmware_protocol::Stage) -> Option<Stage> {
    use firmware_protocol::Stage as Theirs;
    Some(match stage {
        Theirs::Preparing => Stage::Preparing,
        Theirs::WaitingForPerson => Stage::WaitingForMember,
        Theirs::Weighing => Stage::Weighing,
        Theirs::Measuring => Stage::Measuring,
        Theirs::Calculating => Stage::ReadingResults,
        Theirs::Other(_) => return None,
    })
}
