//! The side file that remembers how far the sequence went.
//!
//! SQLite drops the tail of a damaged log without a word, so the store alone cannot know that it once had more. After
//! each commit that stored something the last number is written here: `magic (8) | last (8) | purged (8) | lost (8) |
//! check (8)`, little-endian, in place, without a sync. It is never ahead of the store. A killed process leaves it
//! exact; after a power cut it may be some entries behind.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

const MAGIC: [u8; 8] = *b"sbtail01";
const LEN: usize = 40;

/// The account of all numbers ever given: `last == rows + purged + lost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Account {
    /// The highest number ever given.
    pub(crate) last: i64,
    /// Rows that were purged.
    pub(crate) purged: i64,
    /// Rows that are known to be lost.
    pub(crate) lost: i64,
}

impl Account {
    /// Whether the numbers can be true: none negative, and no more gone than were given.
    pub(crate) fn is_sound(self) -> bool {
        let Self { last, purged, lost } = self;
        purged >= 0 && lost >= 0 && purged.checked_add(lost).is_some_and(|gone| gone <= last)
    }
}

#[derive(Debug)]
pub(crate) struct Tail(File);

impl Tail {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map(Self)
    }

    /// What was written last; `None` if nothing was, or the file is damaged.
    pub(crate) fn read(&mut self) -> io::Result<Option<Account>> {
        let mut bytes = Vec::with_capacity(LEN);
        self.0.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut self.0).take(LEN as u64).read_to_end(&mut bytes)?;
        Ok(decode(&bytes))
    }

    pub(crate) fn write(&mut self, account: Account) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(&encode(account))
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

fn encode(account: Account) -> [u8; LEN] {
    let Account { last, purged, lost } = account;
    let mut bytes = [0; LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    for (slot, number) in bytes[8..32].chunks_exact_mut(8).zip([last, purged, lost]) {
        slot.copy_from_slice(&number.to_le_bytes());
    }
    let check = check(&bytes[..32]);
    bytes[32..].copy_from_slice(&check);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Account> {
    let (content, found) = bytes.split_at_checked(32)?;
    if !content.starts_with(&MAGIC) || found != check(content) {
        return None;
    }
    let mut numbers = content[8..]
        .chunks_exact(8)
        .filter_map(|n| n.try_into().ok())
        .map(i64::from_le_bytes);
    Some(Account {
        last: numbers.next()?,
        purged: numbers.next()?,
        lost: numbers.next()?,
    })
}

fn check(content: &[u8]) -> [u8; 8] {
    let mut check = [0; 8];
    check.copy_from_slice(&Sha256::digest(content)[..8]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_last_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tail");
        let mut tail = Tail::open(&path).unwrap();
        assert_eq!(tail.read().unwrap(), None);
        for last in [9, 1000] {
            tail.write(Account {
                last,
                purged: 3,
                lost: 1,
            })
            .unwrap();
        }
        assert_eq!(
            Tail::open(&path).unwrap().read().unwrap(),
            Some(Account {
                last: 1000,
                purged: 3,
                lost: 1
            })
        );
    }

    #[test]
    fn a_damaged_file_says_nothing_rather_than_something_wrong() {
        let good = encode(Account {
            last: 77,
            purged: 3,
            lost: 1,
        });
        for bit in 0..LEN * 8 {
            let mut flipped = good;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&flipped), None);
        }
        assert!((0..LEN).all(|len| decode(&good[..len]).is_none()));
    }
}
