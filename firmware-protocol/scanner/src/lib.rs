//! What a body-composition scanner does, step by step: waits, weighs, measures, computes.
//!
//! The example firmware and the simulator are both this scanner. What differs stays with them: who steps on, what is found out
//! about the body, where records are kept. `no_std`, no heap, no clock: the time goes in, and [`Scanner::act`] does what follows.
#![no_std]

#[cfg(test)]
extern crate std;

mod records;

pub use records::Records;

use firmware_protocol::*;
use heapless::Deque;

/// When a scan reaches its stages, in milliseconds after the person stepped on.
const MEASURING: u64 = 1000;
const CALCULATING: u64 = 3000;
const DONE: u64 = 3300;
/// How long a scan that was asked for waits for somebody; the protocol allows 120 s.
const NOBODY_CAME: u64 = 30_000;
/// Progress is reported this often, in milliseconds.
const STEP: u64 = 250;

/// The scanner. `P` is whatever stands for a person's body where the record is written.
pub struct Scanner<P> {
    state: State<P>,
    walk_ups: u32,
    poor_contact: bool,
    /// A scan that succeeded and whose record is not written yet.
    measured: Option<Measured<P>>,
    /// What the bridge is to be told.
    reports: Deque<Report, 4>,
}

enum State<P> {
    Idle,
    /// Asked for, nobody on it.
    Waiting {
        start: Start,
        until: Instant,
    },
    /// Somebody stands on it.
    Running {
        scan: ScanRef,
        kind: ScanKind,
        subject: Subject,
        person: P,
        began: Instant,
        reported: u64,
    },
}

/// What the bridge is told of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// How far it is.
    Progress(Progress),
    /// How it ended, or why it never began.
    End(ScanRef, Ending),
}

/// A scan that succeeded.
pub struct Measured<P> {
    /// The scan.
    pub scan: ScanRef,
    /// What was measured.
    pub kind: ScanKind,
    /// The person as announced or asked.
    pub subject: Subject,
    /// The body.
    pub person: P,
    /// Whether everything succeeded.
    pub completeness: Completeness,
}

impl<P> Default for Scanner<P> {
    fn default() -> Self {
        Self {
            state: State::Idle,
            walk_ups: 0,
            poor_contact: false,
            measured: None,
            reports: Deque::new(),
        }
    }
}

