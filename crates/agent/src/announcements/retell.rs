//! What a crash kept from being announced is found again in the outbox.

use std::collections::{BTreeMap, BTreeSet};

use outbox::{EntryId, Filter, Outbox, State, StoreError, Summary};
use scan_model::{
    Name, Parcel,
    board::{EventKind, LastScan, ScanEvent, Upload},
};

use super::{META_KEY, NOT_INTACT, Teller, ledger::Remembered};

/// At most so many results are told again, the latest, each with an end and an outcome: what the window can take at once.
const MOST: usize = super::MOST_WAITING / 2;

/// Entries listed at a time.
const PAGE: usize = 200;

/// Makes the teller of this start, and tells again what was stored and not announced. Comes before anything new is stored.
/// With it come the last scans of the scanners, as far as they are known.
///
/// # Errors
/// The outbox cannot be read.
pub(crate) async fn retell(outbox: &Outbox, window: bool) -> Result<(Teller, BTreeMap<Name, LastScan>), StoreError> {
    let remembered: Remembered = match outbox.get_meta(META_KEY).await? {
        Some(value) => serde_json::from_slice(&value).unwrap_or_default(),
        None => Remembered::default(),
    };
    let ends = ids(list(outbox, None, EntryId(remembered.ends_up_to)).await?);
    let mut entries = ends.clone();
    for state in [State::Sent, State::SetAside, State::Uncertain] {
        let mut noted = list(outbox, Some(state), EntryId(0)).await?;
        noted.retain(|entry| entry.changed_at >= remembered.outcomes_until);
        entries.append(&mut ids(noted));
    }
    let mut found = Vec::new();
    for &id in entries.iter().rev().take(MOST).rev() {
        found.extend(look_up(outbox, id).await?);
    }
    let mut last = remembered.last.clone();
    for result in &found {
        show_last(&mut last, result);
    }
    let cut_off: Vec<_> = remembered
        .running
        .iter()
        .filter(|(_, scan)| !found.iter().any(|result| result.last.scan == **scan))
        .map(|(scanner, _)| scanner.clone())
        .collect();
    let teller = Teller::remembering(outbox.clone(), window, remembered);
    // First of all, as the window takes only so much at once: nobody else will ever end these.
    for scanner in cut_off {
        last.extend(teller.interrupted(&scanner).map(|ended| (scanner, ended)));
    }
    // Without a window nothing is told, but the ledger is brought up to date all the same.
    for result in &found {
        tell_again(&teller, result, ends.contains(&result.summary.id));
    }
    for (scanner, last) in &last {
        teller.last(scanner, last);
    }
    Ok((teller, last))
}

/// What the outbox knows of a scan.
struct Found {
    summary: Summary,
    scanner: Name,
    last: LastScan,
    /// Why the result was not accepted.
    rejected: Option<String>,
}

/// `None`: nobody can say which scan it was.
async fn look_up(outbox: &Outbox, id: EntryId) -> Result<Option<Found>, StoreError> {
    let entry = match outbox.get(id).await {
        Ok(entry) => entry,
        // Purged meanwhile, or its content does not unseal.
        Err(StoreError::Unknown(_) | StoreError::Damaged(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Ok(parcel) = serde_json::from_slice::<Parcel>(&entry.payload) else {
        return Ok(None);
    };
    let summary = entry.summary;
    let (result, rejected, names_somebody) = match &parcel {
        Parcel::Reading(reading) => (EventKind::Completed, None, reading.subject.named().is_some()),
        Parcel::Rejected(frame) => (EventKind::Failed, Some(frame.reason.clone()), false),
    };
    let upload = match summary.state {
        State::Waiting | State::Held | State::Discarded => Upload::Waiting,
        // The cloud's own word on it is not kept: it assigns what names somebody.
        State::Sent if names_somebody => Upload::Uploaded,
        State::Sent => Upload::Unassigned,
        State::SetAside => Upload::SetAside,
        State::Uncertain => Upload::Uncertain,
    };
    let origin = parcel.origin();
    let last = LastScan {
        scan: origin.scan,
        time: summary.stored_at,
        result,
        upload,
    };
    Ok(Some(Found {
        scanner: origin.scanner.clone(),
        summary,
        last,
        rejected,
    }))
}

/// Brings the last scan of a scanner up to what was found: another scan, or the same that got on.
fn show_last(last: &mut BTreeMap<Name, LastScan>, found: &Found) {
    match last.get_mut(&found.scanner) {
        Some(known) if known.scan == found.last.scan => {
            if known.upload == Upload::Waiting {
                known.upload = found.last.upload;
            }
        }
        // The outbox keeps milliseconds. Two results of one came in the order of their entries, which is the order of the calls.
        Some(known) if known.time.as_millisecond() > found.last.time.as_millisecond() => {}
        Some(_) | None => {
            last.insert(found.scanner.clone(), found.last.clone());
        }
    }
}

fn ids(entries: Vec<Summary>) -> BTreeSet<EntryId> {
    entries.into_iter().map(|entry| entry.id).collect()
}

fn tell_again(teller: &Teller, found: &Found, end: bool) {
    let Found {
        summary,
        scanner,
        last,
        rejected,
    } = found;
    let event = |kind, time, code: Option<&str>| ScanEvent {
        scanner: scanner.clone(),
        scan: last.scan,
        kind,
        time,
        code: code.map(str::to_owned),
        message: code.map(|_| NOT_INTACT.to_owned()),
    };
    if end {
        let end = event(last.result, summary.stored_at, rejected.as_deref());
        teller.ended(end, Some(summary.id));
    }
    match summary.state {
        State::Sent => teller.outcome(event(EventKind::Uploaded, summary.changed_at, None)),
        State::SetAside => teller.outcome(event(EventKind::SetAside, summary.changed_at, None)),
        State::Waiting | State::Held | State::Uncertain | State::Discarded => {}
    }
}

/// The outsides of all entries behind `after`, in `state` if one is given.
async fn list(outbox: &Outbox, state: Option<State>, mut after: EntryId) -> Result<Vec<Summary>, StoreError> {
    let mut found = Vec::new();
    loop {
        let page = outbox
            .list(Filter {
                state,
                after: Some(after),
                limit: PAGE,
            })
            .await?;
        let Some(newest) = page.last() else { return Ok(found) };
        after = newest.id;
        let is_last = page.len() < PAGE;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}
