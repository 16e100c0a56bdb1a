//! Results that the bridge has not confirmed, in memory or in a file that stands for the scanner's flash.

use std::{
    collections::VecDeque,
    fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use firmware_protocol::{ResultNumber, ResultStore, StoreFull, Waiting};
use serde::{Deserialize, Serialize};

/// So many unconfirmed results have room: what a scanner with a small flash keeps.
pub const ROOM: usize = 32;

/// A scanner's memory: the count of its starts, and its unconfirmed results.
#[derive(Debug)]
pub struct Store {
    /// `None` if it forgets everything with the program.
    file: Option<PathBuf>,
    state: State,
    /// Why the file is older than the memory.
    trouble: Option<StateError>,
}

/// What is in the file, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    starts: u32,
    results: VecDeque<Kept>,
}

impl State {
    /// Random in the lower half of all numbers, so that the count does not come to its end.
    fn blank() -> Self {
        Self {
            starts: fastrand::u32(1..1 << 31),
            results: VecDeque::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    result: ResultNumber,
    record: Vec<u8>,
}

/// Prints no record.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({}, {} bytes)", self.result, self.record.len())
    }
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is there and cannot be read.
    #[error("cannot read the state file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something else.
    #[error("`{}` is not a state file of a simulated scanner", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// It cannot be replaced.
    #[error("cannot write the state file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Store {
    /// A memory that lasts as long as this value. The scanner's start has a random number, as the protocol wants it without
    /// non-volatile memory.
    pub fn volatile() -> Self {
        Self {
            file: None,
            state: State::blank(),
            trouble: None,
        }
    }

    /// The memory in `file`, which is made if it is not there. Counts a start of the scanner, from a random number on in a new file:
    /// a scanner whose memory was erased must not give new results the numbers of old ones.
    ///
    /// # Errors
    /// [`StateError`] if there is something that is no such memory, or it cannot be written.
    pub fn open(file: impl Into<PathBuf>) -> Result<Self, StateError> {
        let path = file.into();
        let mut state = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| StateError::Foreign {
                path: path.clone(),
                source,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::blank(),
            Err(source) => return Err(StateError::Read { path, source }),
        };
        state.starts = state.starts.wrapping_add(1);
        write(&path, &state)?;
        Ok(Self {
            file: Some(path),
            state,
            trouble: None,
        })
    }

    /// Which start of the scanner this is.
    pub fn boot(&self) -> u32 {
        self.state.starts
    }

    /// How many results wait for their confirmation.
    pub fn waiting(&self) -> usize {
        self.state.results.len()
    }

    /// Whether another result has room.
    pub(super) fn has_room(&self) -> bool {
        self.waiting() < ROOM
    }

    /// Whether results outlive the program.
    pub(super) fn is_lasting(&self) -> bool {
        self.file.is_some()
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// [`StoreFull`] if [`ROOM`] results wait already.
    pub(super) fn append(&mut self, result: ResultNumber, record: &[u8]) -> Result<(), StoreFull> {
        if !self.has_room() {
            return Err(StoreFull);
        }
        let record = record.to_vec();
        self.state.results.push_back(Kept { result, record });
        self.save();
        Ok(())
    }

    /// Why the last change is not in the file, once.
    pub(super) fn take_trouble(&mut self) -> Option<StateError> {
        self.trouble.take()
    }

    fn save(&mut self) {
        if let Some(file) = &self.file {
            self.trouble = write(file, &self.state).err();
        }
    }
}

impl ResultStore for Store {
    fn oldest(&self) -> Option<Waiting> {
        self.state.results.front().map(|kept| Waiting {
            result: kept.result,
            length: kept.record.len(),
        })
    }

    fn read(&self, result: ResultNumber, offset: usize, into: &mut [u8]) {
        let kept = self.state.results.iter().find(|kept| kept.result == result);
        if let Some(bytes) = kept.and_then(|kept| kept.record.get(offset..offset + into.len())) {
            into.copy_from_slice(bytes);
        }
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        let before = self.state.results.len();
        self.state.results.retain(|kept| kept.result != result);
        let waited = self.state.results.len() < before;
        if waited {
            self.save();
        }
        waited
    }
}

/// Replaces the file in one step: a program that is killed leaves the old state or the new one.
fn write(path: &Path, state: &State) -> Result<(), StateError> {
    let replace = || -> io::Result<()> {
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        let mut file = fs::File::create(&fresh)?;
        serde_json::to_writer(&mut file, state)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(fresh, path)
    };
    replace().map_err(|source| StateError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: ResultNumber = ResultNumber { boot: 1, number: 1 };
    const SECOND: ResultNumber = ResultNumber { boot: 1, number: 2 };

    #[test]
    fn unconfirmed_results_and_the_count_of_starts_outlive_the_program() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("flash");
        let mut store = Store::open(&file).expect("a new file");
        let boot = store.boot();
        store.append(FIRST, b"first").expect("room");
        store.append(SECOND, b"second").expect("room");
        store.remove(FIRST);
        drop(store);

        let store = Store::open(&file).expect("the same file");
        assert_eq!((store.boot(), store.waiting()), (boot + 1, 1));
        let oldest = store.oldest().expect("the second");
        assert_eq!((oldest.result, oldest.length), (SECOND, 6));
        let mut bytes = [0; 4];
        store.read(SECOND, 2, &mut bytes);
        assert_eq!(&bytes, b"cond");
    }

    #[test]
    fn a_scanner_that_lost_its_memory_does_not_count_its_starts_from_the_same_number_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("flash");
        let first = |_| {
            let boot = Store::open(&file).expect("a new file").boot();
            fs::remove_file(&file).expect("erase");
            boot
        };
        let mut boots: Vec<_> = (0..8).map(first).collect();
        boots.sort_unstable();
        boots.dedup();
        assert!(boots.len() > 6, "{boots:?}");
    }

    #[test]
    fn a_foreign_file_is_left_alone_and_named() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        fs::write(file.path(), "somebody's diary").expect("write");
        let error = Store::open(file.path()).expect_err("no state");
        assert!(
            error.to_string().contains(&file.path().display().to_string()),
            "{error}"
        );
        assert_eq!(fs::read(file.path()).expect("still there"), b"somebody's diary");
    }

    #[test]
    fn a_full_memory_takes_no_result_and_loses_none() {
        let mut store = Store::volatile();
        for number in 1..=32 {
            store.append(ResultNumber { boot: 1, number }, b"record").expect("room");
        }
        assert_eq!(
            store.append(ResultNumber { boot: 1, number: 33 }, b"record"),
            Err(StoreFull)
        );
        assert_eq!(store.waiting(), ROOM);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_once() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("flash");
        let mut store = Store::open(&file).expect("a new file");
        drop(folder);
        store.append(FIRST, b"first").expect("room");
        assert!(matches!(store.take_trouble(), Some(StateError::Write { .. })));
        assert!(store.take_trouble().is_none());
    }
}
