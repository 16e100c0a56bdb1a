//! The safe: opaque sealed entries on disk until they are acknowledged.
//!
//! An [`Outbox`] takes entries, keeps them through crashes, hands them out in order, and remembers how far the sending
//! of each has come. It knows nothing of what is in them, and does no networking.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use outbox::{Config, Disposition, EntryKey, NewEntry, Outbox, Receipt, SealKey, Step};
//!
//! let dir = std::path::Path::new("/var/lib/example/outbox");
//! let key = SealKey::load_or_create(&dir.with_file_name("seal.key"))?;
//! let lane = key.lane(b"member 1234");
//! let (outbox, report) = Outbox::open(&Config::default(), dir, key)?;
//! println!("{report:?}");
//!
//! let entry = NewEntry { key: EntryKey("0190-…".into()), lane, disposition: Disposition::Send, payload: vec![1, 2, 3]
//! }; outbox.append(entry)?.await?; // from here on it is safe
//!
//! outbox.due().await;
//! for leased in outbox.lease(8).await? {
//!     outbox.mark(leased.id(), Step(b"creating".to_vec())).await?; // durable before the call it announces
//!     // ... send leased.entry.payload ...
//!     outbox.acknowledge(leased.id(), Receipt(b"9041".to_vec()));
//! }
//! outbox.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! 1. An answered [`append`](Outbox::append) is on the disk, synced. The same key is stored once.
//! 2. An entry goes away because it was acknowledged or discarded, `keep_sent` ago (earlier when there is no room), and for
//!    no other reason.
//! 3. Of each lane one entry is out at a time, the oldest. A head that is put off holds its lane, and no other.
//! 4. The outbox opens, whatever lies in its place. What is missing afterwards is counted, and nothing unreadable is
//!    deleted: it lies beside, under a name that says why and when.
//! 5. What comes out is what went in: every box carries a seal that is bound to its row and column.
//!
//! # What is on the disk
//!
//! | file | content |
//! | --- | --- |
//! | `outbox.db`, `outbox.db-wal` | the store: SQLite with a write-ahead log, `synchronous=FULL`, 4 KiB pages |
//! | `outbox.tail` | how far the sequence went: 40 bytes, written after each commit, not synced |
//! | `outbox.lock`, `outbox.pid` | the lock of the process that works here, and its process id |
//! | `outbox.db.new` | only while a store is replaced: the fresh one |
//! | `outbox.db.{reason}-{time}` (and `-wal`) | a store that was put beside |
//! | `outbox.db.log-{time}-wal` | a copy of a log that was broken in the middle |
//!
//! In the store an entry has a narrow row in `entry` and its payload in `body`; `meta` holds remembered values and
//! `ledger` the account of numbers. Plain are: number, key, lane digest, state, times, attempts, codes, sizes, and the
//! keys of remembered values. Payloads, steps, receipts, answers and remembered values are sealed with
//! XChaCha20-Poly1305: random nonce (24 bytes), ciphertext, tag (16 bytes), with column, number, lane and key as
//! associated data.
//!
//! Numbers are dense: `last = rows + purged + lost` at every commit. A gap is seen, and counted once. The end of the
//! sequence is vouched for by the side file, because SQLite drops the tail of a damaged log without a word.
//!
//! # In what order, and what a crash leaves behind
//!
//! One thread does all work. It takes a request and what waits behind it (at most 64), and then:
//!
//! | step | a crash after it leaves |
//! | --- | --- |
//! | 1. seals and inserts, in one transaction | nothing of it |
//! | 2. commits: frames into the log | all of the batch or nothing, unanswered; at the next start what is readable is synced before it counts |
//! | 3. syncs the log | all of the batch, unanswered: to append again says `AlreadyPresent` |
//! | 4. writes the side file | the same; before this step the side file is behind, which only hides a loss, never invents one |
//! | 5. updates the queue in memory, answers | all of it. The queue and the leases are built anew at the next start |
//!
//! A store that cannot be worked on is replaced in this order: a fresh one is made as `outbox.db.new`, filled with what
//! unseals, and synced; the old database is renamed, then its log; the fresh one is renamed into its place; the
//! directory is synced. A crash before the first rename begins again from the old store; after it, the next start ends
//! what was begun.
//!
//! An error of the disk at a commit is answered to each request of the batch; none of them is promised. The store is
//! then opened again, checkpointed and synced, before the next request is served: a log whose sync has failed is not
//! trusted.
//!
//! Damage that is met at work is handled likewise: an entry that cannot be read is set aside, the store is opened again
//! and checked whole whatever its size, and replaced if that finds damage. [`Stats`] then tells what was lost.

mod carve;
mod config;
mod disk;
mod entry;
mod error;
mod files;
mod key;
mod lease;
mod lock;
mod open;
mod outbox;
mod queue;
mod replace;
mod request;
mod salvage;
mod seal;
mod shared;
mod state;
mod store;
mod tail;
mod tx;
mod writer;

pub use config::Config;
pub use entry::{Code, Disposition, Entry, EntryId, EntryKey, Filter, Lane, NewEntry, Outcome, Receipt, Step, Summary};
pub use error::{Full, KeyError, OpenError, StoreError};
pub use key::SealKey;
pub use lease::Leased;
pub use open::{Lost, OpenReport, PutBeside, Reason};
pub use outbox::{Outbox, Verified};
pub use request::Pending;
pub use seal::SealError;
pub use state::{State, Stats};
