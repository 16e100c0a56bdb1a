//! The board's one writer: every room's state goes through it, everybody else reads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use scan_model::{
    Name,
    board::{Activity, AgentInfo, Alert, Board, LegState, Queue, ScannerState, Severity},
    reading::TimeQuality,
};
use tokio::sync::watch;

/// Name of the cloud's leg on the board.
pub(crate) const CLOUD: &str = "cloud";
/// Name of the broker's leg on the board.
pub(crate) const BROKER: &str = "broker";
/// Name of the disk's leg on the board.
pub(crate) const DISK: &str = "disk";

/// State of a leg that the configuration does not have.
pub(crate) const NOT_CONFIGURED: &str = "not_configured";

/// Writes the board. Clones write the same one. Readers are woken only by what differs.
#[derive(Debug, Clone)]
pub(crate) struct BoardKeeper {
    board: watch::Sender<Arc<Board>>,
    /// What the scanners raised, by code. The board has one alert a code, which names them all.
    raised: Arc<Mutex<Raised>>,
}

type Raised = BTreeMap<&'static str, BTreeMap<Name, (Severity, String)>>;

impl BoardKeeper {
    /// A board on which nothing has been reached yet.
    pub(crate) fn new(agent: AgentInfo, scanners: impl IntoIterator<Item = (Name, String)>) -> Self {
        let since = Timestamp::now();
        let scanners = scanners
            .into_iter()
            .map(|(id, protocol)| {
                let state = ScannerState {
                    activity: Activity::Offline,
                    since,
                    code: None,
                    protocol,
                    model: None,
                    serial_settings: None,
                    scan: None,
                    last: None,
                };
                (id, state)
            })
            .collect();
        let connecting = || LegState {
            state: "connecting".to_owned(),
            since,
            advice: None,
        };
        let board = Board {
            agent,
            scanners,
            legs: [CLOUD, BROKER, DISK]
                .into_iter()
                .map(|leg| (leg, connecting()))
                .collect(),
            alerts: BTreeMap::new(),
            queue: Queue::default(),
            time_quality: TimeQuality::Unknown,
            clock_offset_ms: None,
        };
        Self {
            board: watch::Sender::new(Arc::new(board)),
            raised: Arc::default(),
        }
    }

    /// For those who read.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Board>> {
        self.board.subscribe()
    }

    /// The board as it is now.
    #[cfg(test)]
    pub(crate) fn now(&self) -> Arc<Board> {
        Arc::clone(&self.board.borrow())
    }

    /// Changes the board in one step.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Board)) {
        self.board.send_if_modified(|board| {
            let mut next = Board::clone(board);
            change(&mut next);
            let differs = next != **board;
            if differs {
                *board = Arc::new(next);
            }
            differs
        });
    }

    /// Changes one scanner. A scanner that the configuration does not have is nobody's.
    pub(crate) fn scanner(&self, id: &Name, change: impl FnOnce(&mut ScannerState)) {
        self.change(|board| {
            if let Some(scanner) = board.scanners.get_mut(id) {
                change(scanner);
            }
        });
    }

    /// Says how a leg is. Its `since` moves only when the state does.
    pub(crate) fn leg(&self, leg: &'static str, state: &str, advice: Option<String>) {
        self.change(|board| {
            let since = match board.legs.get(leg) {
                Some(known) if known.state == state => known.since,
                _ => Timestamp::now(),
            };
            board.legs.insert(
                leg,
                LegState {
                    state: state.to_owned(),
                    since,
                    advice,
                },
            );
        });
    }

    /// Raises an alert, or renews its message; its `since` stays.
    pub(crate) fn raise(&self, code: &str, severity: Severity, message: impl Into<String>) {
        self.change(|board| {
            let since = board.alerts.get(code).map_or_else(Timestamp::now, |known| known.since);
            let message = message.into();
            board.alerts.insert(
                code.to_owned(),
                Alert {
                    severity,
                    since,
                    message,
                },
            );
        });
    }

    /// Takes an alert back.
    pub(crate) fn clear(&self, code: &str) {
        self.change(|board| {
            board.alerts.remove(code);
        });
    }

    /// Raises an alert of one scanner, or renews its message. It stays until the last scanner that raised it has taken it
    /// back.
    pub(crate) fn raise_at(&self, scanner: &Name, code: &'static str, severity: Severity, message: &str) {
        let message = format!("Scanner {scanner}: {message}");
        self.change_raised(code, |of_code| {
            of_code.insert(scanner.clone(), (severity, message));
        });
    }

    /// Takes back what this scanner raised under a code, and nobody else's.
    pub(crate) fn clear_at(&self, scanner: &Name, code: &'static str) {
        self.change_raised(code, |of_code| {
            of_code.remove(scanner);
        });
    }

    fn change_raised(&self, code: &'static str, change: impl FnOnce(&mut BTreeMap<Name, (Severity, String)>)) {
        // Held until the board shows it: two scanners do not overtake each other. Every change is one step, so a panic
        // elsewhere leaves nothing half done.
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let of_code = raised.entry(code).or_default();
        change(of_code);
        let Some((severity, _)) = of_code.values().next() else {
            return self.clear(code);
        };
        let messages: Vec<_> = of_code.values().map(|(_, message)| message.as_str()).collect();
        self.raise(code, *severity, messages.join(" | "));
    }

    /// Takes every alert back whose code starts with `prefix`, but `keep`.
    pub(crate) fn clear_all_but(&self, prefix: &str, keep: Option<&str>) {
        self.change(|board| {
            board
                .alerts
                .retain(|code, _| !code.starts_with(prefix) || Some(code.as_str()) == keep)
        });
    }
}

