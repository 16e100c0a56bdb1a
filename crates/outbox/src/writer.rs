//! The one thread that touches the store.

mod house;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::vec;

use jiff::Timestamp;
use rusqlite::ErrorCode;

use crate::config::Config;
use crate::error::StoreError;
use crate::key::SealKey;
use crate::lease::{LeaseGuard, Leased};
use crate::lock::DirLock;
use crate::open::{Opened, open};
use crate::queue::Waiting;
use crate::request::{Answer, Reply, Request, Work, Worked, channel, work};
use crate::shared::Shared;
use crate::state::{State, Stats};
use crate::store::{CHECKED_WHEN_OPENED, Failure, Store, is_unreadable};
use crate::tail::{Account, Tail};
use crate::tx::{Effect, Tx};

/// Requests that share one commit. More would make the first wait for the last; fewer would waste syncs.
const MAX_BATCH: usize = 64;
/// How often the thread looks at the disk when nothing happens: how late it notices that there is room again.
const HOUSEKEEPING: Duration = Duration::from_secs(10);
/// The longest pause that outlives a restart. A time further off comes from a calendar that has jumped.
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);

pub(crate) struct Writer {
    dir: PathBuf,
    key: SealKey,
    config: Config,
    tail: Tail,
    /// `None` after an error of the disk, until it opens again.
    open: Option<OpenStore>,
    /// Size in bytes up to which a store is checked whole when it opens.
    checked_up_to: u64,
    /// Damage was met: the next opening checks everything, and replaces the store if that finds it.
    suspect: bool,
    shared: Arc<Shared>,
    stats: Stats,
    /// What the side file says.
    noted: Option<Account>,
    last_purge: Option<Instant>,
    /// The last purge ended at its limit.
    more_to_purge: bool,
    /// Last, so that the directory is let go of when all files are closed.
    _lock: DirLock,
}

struct OpenStore {
    store: Store,
    account: Account,
}

impl Writer {
    pub(crate) fn new(
        dir: PathBuf,
        key: SealKey,
        config: Config,
        tail: Tail,
        shared: Arc<Shared>,
        lock: DirLock,
        opened: Opened,
    ) -> Self {
        let mut writer = Self {
            dir,
            key,
            config,
            tail,
            open: None,
            checked_up_to: CHECKED_WHEN_OPENED,
            suspect: false,
            shared,
            stats: Stats::default(),
            noted: None,
            last_purge: None,
            more_to_purge: false,
            _lock: lock,
        };
        writer.adopt(opened);
        writer
    }

    /// Later openings check stores of at most so many bytes.
    pub(crate) fn checking_up_to(self, checked_up_to: u64) -> Self {
        Self { checked_up_to, ..self }
    }

    /// Serves requests until it is told to close or nobody can ask any more.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let mut closing = None;
        let mut house_kept = Instant::now();
        while closing.is_none() {
            let patience = if self.more_to_purge {
                Duration::ZERO
            } else {
                HOUSEKEEPING
            };
            match requests.recv_timeout(patience) {
                Ok(first) => closing = self.serve(first, requests),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if house_kept.elapsed() >= HOUSEKEEPING || self.has_to_purge() {
                self.keep_house();
                house_kept = Instant::now();
            }
        }
        if let Some(OpenStore { store, account }) = self.open.take() {
            let synced = self.tail.write(account).and_then(|()| self.tail.sync());
            if let Err(error) = synced {
                tracing::warn!(%error, "the side file of the outbox could not be synced");
            }
            store.close();
        }
        drop(self);
        if let Some(reply) = closing {
            let _ = reply.send(Ok(()));
        }
    }

