//! The leg `disk`: the queue's numbers, and whether new results are taken.

use std::collections::BTreeMap;

use outbox::{Lost, OpenReport, Stats};
use scan_model::{
    Name,
    board::{Queue, Severity},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    keeper::{BoardKeeper, DISK},
    reception::Refused,
};

const FULL: &str = "disk-full";
const SET_ASIDE: &str = "set-aside";
const VOLATILE: &str = "disk-volatile";
const DAMAGED: &str = "store-damaged";

/// Says so if the data directory does not outlive a reboot. It stays until the next start: nothing mends it.
pub(crate) fn show_volatile(report: &OpenReport, board: &BoardKeeper) {
    if report.volatile {
        let message =
            "The data directory is on a disk that forgets everything at a reboot. Set `data_dir` to a lasting one.";
        tracing::warn!("{message}");
        board.raise(VOLATILE, Severity::Error, message);
    }
}

/// What was wrong with the store of results when it was opened, for people. Nothing mends it: it is shown until the next start.
pub(crate) fn damage(report: &OpenReport) -> Option<String> {
    let beside = report.put_beside.as_ref().map(|beside| {
        let (path, reason) = (beside.path.display(), beside.reason.as_str());
        format!(
            " The old store ({reason}) lies in `{path}`, {} of its results were saved.",
            beside.saved
        )
    });
    if report.lost == Lost::None && beside.is_none() {
        return None;
    }
    let (lost, beside) = (in_words(report.lost), beside.unwrap_or_default());
    Some(format!(
        "The store of results was damaged; results lost: {lost}.{beside} Check the disk."
    ))
}

/// What the leg shows. Clones show the same.
#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) stats: watch::Receiver<Stats>,
    pub(crate) refused: watch::Receiver<BTreeMap<Name, Refused>>,
    /// What [`damage`] said at the start.
    pub(crate) damage: Option<String>,
    pub(crate) board: BoardKeeper,
}

