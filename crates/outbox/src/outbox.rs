//! The handle: what the other rooms call.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout_at;

use crate::config::Config;
use crate::disk;
use crate::entry::{Code, Entry, EntryId, EntryKey, Filter, NewEntry, Outcome, Receipt, Step, Summary};
use crate::error::{Full, OpenError, StoreError};
use crate::key::SealKey;
use crate::lease::Leased;
use crate::lock::DirLock;
use crate::open::{Lost, OpenReport, open};
use crate::request::{Pending, Request, channel, work};
use crate::shared::Shared;
use crate::state::Stats;
use crate::store::{CHECKED_WHEN_OPENED, Failure};
use crate::tail::Tail;
use crate::tx::{Move, Tx};
use crate::writer::Writer;

/// Requests that may wait for the disk. Senders have at most 16 entries in hand with a request or two each, scanners
/// store one reading a minute: only a disk that hangs lets more than a handful wait.
const MAX_REQUESTS: usize = 256;

/// A handle to the safe. Clones share one writer thread; the last one dropped ends it, after what was asked for is
/// committed.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` only while being dropped.
    requests: Option<SyncSender<Request>>,
    /// `None` only while being dropped.
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What [`Outbox::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Entries that were looked at.
    pub entries: u64,
    /// Entries that do not unseal.
    pub damaged: Vec<EntryId>,
    /// Gaps in the sequence that are not accounted for.
    pub missing: u64,
    /// What SQLite's own check finds wrong, in its words.
    pub findings: Vec<String>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.missing == 0 && self.findings.is_empty()
    }
}

impl Outbox {
    /// Opens the outbox in `dir`, which is made if it is missing, and starts its writer thread.
    ///
    /// Whatever lies in the place of the store, the outbox opens: a store that cannot be worked on is put beside, a
    /// fresh one opened, and what unseals is saved into it. The report says what was found.
    ///
    /// Blocks on the disk for some milliseconds; longer if a big store has to be saved.
    ///
    /// # Errors
    /// Another process works on `dir`, or the system refuses to read or write there.
    pub fn open(config: &Config, dir: &Path, key: SealKey) -> Result<(Self, OpenReport), OpenError> {
        Self::open_checked(config, dir, key, CHECKED_WHEN_OPENED)
    }

    /// `checked_up_to`: size in bytes up to which a store is checked whole.
    pub(crate) fn open_checked(
        config: &Config,
        dir: &Path,
        key: SealKey,
        checked_up_to: u64,
    ) -> Result<(Self, OpenReport), OpenError> {
        make_dir(dir)?;
        let lock = DirLock::take(dir)?;
        let tail_path = dir.join("outbox.tail");
        let mut tail = Tail::open(&tail_path).map_err(|source| OpenError::Io {
            action: "open the side file",
            path: tail_path,
            source,
        })?;
        let opened = open(dir, &key, &mut tail, checked_up_to)?;
        let report = OpenReport {
            entries: opened.index.len() as u64,
            lost: opened.lost,
            put_beside: opened.put_beside.clone(),
            volatile: disk::is_volatile(dir),
        };
        if report.lost != Lost::None || report.put_beside.is_some() {
            tracing::error!(?report, "the store of readings was damaged");
        }
        let shared = Arc::new(Shared::default());
        let writer = Writer::new(
            dir.to_owned(),
            key,
            config.clone(),
            tail,
            Arc::clone(&shared),
            lock,
            opened,
        )
        .checking_up_to(checked_up_to);
        let (requests, waiting) = sync_channel(MAX_REQUESTS);
        let thread = thread::Builder::new()
            .name("outbox".into())
            .spawn(move || writer.run(&waiting))
            .map_err(OpenError::Thread)?;
        let inner = Inner {
            requests: Some(requests),
            thread: Some(thread),
            shared,
        };
        Ok((Self(Arc::new(inner)), report))
    }

    /// Stores an entry. Once the answer is there, so is the entry, synced to the disk; an entry whose key is known is
    /// not stored again.
    ///
    /// Dropping the answer loses nothing: the append goes on.
    ///
    /// # Errors
    /// [`Full`] at once if a limit keeps new entries out. By the answer: the disk refused; then nothing is promised,
    /// and the entry may be appended again.
    pub fn append(&self, entry: NewEntry) -> Result<Pending<Outcome>, Full> {
        if let Some(full) = self.0.shared.stats.borrow().full {
            return Err(full);
        }
        self.append_reserved(entry)
    }

    /// Stores an entry as [`append`](Self::append) does, but past the limits `min_free` and `max_size`: the room they
    /// keep is for results that would be gone with the memory they are in, at an orderly stop. Not for new work: who
    /// goes on past the limits ends with a disk that is full in earnest.
    ///
    /// # Errors
    /// [`Full::Requests`] at once if too many requests wait for the disk. By the answer: as [`append`](Self::append).
    pub fn append_reserved(&self, entry: NewEntry) -> Result<Pending<Outcome>, Full> {
        let (reply, pending) = channel();
        self.send(work(reply, move |tx| tx.append(&entry)))
            .map_err(|_| Full::Requests)?;
        Ok(pending)
    }

    /// Hands out at most `max` entries that are due, oldest first: the oldest waiting one of each lane, unless one of
    /// that lane is out.
    ///
    /// An entry that cannot be read or does not unseal is set aside with the code `damaged` and not handed out. If the answer is dropped,
    /// the entries go back.
    pub fn lease(&self, max: usize) -> Pending<Vec<Leased>> {
        let (reply, pending) = channel();
        self.send(Request::Lease { max, reply })
            .map_or_else(Pending::failed, |()| pending)
    }

    /// Completes when [`lease`](Self::lease) has something to hand out. Cancel-safe.
    pub async fn due(&self) {
        let mut changes = self.0.shared.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let next = self.0.shared.queue().next_due();
            // The sender is in our own hands, so `changed` cannot fail; and whether it or the time ended the wait, we
            // look again.
            match next {
                Some(due) if due <= Instant::now() => return,
                Some(due) => drop(timeout_at(due.into(), changes.changed()).await),
                None => drop(changes.changed().await),
            }
        }
    }

    /// How long until [`lease`](Self::lease) has something to hand out; `None` if nothing waits that is not out
    /// already.
    pub fn next_due(&self) -> Option<Duration> {
        self.0
            .shared
            .queue()
            .next_due()
            .map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// Remembers how far the sending of a waiting entry has come. Durable once answered: await it before the call that
    /// the step announces.
    pub fn mark(&self, id: EntryId, step: Step) -> Pending<()> {
        self.ask(move |tx| tx.mark(id, &step))
    }

    /// The entry arrived. It is kept for a while with the receipt. Nobody has to wait for the answer: if the note is
    /// lost in a crash, the entry is sent again, and its key tells the receiver so. An entry that was sent already
    /// stays sent.
    pub fn acknowledge(&self, id: EntryId, receipt: Receipt) -> Pending<()> {
        self.shift(id, Move::Sent { receipt: receipt.0 })
    }

    /// A waiting entry goes on waiting, to be tried again `after` this time. Its lane waits with it. The pause outlives
    /// a restart up to five minutes.
    pub fn retry_later(&self, id: EntryId, after: Duration, reason: Code) -> Pending<()> {
        self.shift(id, Move::Retry { after, code: reason })
    }

    /// The entry is not fit to be sent: it is kept until a technician decides, and its lane goes on. `answer`, what the
    /// server said, is sealed.
    pub fn set_aside(&self, id: EntryId, code: Code, answer: Option<Vec<u8>>) -> Pending<()> {
        self.shift(id, Move::SetAside { code, answer })
    }

    /// Nobody knows whether the waiting entry arrived: it is kept until a technician decides, and its lane goes on.
    pub fn uncertain(&self, id: EntryId) -> Pending<()> {
        self.shift(id, Move::Uncertain)
    }

    /// A held entry may be sent.
    pub fn release(&self, id: EntryId) -> Pending<()> {
        self.shift(id, Move::Release)
    }

    /// An entry that was set aside, uncertain or discarded shall be sent (again).
    pub fn requeue(&self, id: EntryId) -> Pending<()> {
        self.shift(id, Move::Requeue)
    }

    /// Gives an unsent entry up. It is kept as long as a sent one, in case that was a mistake.
    pub fn discard(&self, id: EntryId) -> Pending<()> {
        self.shift(id, Move::Discard)
    }

    /// The outsides of entries, oldest first.
    pub fn list(&self, filter: Filter) -> Pending<Vec<Summary>> {
        self.ask(move |tx| Ok(tx.store.list(filter)?))
    }

    /// The entry that holds the key; `None` if nothing was stored under it, or that is gone.
    pub fn find(&self, key: EntryKey) -> Pending<Option<EntryId>> {
        self.ask(move |tx| Ok(tx.store.find(&key)?.map(EntryId)))
    }

    /// An entry with its content.
    pub fn get(&self, id: EntryId) -> Pending<Entry> {
        self.ask(move |tx| tx.store.entry(id.0))
    }

    /// A value that was remembered beside the entries; `None` if there is none.
    pub fn get_meta(&self, key: &str) -> Pending<Option<Vec<u8>>> {
        let key = key.to_owned();
        self.ask(move |tx| Ok(tx.store.meta(&key)?))
    }

    /// Remembers a value beside the entries, sealed. The key lies plain on the disk.
    pub fn put_meta(&self, key: &str, value: Vec<u8>) -> Pending<()> {
        let key = key.to_owned();
        self.ask(move |tx| tx.store.set_meta(&key, &value))
    }

    /// Looks at everything: SQLite's own check, the sequence of numbers, and whether every entry unseals. Keeps the
    /// writer thread busy: some seconds for a full store, while appends wait.
    pub fn verify(&self) -> Pending<Verified> {
        self.ask(|tx| {
            let account = tx.store.account()?;
            let entries = tx.store.index()?.len() as u64;
            let missing = account.last - account.purged - account.lost - entries as i64;
            Ok(Verified {
                entries,
                damaged: tx.store.damaged_entries()?,
                missing: u64::try_from(missing).unwrap_or(0),
                findings: tx.store.quick_check()?,
            })
        })
    }

    /// The numbers, ever the latest. They follow the disk: at each commit, and every ten seconds.
    pub fn stats(&self) -> watch::Receiver<Stats> {
        self.0.shared.stats.subscribe()
    }

    /// Closes the outbox: what was asked for before is committed, what is asked for later is answered with
    /// [`StoreError::Closed`]. When this returns, the files are closed and another process may open the directory.
    ///
    /// Cancel-safe: given up at a deadline, the closing goes on.
    pub async fn close(&self) {
        let (reply, closed) = channel();
        match self.send(Request::Close(reply)) {
            // The answer is the thread's last act.
            Ok(()) | Err(StoreError::Closed) => drop(closed.await),
            // The disk hangs with every place taken: the thread ends when the last handle does.
            Err(_) => tracing::warn!("the outbox cannot be closed: too many requests wait for the disk"),
        }
    }

    fn shift(&self, id: EntryId, to: Move) -> Pending<()> {
        self.ask(move |tx| tx.shift(id, to))
    }

    fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Pending<T> {
        let (reply, pending) = channel();
        self.send(work(reply, what)).map_or_else(Pending::failed, |()| pending)
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        let requests = self.0.requests.as_ref().ok_or(StoreError::Closed)?;
        requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Without senders the thread serves what still waits and ends.
        drop(self.requests.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the outbox panicked");
        }
    }
}

/// Makes the directory, for its owner alone.
fn make_dir(dir: &Path) -> Result<(), OpenError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| OpenError::Io {
        action: "make the directory",
        path: dir.to_owned(),
        source,
    })
}