impl<P> Scanner<P> {
    /// Somebody steps on; `subject` is what the scanner is told about them if nobody announced them. Ignored while a scan runs.
    pub fn step_on(&mut self, now: Instant, person: P, subject: Subject) {
        let (scan, kind, subject) = match core::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {
                self.walk_ups += 1;
                (ScanRef::WalkUp(self.walk_ups), ScanKind::BodyComposition, subject)
            }
            State::Waiting { start, .. } => (ScanRef::Asked(start.scan), start.kind, start.subject),
            running @ State::Running { .. } => {
                self.state = running;
                return;
            }
        };
        self.report(scan, Stage::Weighing, 0);
        self.state = State::Running {
            scan,
            kind,
            subject,
            person,
            began: now,
            reported: 0,
        };
    }

    /// The person steps off. Before the end of a scan that is the end of it.
    pub fn step_off(&mut self) {
        if let State::Running { scan, .. } = self.state {
            self.end(scan, Ending::Failed(Fault::PersonMoved));
        }
    }

    /// The next scan will find no good contact to hands and feet.
    pub fn lose_contact(&mut self) {
        self.poor_contact = true;
    }

    /// The bridge asks for a scan.
    pub fn start(&mut self, now: Instant, start: Start, room_for_result: bool) {
        let scan = ScanRef::Asked(start.scan);
        let refusal = match (&self.state, start.kind) {
            // The same scan again: the bridge has missed our answer.
            (State::Waiting { start: running, .. }, _) if running.scan == start.scan => return self.report_again(now),
            (State::Running { scan: running, .. }, _) if *running == scan => return self.report_again(now),
            (State::Waiting { .. } | State::Running { .. }, _) => Refusal::Busy,
            (State::Idle, ScanKind::BodyComposition) if !start.screened => Refusal::NotScreened,
            (State::Idle, ScanKind::BodyComposition) if start.subject.height.is_none() => Refusal::SubjectIncomplete,
            (State::Idle, ScanKind::BodyComposition | ScanKind::Weight) if !room_for_result => Refusal::StoreFull,
            (State::Idle, ScanKind::BodyComposition | ScanKind::Weight) => {
                self.state = State::Waiting {
                    start,
                    until: now + NOBODY_CAME * 1000,
                };
                return self.report(scan, Stage::WaitingForPerson, 0);
            }
            (State::Idle, ScanKind::Shape | ScanKind::Other(_)) => Refusal::NotSupported,
        };
        self.push(Report::End(scan, Ending::Refused(refusal)));
    }

    /// The bridge stops a scan it asked for.
    pub fn cancel(&mut self, number: u32) {
        match self.scan() {
            Some(scan) if scan == ScanRef::Asked(number) => self.end(scan, Ending::Cancelled),
            _ => {}
        }
    }

    /// Reports where a running scan stands, for a bridge that has just connected.
    pub fn report_again(&mut self, now: Instant) {
        match self.state {
            State::Idle => {}
            State::Waiting { ref start, .. } => self.report(ScanRef::Asked(start.scan), Stage::WaitingForPerson, 0),
            State::Running { scan, began, .. } => {
                let (stage, percent) = stage((now - began) / 1000);
                self.report(scan, stage, percent);
            }
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Waiting { start, until } if now >= *until => {
                let scan = ScanRef::Asked(start.scan);
                self.end(scan, Ending::Failed(Fault::NobodyCame));
            }
            State::Running {
                scan, began, reported, ..
            } => {
                let (scan, elapsed) = (*scan, (now - *began) / 1000);
                if elapsed >= DONE {
                    self.finish();
                } else if elapsed >= *reported + STEP {
                    *reported = elapsed;
                    let (stage, percent) = stage(elapsed);
                    self.report(scan, stage, percent);
                }
            }
            State::Idle | State::Waiting { .. } => {}
        }
    }

    /// When [`Self::handle_timeout`] next has work. May change after every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Idle => None,
            State::Waiting { until, .. } => Some(*until),
            State::Running { began, reported, .. } => Some(*began + (reported + STEP).min(DONE) * 1000),
        }
    }

    /// Whether nobody stands on it.
    pub fn is_free(&self) -> bool {
        !matches!(self.state, State::Running { .. })
    }

    /// Does what the course of the scan asks for; call it after each [`Self::handle_timeout`]. First of all `keep`s what was measured,
    /// whatever the link is doing, which gives how the scan ends with that. Then reports over `link`: a report for which it has no
    /// room at the moment waits for the next call; `told` hears of each that was made.
    pub fn act<S: ResultStore>(
        &mut self,
        link: &mut Device<S>,
        keep: impl FnOnce(&mut S, Measured<P>) -> Ending,
        mut told: impl FnMut(Report),
    ) {
        if let Some(measured) = self.measured.take() {
            let scan = measured.scan;
            let ending = keep(link.store_mut(), measured);
            self.push(Report::End(scan, ending));
        }
        while let Some(report) = self.reports.pop_front() {
            let sent = match report {
                Report::Progress(progress) => link.progress(progress),
                Report::End(scan, ending) => link.ended(scan, ending),
            };
            if sent == Err(NotSent::Busy) {
                // There is room for it: it was just taken out.
                let _ = self.reports.push_front(report);
                return;
            }
            told(report);
        }
    }

    fn scan(&self) -> Option<ScanRef> {
        match &self.state {
            State::Idle => None,
            State::Waiting { start, .. } => Some(ScanRef::Asked(start.scan)),
            State::Running { scan, .. } => Some(*scan),
        }
    }

    fn finish(&mut self) {
        if let State::Running {
            scan,
            kind,
            subject,
            person,
            ..
        } = core::mem::replace(&mut self.state, State::Idle)
        {
            let no_current = core::mem::take(&mut self.poor_contact) || kind == ScanKind::Weight;
            let completeness = if no_current {
                Completeness::WeightOnly
            } else {
                Completeness::Full
            };
            self.measured = Some(Measured {
                scan,
                kind,
                subject,
                person,
                completeness,
            });
        }
    }

    fn end(&mut self, scan: ScanRef, ending: Ending) {
        self.state = State::Idle;
        self.push(Report::End(scan, ending));
    }

    fn report(&mut self, scan: ScanRef, stage: Stage, percent: u8) {
        self.push(Report::Progress(Progress { scan, stage, percent }));
    }

    /// Progress is pushed out by what comes after it. Ends are not; a fifth one that waits is lost to the bridge, as with a session.
    fn push(&mut self, report: Report) {
        if self.reports.is_full() {
            let is_progress = |report: &Report| matches!(report, Report::Progress(_));
            if is_progress(&report) {
                return;
            }
            self.reports.retain(|waiting| !is_progress(waiting));
        }
        let _ = self.reports.push_back(report);
    }
}