/// Gives a scanner an activity and a code; `since` moves only when the activity does.
pub(crate) fn set_activity(scanner: &mut ScannerState, activity: Activity, code: Option<&str>) {
    if scanner.activity != activity {
        scanner.activity = activity;
        scanner.since = Timestamp::now();
    }
    scanner.code = code.map(str::to_owned);
}

/// A board with one scanner, `bay-1`.
#[cfg(test)]
pub(crate) fn test_board() -> BoardKeeper {
    let agent = AgentInfo {
        facility: "gym-7".parse().unwrap(),
        name: "front-desk".parse().unwrap(),
        version: "0.1.0".into(),
        platform: "linux-x86_64".into(),
    };
    BoardKeeper::new(agent, [("bay-1".parse().unwrap(), "auto".to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_woken_only_by_what_differs() {
        let keeper = test_board();
        let mut reader = keeper.subscribe();
        keeper.leg(CLOUD, "connecting", None);
        assert!(!reader.has_changed().unwrap());
        keeper.leg(CLOUD, "ok", None);
        assert_eq!(reader.borrow_and_update().legs[CLOUD].state, "ok");
    }

    #[test]
    fn an_alert_that_is_raised_again_keeps_its_since() {
        let keeper = test_board();
        keeper.raise("disk-full", Severity::Error, "one");
        let first = keeper.now().alerts["disk-full"].since;
        keeper.raise("disk-full", Severity::Error, "two");
        let board = keeper.now();
        assert_eq!(
            (
                board.alerts["disk-full"].since,
                board.alerts["disk-full"].message.as_str()
            ),
            (first, "two")
        );
    }

    #[test]
    fn an_alert_stays_until_the_last_scanner_has_taken_it_back() {
        let keeper = test_board();
        let (one, ten): (Name, Name) = ("bay-1".parse().unwrap(), "bay-10".parse().unwrap());
        keeper.raise_at(&one, "port-held", Severity::Error, "held by A");
        keeper.raise_at(&ten, "port-held", Severity::Error, "held by B");
        let message = || keeper.now().alerts.get("port-held").map(|alert| alert.message.clone());
        let both = "Scanner bay-1: held by A | Scanner bay-10: held by B";
        assert_eq!(message().as_deref(), Some(both));
        keeper.clear_at(&ten, "port-held");
        assert_eq!(message().as_deref(), Some("Scanner bay-1: held by A"));
        keeper.clear_at(&one, "port-held");
        assert_eq!(message(), None);
    }

    #[test]
    fn of_several_states_of_a_leg_one_alert_stays() {
        let keeper = test_board();
        for code in ["cloud-forbidden", "cloud-unauthorised", "disk-full"] {
            keeper.raise(code, Severity::Error, "");
        }
        keeper.clear_all_but("cloud-", Some("cloud-forbidden"));
        assert_eq!(
            keeper.now().alerts.keys().collect::<Vec<_>>(),
            ["cloud-forbidden", "disk-full"]
        );
    }
}
