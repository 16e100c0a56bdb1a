//! The agent around the window: a board, somebody who tells, and scans that run.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scan_model::{
    Name, ScanId,
    board::{
        Activity, AgentInfo, Alert, Board, EventKind, LastScan, LegState, Queue, ScanEvent, ScannerState, Severity,
        Upload,
    },
    progress::{Change, Ending, ScanProgress, Stage},
    reading::TimeQuality,
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{PATIENCE, patiently};
use crate::{
    config::Config,
    retry::Waits,
    told::{Announced, Told},
    window::{Handle, Timing, Window},
};

pub(super) struct Agent {
    board: watch::Sender<Arc<Board>>,
    pub(super) handle: Handle,
    stop: CancellationToken,
    window: JoinHandle<()>,
}

/// The contract's durations, but with waits and delays that a test can bear.
pub(super) fn quick() -> Timing {
    Timing {
        will_delay: Duration::from_secs(1),
        waits: Waits {
            shortest: Duration::from_millis(5),
            longest: Duration::from_millis(50),
            stable: Duration::from_secs(60),
            // Tests cut connections all the time: no take-over.
            suspicious: Duration::ZERO,
        },
        ..Timing::default()
    }
}

impl Agent {
    pub(super) fn start(config: Config) -> Self {
        Self::start_as(config, quick(), 1)
    }

    /// The `starts`th start of this installation.
    pub(super) fn start_as(config: Config, timing: Timing, starts: u64) -> Self {
        let (sender, receiver) = watch::channel(Arc::new(board()));
        let (window, handle) = Window::with_timing(config, receiver, starts, timing);
        let stop = CancellationToken::new();
        Self {
            board: sender,
            handle,
            window: tokio::spawn(window.run(stop.clone())),
            stop,
        }
    }

    /// Changes the board.
    pub(super) fn show(&self, change: impl FnOnce(&mut Board)) {
        self.board.send_modify(|board| change(Arc::make_mut(board)));
    }

    pub(super) fn show_scanner(&self, change: impl FnOnce(&mut ScannerState)) {
        self.show(|board| change(board.scanners.get_mut(&bay()).unwrap()));
    }

    pub(super) fn tell_event(&self, scan: ScanId, kind: EventKind) {
        assert!(self.handle.teller.tell(Told::Event(event(scan, kind))));
    }

    /// A whole scan with live stages: tells first, then shows.
    pub(super) fn scan(&self, scan: ScanId) {
        self.tell_event(scan, EventKind::Started);
        let start = Duration::ZERO;
        let mut progress = ScanProgress::start(scan, 1, Stage::Preparing, start);
        self.tell_progress(&progress);
        self.show_scanner(|scanner| scanner.activity = Activity::Busy);
        for stage in [Stage::WaitingForMember, Stage::Weighing, Stage::Measuring] {
            progress.apply(Change::Reached { stage, within: 0 }, start);
            self.tell_progress(&progress);
        }
        progress.apply(Change::Ended(Ending::Completed), start);
        self.tell_progress(&progress);
        self.tell_event(scan, EventKind::Completed);
        self.show_scanner(|scanner| {
            scanner.activity = Activity::Idle;
            scanner.last = Some(last(scan, Upload::Waiting));
        });
    }

    pub(super) fn tell_progress(&self, progress: &ScanProgress) {
        let progress = progress.current().clone();
        let told = Told::Progress {
            scanner: bay(),
            progress,
        };
        assert!(self.handle.teller.tell(told));
    }

    pub(super) async fn until_leg(&mut self, state: &str) -> LegState {
        let leg = &mut self.handle.leg;
        let wait = leg.wait_for(|leg| leg.state == state);
        let reached = timeout(PATIENCE, wait).await.is_ok();
        let leg = leg.borrow().clone();
        assert!(reached, "waited in vain for {state}: {leg:?}");
        leg
    }

    pub(super) async fn until_announced(&mut self) -> Announced {
        let announced = self.handle.announced.recv();
        patiently("an announcement", announced).await.unwrap()
    }

    /// Ends it as SIGTERM does.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        patiently("the end of the window", self.window).await.unwrap();
    }

    /// Ends it as SIGKILL does.
    pub(super) async fn kill(self) {
        self.window.abort();
        let _ = self.window.await;
    }
}

pub(crate) fn bay() -> Name {
    "bay-1".parse().unwrap()
}

pub(crate) fn scan_id(number: u128) -> ScanId {
    ScanId(Uuid::from_u128(number))
}

pub(crate) fn event(scan: ScanId, kind: EventKind) -> ScanEvent {
    ScanEvent {
        scanner: bay(),
        scan,
        kind,
        time: Timestamp::now(),
        code: None,
        message: None,
    }
}

pub(crate) fn last(scan: ScanId, upload: Upload) -> LastScan {
    LastScan {
        scan,
        time: Timestamp::now(),
        result: EventKind::Completed,
        upload,
    }
}

pub(crate) fn alert() -> Alert {
    Alert {
        severity: Severity::Warning,
        since: Timestamp::now(),
        message: "Free some space".to_owned(),
    }
}

pub(crate) fn board() -> Board {
    let since = Timestamp::now();
    let scanner = ScannerState {
        activity: Activity::Idle,
        since,
        code: None,
        protocol: "tanita-tagged".to_owned(),
        model: None,
        serial_settings: Some("9600 8N1".to_owned()),
        scan: None,
        last: None,
    };
    let cloud = LegState {
        state: "ok".to_owned(),
        since,
        advice: None,
    };
    Board {
        agent: AgentInfo {
            facility: "gym-7".parse().unwrap(),
            name: "front-desk".parse().unwrap(),
            version: "0.1.0".to_owned(),
            platform: "linux-x86_64".to_owned(),
        },
        scanners: [(bay(), scanner)].into(),
        legs: [("cloud", cloud)].into(),
        alerts: [].into(),
        queue: Queue::default(),
        time_quality: TimeQuality::Unknown,
        clock_offset_ms: None,
    }
}
