//! What a crash kept from being announced is found again in the outbox.

use std::collections::{BTreeMap, BTreeSet};

use outbox::{EntryId, Filter, Outbox, State, StoreError, Summary};
use scan_model::{
    Name, Parcel,
    board::{EventKind, LastScan, ScanEvent},
};

use super::{META_KEY, Teller, ledger::Remembered};
use crate::reception::NOT_INTACT;

/// At most so many results are told again, the latest, each with an end and an outcome: what the window can take at once.
const MOST: usize = super::MOST_WAITING / 2;

/// Entries listed at a time.
const PAGE: usize = 200;

/// Makes the teller of this start, and tells again what was stored and not announced. Comes before anything new is stored.
/// With it come the last scans of the scanners, as far as they are remembered.
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
    for state in [State::Sent, State::SetAside] {
        let mut noted = list(outbox, Some(state), EntryId(0)).await?;
        noted.retain(|entry| entry.changed_at >= remembered.outcomes_until);
        entries.append(&mut ids(noted));
    }
    let mut last = remembered.last.clone();
    let running = remembered.running.clone();
    let teller = Teller::remembering(window, remembered);
    // Without a window nothing is told, but what was running when the crash came is looked for all the same.
    let newest = entries.iter().rev().take(MOST).rev();
    for &id in newest {
        tell_again(&teller, outbox, id, ends.contains(&id)).await?;
    }
    for scanner in running.keys() {
        last.extend(teller.interrupted(scanner).map(|ended| (scanner.clone(), ended)));
    }
    Ok((teller, last))
}

fn ids(entries: Vec<Summary>) -> BTreeSet<EntryId> {
    entries.into_iter().map(|entry| entry.id).collect()
}

async fn tell_again(teller: &Teller, outbox: &Outbox, id: EntryId, end: bool) -> Result<(), StoreError> {
    let entry = match outbox.get(id).await {
        Ok(entry) => entry,
        // Purged meanwhile, or its content does not unseal: nobody can say which scan it was.
        Err(StoreError::Unknown(_) | StoreError::Damaged(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let Ok(parcel) = serde_json::from_slice::<Parcel>(&entry.payload) else {
        return Ok(());
    };
    let Summary {
        stored_at,
        changed_at,
        state,
        ..
    } = entry.summary;
    let origin = parcel.origin();
    let event = |kind, time, code: Option<&str>| ScanEvent {
        scanner: origin.scanner.clone(),
        scan: origin.scan,
        kind,
        time,
        code: code.map(str::to_owned),
        message: code.map(|_| NOT_INTACT.to_owned()),
    };
    if end {
        let (kind, code) = match &parcel {
            Parcel::Reading(_) => (EventKind::Completed, None),
            Parcel::Rejected(frame) => (EventKind::Failed, Some(frame.reason.as_str())),
        };
        teller.ended(event(kind, stored_at, code), Some(id));
    }
    match state {
        State::Sent => teller.outcome(event(EventKind::Uploaded, changed_at, None)),
        State::SetAside => teller.outcome(event(EventKind::SetAside, changed_at, None)),
        State::Waiting | State::Held | State::Uncertain | State::Discarded => {}
    }
    Ok(())
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