    /// Serves a request and what waits behind it with one commit. Returns the reply to the request to close, if that
    /// was among them.
    fn serve(&mut self, first: Request, requests: &Receiver<Request>) -> Option<Reply<()>> {
        let (mut works, mut leases) = (Vec::new(), Vec::new());
        let mut closing = None;
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::Work(work) => works.push(work),
                Request::Lease { max, reply } => leases.push((max, reply)),
                Request::Close(reply) => closing = Some(reply),
            }
            let more = closing.is_none() && works.len() + leases.len() < MAX_BATCH;
            next = more.then(|| requests.try_recv().ok()).flatten();
        }
        if !works.is_empty() {
            self.work(works);
            self.look_at_room();
        }
        // After the commit, from what is true now: an entry that was just acknowledged is not handed out again.
        for (max, reply) in leases {
            let _ = reply.send(self.lease(max));
        }
        closing
    }

    fn work(&mut self, works: Vec<Work>) {
        let open = match self.open_store() {
            Ok(open) => open,
            Err(error) => {
                return works
                    .into_iter()
                    .for_each(|work| (work(Err(error.clone())).answer)(Ok(())));
            }
        };
        let mut works = works.into_iter();
        let mut answers = Vec::with_capacity(works.len());
        match transact(open, &mut works, &mut answers) {
            Ok(effects) => {
                self.note_account();
                self.apply(effects);
                answers.into_iter().for_each(|answer| answer(Ok(())));
            }
            Err(error) => {
                let error = self.fail(error);
                answers.extend(works.map(|work| work(Err(error.clone())).answer));
                answers.into_iter().for_each(|answer| answer(Err(error.clone())));
            }
        }
    }

    fn lease(&mut self, max: usize) -> Result<Vec<Leased>, StoreError> {
        self.open_store()?;
        let given = self.shared.queue().lease(max, Instant::now());
        // From here on each lease goes back by itself if it is not handed out.
        let guards: Vec<LeaseGuard> = given
            .into_iter()
            .map(|lease| LeaseGuard::new(lease, Arc::clone(&self.shared)))
            .collect();
        let mut leased = Vec::with_capacity(guards.len());
        for guard in guards {
            let seq = guard.seq();
            match self.open_store()?.store.entry(seq) {
                Ok(entry) => {
                    leased.push(Leased::new(entry, guard));
                    continue;
                }
                Err(Failure::Request(error)) => tracing::error!(id = seq, %error, "set aside"),
                Err(Failure::Database(error)) if is_unreadable(&error) => {
                    tracing::error!(id = seq, %error, "set aside, and the store will be checked");
                    self.suspect = true;
                }
                Err(Failure::Database(error)) => return Err(self.fail(error)),
            }
            match self.set_aside_damaged(seq) {
                Ok(()) => {}
                // What was read before is whole; the others come next time.
                Err(_) if !leased.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        if self.suspect {
            self.open = None;
        }
        Ok(leased)
    }

    /// Moves an entry that cannot be read out of the way of the others.
    fn set_aside_damaged(&mut self, seq: i64) -> Result<(), StoreError> {
        let (reply, done) = channel();
        if let Request::Work(work) = work(reply, move |tx| tx.set_aside_damaged(seq)) {
            self.work(vec![work]);
        }
        done.now()
    }

    /// The store; opened again if an error of the disk closed it.
    fn open_store(&mut self) -> Result<&mut OpenStore, StoreError> {
        if self.open.is_none() {
            let checked_up_to = if self.suspect { u64::MAX } else { self.checked_up_to };
            let opened = open(&self.dir, &self.key, &mut self.tail, checked_up_to)
                .map_err(|error| StoreError::Unavailable(Arc::new(error)))?;
            self.suspect = false;
            tracing::warn!(
                entries = opened.index.len(),
                lost = ?opened.lost,
                put_beside = ?opened.put_beside,
                "the store was opened again"
            );
            self.stats.lost_since_opened = self.stats.lost_since_opened.and(opened.lost);
            self.stats.put_beside_since_opened += u32::from(opened.put_beside.is_some());
            self.adopt(opened);
        }
        self.open.as_mut().ok_or(StoreError::Closed)
    }

    /// Takes over a store that was just opened.
    fn adopt(&mut self, opened: Opened) {
        let Opened {
            store, index, account, ..
        } = opened;
        let (now, instant) = (Timestamp::now(), Instant::now());
        let due = |due_at: Timestamp| {
            let pause = Duration::try_from(due_at.duration_since(now)).unwrap_or(Duration::ZERO);
            instant + pause.min(MAX_PAUSE)
        };
        self.stats = Stats {
            lost_since_opened: self.stats.lost_since_opened,
            put_beside_since_opened: self.stats.put_beside_since_opened,
            ..Stats::default()
        };
        for entry in &index {
            self.stats.enter(entry.state);
        }
        let waiting = index.iter().filter(|entry| entry.state == State::Waiting);
        self.shared.queue().rebuild(waiting.map(|entry| {
            (
                entry.seq,
                Waiting {
                    lane: entry.lane,
                    stored_at: entry.stored_at,
                    due: due(entry.due_at),
                },
            )
        }));
        self.open = Some(OpenStore { store, account });
        self.note_account();
        self.apply(Vec::new());
        self.look_at_room();
    }

    /// After an error of the database: everything under way is undone.
    fn fail(&mut self, error: rusqlite::Error) -> StoreError {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the outbox could not work on the disk"
        );
        self.suspect |= is_unreadable(&error);
        // A full disk leaves the connection whole, and to open again may need room. Anything else may have left pages
        // in memory that are not on the disk, or met damage: opening again puts both right.
        if error.sqlite_error_code() != Some(ErrorCode::DiskFull) {
            self.open = None;
        }
        StoreError::Disk(Arc::new(error))
    }

    /// Lets what was committed become true in memory.
    fn apply(&mut self, effects: Vec<Effect>) {
        let mut queue = self.shared.queue();
        for Effect { seq, from, to, waiting } in effects {
            if let Some(from) = from {
                self.stats.leave(from);
            }
            self.stats.enter(to);
            match waiting {
                Some(waiting) => queue.put(seq, waiting),
                None => queue.remove(seq),
            }
        }
        self.stats.oldest_unsent = queue.oldest();
        drop(queue);
        self.shared.changed();
        self.publish();
    }

    fn note_account(&mut self) {
        let Some(open) = &self.open else { return };
        self.stats.lost = u64::try_from(open.account.lost).unwrap_or(0);
        if self.noted == Some(open.account) {
            return;
        }
        match self.tail.write(open.account) {
            Ok(()) => self.noted = Some(open.account),
            Err(error) => tracing::warn!(%error, "the side file of the outbox could not be written"),
        }
    }

    fn publish(&self) {
        self.shared
            .stats
            .send_if_modified(|known| std::mem::replace(known, self.stats) != self.stats);
    }
}

/// Does the works in one transaction and commits it. `works` keeps those that were not begun, `answers` has one for
/// each that was.
fn transact(
    open: &mut OpenStore,
    works: &mut vec::IntoIter<Work>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<Vec<Effect>> {
    let transaction = open.store.begin()?;
    let mut tx = Tx {
        store: &open.store,
        last: open.account.last,
        now: Timestamp::now(),
        instant: Instant::now(),
        effects: Vec::new(),
    };
    for work in works {
        let Worked { answer, fatal } = work(Ok(&mut tx));
        answers.push(answer);
        if let Some(error) = fatal {
            return Err(error);
        }
    }
    let Tx { last, effects, .. } = tx;
    transaction.commit()?;
    open.account.last = last;
    Ok(effects)
}
