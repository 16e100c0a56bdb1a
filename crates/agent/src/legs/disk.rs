//! The leg `disk`: the queue's numbers, and whether new results are taken.

use outbox::{Lost, OpenReport, Stats};
use scan_model::board::{Queue, Severity};
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

/// Raises what was found when the outbox was opened. It stays until the next start: nothing mends it.
pub(crate) fn show_opening(report: &OpenReport, board: &BoardKeeper) {
    if report.volatile {
        let message =
            "The data directory is on a disk that forgets everything at a reboot. Set `data_dir` to a lasting one.";
        tracing::warn!("{message}");
        board.raise(VOLATILE, Severity::Error, message);
    }
    let lost = match report.lost {
        Lost::None => "none".to_owned(),
        Lost::Exact(count) => count.to_string(),
        Lost::AtLeast(count) => format!("at least {count}"),
    };
    let beside = report.put_beside.as_ref().map(|beside| {
        let (path, reason) = (beside.path.display(), beside.reason.as_str());
        format!(
            " The old store ({reason}) lies in `{path}`, {} of its results were saved.",
            beside.saved
        )
    });
    if report.lost != Lost::None || beside.is_some() {
        let message = format!(
            "The store of results was damaged; results lost: {lost}.{} Check the disk.",
            beside.unwrap_or_default()
        );
        tracing::error!("{message}");
        board.raise(DAMAGED, Severity::Error, message);
    }
}

/// Shows the disk until `stop`.
pub(crate) async fn show(
    mut stats: watch::Receiver<Stats>,
    mut refused: watch::Receiver<Option<Refused>>,
    board: BoardKeeper,
    stop: CancellationToken,
) {
    loop {
        let now = *stats.borrow_and_update();
        show_now(&now, refused.borrow_and_update().as_ref(), &board);
        tokio::select! {
            Ok(()) = stats.changed() => {}
            Ok(()) = refused.changed() => {}
            () = stop.cancelled() => return,
        }
    }
}

fn show_now(stats: &Stats, refused: Option<&Refused>, board: &BoardKeeper) {
    board.change(|board| {
        board.queue = Queue {
            depth: stats.waiting,
            oldest: stats.oldest_unsent,
            set_aside: stats.set_aside,
            held: stats.held,
            disk_free: Some(stats.free),
        };
    });
    let trouble = match (stats.full, refused) {
        (Some(full), _) => Some(("full", full.to_string())),
        (None, Some(refused)) => Some((if refused.full { "full" } else { "failing" }, refused.story.clone())),
        (None, None) => None,
    };
    match trouble {
        None => {
            board.leg(DISK, "ok", None);
            board.clear(FULL);
        }
        Some((state, story)) => {
            let waits = if refused.is_some() {
                " A result waits in memory: do not switch this machine off."
            } else {
                ""
            };
            let advice = format!("Make room on the disk of the data directory: {story}.{waits}");
            board.leg(DISK, state, Some(advice.clone()));
            board.raise(FULL, Severity::Error, advice);
        }
    }
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
        show_now(&full, None, &board);
        let shown = board.now();
        assert_eq!(shown.legs[DISK].state, "full");
        assert!(shown.alerts[FULL].message.contains("min_free"));
        show_now(&Stats::default(), None, &board);
        let shown = board.now();
        assert_eq!((shown.legs[DISK].state.as_str(), shown.alerts.len()), ("ok", 0));
    }

    #[test]
    fn a_result_in_memory_is_told_of_even_if_the_numbers_look_well() {
        let board = test_board();
        let refused = Refused {
            full: false,
            story: "input/output error".into(),
        };
        show_now(&Stats::default(), Some(&refused), &board);
        let shown = board.now();
        assert_eq!(shown.legs[DISK].state, "failing");
        assert!(shown.alerts[FULL].message.contains("waits in memory"));
    }

    #[test]
    fn what_was_lost_is_counted_as_exactly_as_it_is_known() {
        let board = test_board();
        let report = OpenReport {
            entries: 0,
            lost: Lost::AtLeast(3),
            put_beside: None,
            volatile: true,
        };
        show_opening(&report, &board);
        let shown = board.now();
        assert!(shown.alerts[DAMAGED].message.contains("lost: at least 3"));
        assert!(shown.alerts.contains_key(VOLATILE));
    }
}