/// Stage and per cent of it so many milliseconds after the person stepped on.
fn stage(elapsed: u64) -> (Stage, u8) {
    let (stage, from, to) = match elapsed {
        0..MEASURING => (Stage::Weighing, 0, MEASURING),
        MEASURING..CALCULATING => (Stage::Measuring, MEASURING, CALCULATING),
        _ => (Stage::Calculating, CALCULATING, DONE),
    };
    let percent = (elapsed.min(to) - from) * 100 / (to - from);
    (stage, u8::try_from(percent).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn drain(scanner: &mut Scanner<()>) -> Vec<Report> {
        core::iter::from_fn(|| scanner.reports.pop_front()).collect()
    }

    fn progress(scan: ScanRef, stage: Stage) -> Report {
        let percent = 0;
        Report::Progress(Progress { scan, stage, percent })
    }

    fn asked(scan: u32) -> Start {
        let subject = Subject {
            height: Some(Decimal::new(1672, 1)),
            ..Subject::default()
        };
        Start {
            scan,
            kind: ScanKind::BodyComposition,
            screened: true,
            subject,
        }
    }

    #[test]
    fn a_walk_up_passes_all_stages_in_order_and_ends_with_a_result() {
        let mut scanner = Scanner::default();
        scanner.step_on(at(0), (), Subject::default());
        let mut stages = Vec::new();
        let mut kept = 0;
        for millis in 0..4000 {
            scanner.handle_timeout(at(millis));
            for report in drain(&mut scanner) {
                match report {
                    Report::Progress(progress) => stages.push((progress.stage.code(), progress.percent)),
                    Report::End(..) => panic!("it does not fail"),
                }
            }
            if let Some(measured) = scanner.measured.take() {
                assert!(measured.scan == ScanRef::WalkUp(1) && measured.completeness == Completeness::Full);
                kept += 1;
            }
        }
        assert!(stages.is_sorted(), "{stages:?}");
        assert_eq!(
            (kept, stages.first(), stages.last()),
            (1, Some(&(3, 0)), Some(&(5, 83)))
        );
    }

    #[test]
    fn a_scan_without_screening_never_starts() {
        let mut scanner = Scanner::default();
        scanner.start(
            at(0),
            Start {
                screened: false,
                ..asked(1)
            },
            true,
        );
        let refused = Report::End(ScanRef::Asked(1), Ending::Refused(Refusal::NotScreened));
        assert_eq!(drain(&mut scanner), [refused]);
        scanner.step_on(at(1), (), Subject::default());
        assert_eq!(drain(&mut scanner), [progress(ScanRef::WalkUp(1), Stage::Weighing)]);
    }

    #[test]
    fn the_same_request_again_reports_and_another_one_is_refused() {
        let mut scanner = Scanner::default();
        for scan in [7, 7, 8] {
            scanner.start(at(0), asked(scan), true);
        }
        let waiting = progress(ScanRef::Asked(7), Stage::WaitingForPerson);
        let busy = Report::End(ScanRef::Asked(8), Ending::Refused(Refusal::Busy));
        assert_eq!(drain(&mut scanner), [waiting, waiting, busy]);
        scanner.cancel(8);
        assert_eq!(drain(&mut scanner), []);
        scanner.cancel(7);
        assert_eq!(drain(&mut scanner), [Report::End(ScanRef::Asked(7), Ending::Cancelled)]);
    }

    #[test]
    fn the_record_of_a_scan_that_was_asked_for_names_the_person_who_was_announced() {
        let mut scanner = Scanner::default();
        let mut start = asked(7);
        start.subject.number = text("0000000112");
        scanner.start(at(0), start.clone(), true);
        let somebody = Subject {
            number: text("999"),
            ..Subject::default()
        };
        scanner.step_on(at(0), (), somebody);
        scanner.handle_timeout(at(DONE));
        let measured = scanner.measured.take().expect("a result");
        let mut named = None;
        let ending = Records::new(7).keep(
            at(DONE),
            &measured,
            &mut [0; 256],
            |_| Ok(()),
            |_, record| {
                let header = Record::parse(record).expect("a good record").header;
                named = Some((header.scan, header.subject));
                Ok(())
            },
        );
        assert!(matches!(ending, Ending::Completed(_)));
        assert_eq!(named, Some((ScanRef::Asked(7), start.subject)));
    }

    #[test]
    fn a_scan_for_which_nobody_comes_ends_within_two_minutes_and_who_comes_then_is_somebody_else() {
        let mut scanner = Scanner::default();
        scanner.start(at(0), asked(7), true);
        drain(&mut scanner);
        let until = scanner.poll_timeout().expect("it waits for so long");
        assert!(until <= at(120_000), "{until:?}");
        scanner.handle_timeout(until);
        let nobody = Report::End(ScanRef::Asked(7), Ending::Failed(Fault::NobodyCame));
        assert_eq!(drain(&mut scanner), [nobody]);
        scanner.step_on(until, (), Subject::default());
        assert_eq!(drain(&mut scanner), [progress(ScanRef::WalkUp(1), Stage::Weighing)]);
    }

    #[test]
    fn who_steps_off_too_early_gets_no_result() {
        let mut scanner = Scanner::default();
        scanner.step_on(at(0), (), Subject::default());
        scanner.handle_timeout(at(1500));
        scanner.step_off();
        scanner.handle_timeout(at(9000));
        let moved = Report::End(ScanRef::WalkUp(1), Ending::Failed(Fault::PersonMoved));
        assert_eq!(drain(&mut scanner).last(), Some(&moved));
        assert!(scanner.measured.is_none());
    }

    /// Lets both ends talk until nobody has anything to say; how the scans ended that the bridge heard of.
    fn talk(device: &mut Device<RamStore<1, 64>>, host: &mut Host) -> Vec<(ScanRef, Ending)> {
        let mut ends = Vec::new();
        loop {
            let mut quiet = true;
            while let Some(frame) = device.poll_transmit(at(0)) {
                quiet = false;
                host.handle_bytes(at(0), frame);
                while let Some(event) = host.poll_event() {
                    if let HostEvent::Ended { scan, ending } = event {
                        ends.push((scan, ending));
                    }
                }
            }
            while let Some(frame) = host.poll_transmit(at(0)) {
                quiet = false;
                device.handle_bytes(at(0), frame);
                while device.poll_event().is_some() {}
            }
            if quiet {
                return ends;
            }
        }
    }

    #[test]
    fn a_result_is_kept_at_once_however_busy_the_link_is_and_the_end_of_its_scan_waits_for_room() {
        let identity = Identity {
            device: DeviceId([1; 16]),
            boot: 7,
            uptime_ms: 0,
            maker: text("Example"),
            model: text("BC-1"),
            serial: text("0001"),
            firmware: text("1.0"),
            capabilities: Capabilities::LIVE_STAGES,
        };
        let mut device = Device::new(identity, RamStore::new(), LineConfig::new(1), at(0));
        let mut host = Host::new(LineConfig::new(2), at(0));
        talk(&mut device, &mut host);
        while device.log(LogLevel::Info, "one of many").is_ok() {}

        let mut scanner = Scanner::default();
        scanner.step_on(at(0), (), Subject::default());
        scanner.handle_timeout(at(DONE));
        let mut kept = 0;
        let mut told = Vec::new();
        let mut act = |device: &mut Device<_>| {
            let keep = |_: &mut _, _| {
                kept += 1;
                Ending::Failed(Fault::StoreFull)
            };
            scanner.act(device, keep, |report| told.push(report));
            kept
        };
        assert_eq!(act(&mut device), 1);
        assert_eq!(talk(&mut device, &mut host), []);
        act(&mut device);
        let end = (ScanRef::WalkUp(1), Ending::Failed(Fault::StoreFull));
        assert_eq!(talk(&mut device, &mut host), [end]);
        assert_eq!(act(&mut device), 1);
        assert_eq!(told.last(), Some(&Report::End(end.0, end.1)));
    }
}
