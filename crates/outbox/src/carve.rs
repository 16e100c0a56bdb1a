//! Rows out of the pages of a database that SQLite itself cannot walk any more: its first page or an inner page is
//! broken, or its log is broken in the middle, so that SQLite does not look at what lies behind.
//!
//! Every page that looks like a leaf of a table is read by itself. What comes out may be nonsense or out of date; the
//! seal tells what is a row of ours. Format: <https://sqlite.org/fileformat2.html>, sections 1.6 (pages), 2.1
//! (records), 4 (log).

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::types::Value;

use crate::store::{ENTRY_COLUMNS, SealedRow};

const PAGE: usize = 4096;
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const LEAF_OF_TABLE: u8 = 0x0d;
/// What a leaf keeps of a record with overflow pages is between these, in bytes (section 1.6).
const MAX_LOCAL: usize = PAGE - 35;
const MIN_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
/// Longer records are none of ours: a broken length must not be believed.
const MAX_RECORD: usize = 64 * 1024 * 1024;

/// What looks like rows, by number; of each the versions that were found, oldest first.
#[derive(Default)]
pub(crate) struct Carved {
    pages: Pages,
    entries: BTreeMap<i64, Vec<Cell>>,
    bodies: HashMap<i64, Vec<Cell>>,
}

/// Where a record begins.
#[derive(Clone, Copy)]
struct Cell {
    page: PageAt,
    at: usize,
}

/// Where a page lies.
#[derive(Clone, Copy)]
enum PageAt {
    /// Offset in the database file.
    Database(u64),
    /// Offset in the log.
    Log(u64),
}

#[derive(Default)]
struct Pages {
    database: Option<File>,
    log: Option<File>,
    /// The latest version of each page that is in the log.
    in_log: HashMap<u32, u64>,
}

impl Carved {
    /// Reads every page of a database file and its log, as far as they are there and can be read.
    pub(crate) fn from_files(database: &Path, log: &Path) -> Self {
        let mut carved = Self::default();
        carved.pages.database = File::open(database).ok();
        carved.pages.log = File::open(log).ok();
        let database_len = carved.pages.database.as_ref().map_or(0, len);
        for offset in (0..database_len).step_by(PAGE) {
            carved.take_leaf(PageAt::Database(offset));
        }
        for (number, offset) in carved.pages.frames() {
            carved.pages.in_log.insert(number, offset);
            carved.take_leaf(PageAt::Log(offset));
        }
        carved
    }

    /// The numbers that were found.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.entries.keys().copied()
    }

    /// The latest version of the row `seq` of which something is `fit` to be kept.
    pub(crate) fn row(&mut self, seq: i64, fit: impl Fn(SealedRow) -> Option<SealedRow>) -> Option<SealedRow> {
        let versions = |cells: Option<&Vec<Cell>>| cells.into_iter().flatten().rev().copied().collect::<Vec<_>>();
        let payloads: Vec<Vec<u8>> = versions(self.bodies.get(&seq))
            .into_iter()
            .filter_map(|cell| match self.pages.record(cell)?.pop()? {
                Value::Blob(payload) => Some(payload),
                _ => None,
            })
            .collect();
        versions(self.entries.get(&seq)).into_iter().find_map(|cell| {
            let row = SealedRow::from_columns(seq, &self.pages.record(cell)?).ok()?;
            payloads
                .iter()
                .find_map(|payload| fit(row.clone().with_payload(payload.clone())))
        })
    }

    fn take_leaf(&mut self, page: PageAt) {
        let Some(bytes) = self.pages.read(page) else { return };
        let start = if matches!(page, PageAt::Database(0)) { 100 } else { 0 };
        if bytes[start] != LEAF_OF_TABLE {
            return;
        }
        let cells = usize::from(u16_at(&bytes, start + 3).unwrap_or(0));
        for pointer in (start + 8..).step_by(2).take(cells) {
            let Some(at) = u16_at(&bytes, pointer) else { return };
            let cell = Cell {
                page,
                at: usize::from(at),
            };
            let Some((seq, columns)) = shape(&bytes, cell.at) else {
                continue;
            };
            match columns {
                2 => self.bodies.entry(seq).or_default().push(cell),
                ENTRY_COLUMNS.. => self.entries.entry(seq).or_default().push(cell),
                _ => {}
            }
        }
    }
}