impl Disk {
    /// Shows the disk until `stop`.
    pub(crate) async fn show(mut self, stop: CancellationToken) {
        loop {
            let now = *self.stats.borrow_and_update();
            let refused = self.refused.borrow_and_update().values().next().cloned();
            show_now(&now, refused.as_ref(), self.damage.as_deref(), &self.board);
            tokio::select! {
                Ok(()) = self.stats.changed() => {}
                Ok(()) = self.refused.changed() => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

fn in_words(lost: Lost) -> String {
    match lost {
        Lost::None => "none".to_owned(),
        Lost::Exact(count) => count.to_string(),
        Lost::AtLeast(0) => "nobody knows how many".to_owned(),
        Lost::AtLeast(count) => format!("at least {count}"),
    }
}

fn show_now(stats: &Stats, refused: Option<&Refused>, damage: Option<&str>, board: &BoardKeeper) {
    board.change(|board| {
        board.queue = Queue {
            depth: stats.waiting,
            oldest: stats.oldest_unsent,
            set_aside: stats.set_aside,
            held: stats.held,
            disk_free: Some(stats.free),
        };
    });
    let waits = match refused {
        Some(_) => " A result waits in memory: do not switch this machine off.",
        None => "",
    };
    let full = match (stats.full, refused) {
        (Some(full), _) => Some(full.to_string()),
        (None, Some(refused)) if refused.full => Some(refused.story.clone()),
        (None, _) => None,
    };
    let full = full.map(|story| format!("Make room on the disk of the data directory: {story}.{waits}"));
    let failing = refused.filter(|refused| !refused.full);
    let failing = failing.map(|Refused { story, .. }| {
        format!("The disk of the data directory does not work: {story}.{waits} Check the disk, or move `data_dir`.")
    });
    let (state, advice) = match (&failing, &full) {
        (Some(failing), _) => ("failing", Some(failing.clone())),
        (None, Some(full)) => ("full", Some(full.clone())),
        (None, None) => ("ok", None),
    };
    board.leg(DISK, state, advice);
    show_alert(FULL, full, board);
    let damaged = [damage.map(str::to_owned), damage_since(stats), failing];
    let damaged: Vec<_> = damaged.into_iter().flatten().collect();
    show_alert(DAMAGED, (!damaged.is_empty()).then(|| damaged.join(" ")), board);
    match stats.set_aside {
        0 => board.clear(SET_ASIDE),
        count => {
            let message = format!(
                "Set aside on this machine, and not going to the cloud by themselves: {count}. A technician has to look at them."
            );
            board.raise(SET_ASIDE, Severity::Warning, message);
        }
    }
}

fn show_alert(code: &str, message: Option<String>, board: &BoardKeeper) {
    match message {
        Some(message) => board.raise(code, Severity::Error, message),
        None => board.clear(code),
    }
}

/// What went wrong with the store of results since it was opened, for people.
fn damage_since(stats: &Stats) -> Option<String> {
    let (lost, beside) = (stats.lost_since_opened, stats.put_beside_since_opened);
    if lost == Lost::None && beside == 0 {
        return None;
    }
    Some(format!(
        "The store of results was damaged while the agent ran; results lost: {}; stores put beside: {beside}. Check the disk.",
        in_words(lost)
    ))
}

#[cfg(test)]
mod tests {
    use outbox::Full;

    use super::*;
    use crate::keeper::test_board;

    #[test]
    fn a_full_disk_shows_and_clears() {
        let board = test_board();
        let full = Stats {
            full: Some(Full::MinFree { free: 1, min_free: 2 }),
            ..Stats::default()
        };
        show_now(&full, None, None, &board);
        let shown = board.now();
        assert_eq!(shown.legs[DISK].state, "full");
        assert!(shown.alerts[FULL].message.contains("min_free"));
        show_now(&Stats::default(), None, None, &board);
        let shown = board.now();
        assert_eq!((shown.legs[DISK].state.as_str(), shown.alerts.len()), ("ok", 0));
    }

    #[test]
    fn a_disk_that_fails_is_not_called_full() {
        let board = test_board();
        let refused = Refused {
            full: false,
            story: "input/output error".into(),
        };
        show_now(&Stats::default(), Some(&refused), None, &board);
        let shown = board.now();
        assert_eq!(shown.legs[DISK].state, "failing");
        let message = &shown.alerts[DAMAGED].message;
        assert!(
            message.contains("input/output error") && message.contains("waits in memory"),
            "{message}"
        );
        assert!(
            !message.contains("room") && !shown.alerts.contains_key(FULL),
            "{message}"
        );
        show_now(&Stats::default(), None, None, &board);
        assert!(board.now().alerts.is_empty());
    }

    #[test]
    fn a_loss_at_the_opening_stays_when_the_disk_works_again_and_one_while_running_joins_it() {
        let board = test_board();
        let report = OpenReport {
            entries: 0,
            lost: Lost::AtLeast(3),
            put_beside: None,
            volatile: true,
        };
        show_volatile(&report, &board);
        assert!(board.now().alerts.contains_key(VOLATILE));
        let opening = damage(&report).unwrap();
        let now = Stats {
            lost_since_opened: Lost::Exact(2),
            ..Stats::default()
        };
        show_now(&now, None, Some(&opening), &board);
        let message = board.now().alerts[DAMAGED].message.clone();
        assert!(
            message.contains("lost: at least 3") && message.contains("lost: 2"),
            "{message}"
        );
    }

    #[test]
    fn a_store_put_beside_while_running_shows_even_if_nothing_was_lost() {
        let board = test_board();
        let now = Stats {
            put_beside_since_opened: 1,
            ..Stats::default()
        };
        show_now(&now, None, None, &board);
        assert!(board.now().alerts[DAMAGED].message.contains("put beside: 1"));
    }
}
