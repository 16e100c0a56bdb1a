//! An append through the outbox beside a bare append with `fdatasync`, on the same disk in the same run.
//!
//! `cargo bench -p outbox` (the directory: `OUTBOX_BENCH_DIR`, else the build directory, so that it is a disk and not
//! memory).

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use outbox::{Config, Disposition, EntryKey, Lane, NewEntry, Outbox, SealKey};

/// A record of 190 tags with its raw bytes.
const PAYLOAD: usize = 2400;
const ROUNDS: usize = 2000;

fn main() {
    let parent =
        env::var_os("OUTBOX_BENCH_DIR").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let dir = tempfile::tempdir_in(parent).expect("a directory to write to");
    let payload: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(PAYLOAD).collect();

    let mut bare = OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.path().join("bare"))
        .expect("a file to write to");
    let (outbox, _) = Outbox::open(&Config::default(), dir.path(), SealKey::from_bytes([7; 32])).expect("an outbox");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");

    let (mut through_outbox, mut alone) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    // Turn by turn, so that both see the same mood of the disk.
    for round in 0..ROUNDS {
        alone.push(timed(|| {
            bare.write_all(&payload)
                .and_then(|()| bare.sync_data())
                .expect("a disk that takes it");
        }));
        let entry = NewEntry {
            key: EntryKey(format!("{round:036}")),
            lane: Lane([0; 16]),
            disposition: Disposition::Send,
            payload: payload.clone(),
        };
        through_outbox.push(timed(|| {
            runtime
                .block_on(outbox.append(entry).expect("room"))
                .expect("a disk that takes it");
        }));
    }
    let (bare, outbox) = (Quantiles::of(alone), Quantiles::of(through_outbox));
    println!("append of {PAYLOAD} bytes, {ROUNDS} rounds       p50        p99");
    println!("bare append + fdatasync         {:>9.1?} {:>9.1?}", bare.p50, bare.p99);
    println!(
        "through the outbox              {:>9.1?} {:>9.1?}",
        outbox.p50, outbox.p99
    );
    println!(
        "ratio                           {:>9.2} {:>9.2}",
        ratio(outbox.p50, bare.p50),
        ratio(outbox.p99, bare.p99)
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

struct Quantiles {
    p50: Duration,
    p99: Duration,
}

impl Quantiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            p50: times[times.len() / 2],
            p99: times[times.len() * 99 / 100],
        }
    }
}