impl Pages {
    /// Number and offset of every page in the log since it was last begun anew, in the order they were written. Frames
    /// whose salt is another are left over from before: what they say is in the database.
    fn frames(&mut self) -> Vec<(u32, u64)> {
        let Some(log) = &mut self.log else { return Vec::new() };
        let frame_len = (FRAME_HEADER + PAGE) as u64;
        let mut salts: Vec<Vec<u8>> = Vec::new();
        let mut frames = Vec::new();
        let mut header = [0; LOG_HEADER];
        if read_at(log, 0, &mut header).is_ok() {
            salts.push(header[16..24].to_vec());
        }
        for offset in (LOG_HEADER as u64..len(log)).step_by(FRAME_HEADER + PAGE) {
            let mut header = [0; FRAME_HEADER];
            if offset + frame_len > len(log) || read_at(log, offset, &mut header).is_err() {
                break;
            }
            // The first frame is always of the present log: it vouches for the rest if the log's own header is broken.
            if frames.is_empty() {
                salts.push(header[8..16].to_vec());
            }
            let number = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
            if salts.iter().any(|salt| salt == &header[8..16]) {
                frames.push((number, offset + FRAME_HEADER as u64));
            }
        }
        frames
    }

    fn read(&mut self, page: PageAt) -> Option<Vec<u8>> {
        let (file, offset) = match page {
            PageAt::Database(offset) => (self.database.as_mut()?, offset),
            PageAt::Log(offset) => (self.log.as_mut()?, offset),
        };
        let mut bytes = vec![0; PAGE];
        read_at(file, offset, &mut bytes).ok().map(|()| bytes)
    }

    /// The columns of a record, its overflow pages included.
    fn record(&mut self, cell: Cell) -> Option<Vec<Value>> {
        let page = self.read(cell.page)?;
        let (len, _, mut at) = cell_header(&page, cell.at)?;
        let local = local_len(len);
        let mut record = page.get(at..at + local)?.to_vec();
        at += local;
        let mut next = u32_at(&page, at);
        while record.len() < len {
            let number = next.filter(|number| *number > 0)?;
            let page = match self.in_log.get(&number) {
                Some(&offset) => PageAt::Log(offset),
                None => PageAt::Database((u64::from(number) - 1) * PAGE as u64),
            };
            let bytes = self.read(page)?;
            record.extend_from_slice(&bytes[4..(len - record.len() + 4).min(PAGE)]);
            next = u32_at(&bytes, 0);
        }
        columns(&record)
    }
}

/// Length of the record, its number, and where it begins.
fn cell_header(page: &[u8], at: usize) -> Option<(usize, i64, usize)> {
    let (len, at) = varint(page, at)?;
    let (seq, at) = varint(page, at)?;
    let len = usize::try_from(len).ok().filter(|len| *len <= MAX_RECORD)?;
    Some((len, seq, at))
}

/// Number of a cell's row and how many columns it has, by the part of the record that is always in the leaf.
fn shape(page: &[u8], at: usize) -> Option<(i64, usize)> {
    let (_, seq, at) = cell_header(page, at)?;
    let types = column_types(page.get(at..)?)?;
    Some((seq, types.len())).filter(|_| seq > 0)
}

fn local_len(len: usize) -> usize {
    if len <= MAX_LOCAL {
        return len;
    }
    let spilled_well = MIN_LOCAL + (len - MIN_LOCAL) % (PAGE - 4);
    if spilled_well <= MAX_LOCAL {
        spilled_well
    } else {
        MIN_LOCAL
    }
}

fn columns(record: &[u8]) -> Option<Vec<Value>> {
    let (header_len, _) = varint(record, 0)?;
    let mut at = usize::try_from(header_len).ok()?;
    let mut values = Vec::new();
    for kind in column_types(record)? {
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind as usize,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = record.get(at..at.checked_add(len)?)?;
        at += len;
        values.push(match kind {
            0 => Value::Null,
            1..=6 => Value::Integer(integer(bytes)),
            // No column of ours is a real number.
            7 => return None,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            _ if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(String::from_utf8(bytes.to_vec()).ok()?),
        });
    }
    Some(values)
}

/// The types of a record's columns, none of which is negative.
fn column_types(record: &[u8]) -> Option<Vec<i64>> {
    let (header_len, mut at) = varint(record, 0)?;
    let header = record.get(..usize::try_from(header_len).ok()?)?;
    let mut types = Vec::new();
    while at < header.len() {
        let (kind, next) = varint(header, at)?;
        types.push(Some(kind).filter(|kind| *kind >= 0)?);
        at = next;
    }
    Some(types)
}

/// Big-endian, of 1 to 8 bytes, with sign.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |value, byte| {
        value << 8 | i64::from(*byte)
    })
}

/// A number of 1 to 9 bytes, and where the next thing begins.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut value: i64 = 0;
    for (n, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        if n == 8 {
            return Some((value << 8 | i64::from(*byte), at + 9));
        }
        value = value << 7 | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + n + 1));
        }
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn len(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::entry::{Disposition, EntryKey, Lane, NewEntry};
    use crate::key::SealKey;
    use crate::state::State;
    use crate::store::Store;

    /// A store with a row of each of these payload lengths, and a copy of its files.
    fn store_of(lens: &[usize]) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::create(&dir.path().join("db"), &SealKey::from_bytes([1; 32])).unwrap();
        for (seq, len) in (1..).zip(lens) {
            let entry = NewEntry {
                key: EntryKey(format!("key-{seq}")),
                lane: Lane([seq as u8; 16]),
                disposition: Disposition::Send,
                payload: vec![seq as u8; *len],
            };
            store
                .insert(seq, &entry, State::Waiting, None, jiff::Timestamp::now())
                .unwrap();
        }
        (dir, store)
    }

    #[test]
    fn rows_of_every_length_come_out_whole() {
        // Around the lengths where a record spills into overflow pages, one or more.
        let lens = [
            0, 1, 100, 2400, 3990, 4000, 4010, 4020, 4030, 4060, 4100, 4500, 8100, 8200, 12_300, 50_000,
        ];
        let (dir, store) = store_of(&lens);
        let mut carved = Carved::from_files(&dir.path().join("db"), &dir.path().join("none"));
        assert!(carved.numbers().eq(1..=lens.len() as i64));
        for (seq, len) in (1..).zip(lens) {
            let row = carved.row(seq, |row| store.fit(row)).unwrap();
            assert_eq!(store.unseal(&row).unwrap().payload, vec![seq as u8; len]);
        }
    }

    #[test]
    fn rows_come_out_of_the_log_in_their_latest_version() {
        let (dir, store) = store_of(&[2400, 9000]);
        drop(store);
        let store = Store::open(&dir.path().join("db"), &SealKey::from_bytes([1; 32])).unwrap_or_else(|_| panic!());
        for state in [State::Held, State::Uncertain, State::Sent] {
            store
                .begin()
                .and_then(|tx| {
                    tx.execute("UPDATE entry SET state = ?1", [state])?;
                    tx.commit()
                })
                .unwrap();
        }
        let mut carved = Carved::from_files(&dir.path().join("db"), &dir.path().join("db-wal"));
        for seq in [1, 2] {
            let row = carved.row(seq, |row| store.fit(row)).unwrap();
            assert_eq!(store.unseal(&row).unwrap().summary.state, State::Sent);
        }
    }

    #[test]
    fn nonsense_is_read_without_a_panic_and_gives_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (file, log) = (dir.path().join("db"), dir.path().join("log"));
        let (_other, store) = store_of(&[]);
        for _ in 0..200 {
            let mut bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
                .take(PAGE * 4 + 77)
                .collect();
            bytes.chunks_mut(PAGE).for_each(|page| page[0] = LEAF_OF_TABLE);
            std::fs::write(&file, &bytes).unwrap();
            std::fs::write(&log, &bytes).unwrap();
            let mut carved = Carved::from_files(&file, &log);
            for seq in carved.numbers().collect::<Vec<_>>() {
                assert!(carved.row(seq, |row| store.fit(row)).is_none());
            }
        }
    }

    #[test]
    fn integers_are_read_as_sqlite_writes_them() {
        let dir = tempfile::tempdir().unwrap();
        let db = Connection::open(dir.path().join("db")).unwrap();
        db.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, n)").unwrap();
        let numbers = [
            0,
            1,
            -1,
            127,
            -128,
            128,
            40_000,
            -8_388_608,
            1 << 40,
            i64::MAX,
            i64::MIN,
        ];
        for (id, number) in (1..).zip(numbers) {
            db.execute("INSERT INTO t VALUES (?1, ?2)", [id, number]).unwrap();
        }
        let mut carved = Carved::from_files(&dir.path().join("db"), &dir.path().join("none"));
        for (id, number) in (1..).zip(numbers) {
            let cell = carved.bodies[&id][0];
            assert_eq!(carved.pages.record(cell).unwrap()[1], Value::Integer(number));
        }
    }
}
