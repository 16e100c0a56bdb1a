//! Tables that LookinBody exports from InBody devices. The link of these devices is not public, so the file is the way in.
//!
//! The first row names the columns. What they are called depends on version and language, so a map from the command line comes first;
//! after it a column is understood by the name of the measurement it holds. Other columns are left alone.

mod column;

use jiff::civil::DateTime;
use scan_model::{Decimal, DeviceTime, Flag, Metric, Record, consistency, record::Measurement, subject::Gender};
use scanner_protocol::{Content, Decoded, Protocol, RejectReason, Rejected};

pub(crate) use self::column::Column;
use self::column::Holds;

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum BadTable {
    /// It is no table of text.
    NoTable(csv::Error),
    /// It has not the columns it needs.
    NoColumn(NoColumn),
}

/// What a table lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoColumn {
    /// A column of the map.
    #[error("no column `{header}`; the table has {}", columns.join(", "))]
    Named {
        /// Which.
        header: String,
        /// Those that are there.
        columns: Vec<String>,
    },
    /// Anything to read.
    #[error("no column is understood as a measurement: say with `--column HEADER=NAME` what {} hold", columns.join(", "))]
    Measured {
        /// Those that are there.
        columns: Vec<String>,
    },
}

impl From<csv::Error> for BadTable {
    fn from(error: csv::Error) -> Self {
        Self::NoTable(error)
    }
}

/// One unit for each row behind the first.
///
/// # Errors
/// The file is not a table of text, or lacks one of `columns`, or any that is understood. An empty one lacks nothing.
pub(super) fn decode(bytes: &[u8], columns: &[Column]) -> Result<Vec<Decoded>, BadTable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(separator(bytes))
        .from_reader(bytes);
    let headers: Vec<_> = table.headers()?.iter().map(|header| header.trim().to_owned()).collect();
    let missing = columns.iter().find(|column| !headers.contains(&column.header));
    if let Some(column) = missing.filter(|_| !headers.is_empty()) {
        return Err(BadTable::NoColumn(NoColumn::Named {
            header: column.header.clone(),
            columns: headers,
        }));
    }
    let map: Vec<_> = headers
        .iter()
        .map(|header| {
            let mapped = columns.iter().find(|column| column.header == *header);
            mapped.map(|column| column.content).or_else(|| Holds::of(header))
        })
        .collect();
    let is_measured = map.iter().any(|content| matches!(content, Some(Holds::Value(..))));
    if !is_measured && !headers.is_empty() {
        return Err(BadTable::NoColumn(NoColumn::Measured { columns: headers }));
    }
    let mut units = Vec::new();
    for row in table.byte_records() {
        let row = row?;
        let at = row.position().map_or(0, csv::Position::byte);
        let rest = bytes.get(usize::try_from(at).unwrap_or(0)..).unwrap_or_default();
        // The position is that of the second half of the line end before.
        let line_end = usize::from(rest.starts_with(b"\n"));
        let offset = at + line_end as u64;
        let raw = rest[line_end..].split_inclusive(|&byte| byte == b'\n').next();
        let raw = raw.unwrap_or_default();
        let outcome = record(&map, &row, raw).map(|record| Content::Record(Box::new(record)));
        units.push(Decoded {
            offset,
            protocol: Protocol::LookinbodyCsv,
            outcome,
        });
    }
    Ok(units)
}

/// What stands between the columns: the first row has most of it. Where the comma is the decimal sign, it is a semicolon.
fn separator(table: &[u8]) -> u8 {
    let first = table.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first.iter().filter(|&&byte| byte == separator).count();
    // Of equals the last.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&it| count(it))
        .unwrap_or(b',')
}

fn record(map: &[Option<Holds>], row: &csv::ByteRecord, raw: &[u8]) -> Result<Record, Rejected> {
    let mut record = Record::new(Protocol::LookinbodyCsv.name(), Some("InBody"), raw);
    for (place, (content, field)) in map.iter().zip(row).enumerate() {
        let text = field.trim_ascii();
        // A device that did not measure something leaves the field out or puts a dash there.
        let (Some(content), false) = (content, matches!(text, b"" | b"-")) else {
            continue;
        };
        let number = || {
            Decimal::parse(text).map_err(|_| Rejected {
                raw: raw.to_vec(),
                reason: RejectReason::BadNumber,
                offset: 0,
                detail: format!("column {} holds no number", place + 1),
                result_id: None,
            })
        };
        match *content {
            Holds::SubjectNumber => record.subject.number = Some(String::from_utf8_lossy(text).into_owned()),
            Holds::Gender => record.subject.gender = gender(text),
            Holds::Age => record.subject.age = Some(number()?),
            Holds::MeasuredAt => record.device_time = time(text).map_or(DeviceTime::Invalid, DeviceTime::Reported),
            Holds::Value(metric, unit) => {
                let value = number()?;
                if metric == Metric::HEIGHT {
                    record.subject.height = unit.to_metric(value).map(|(height, _)| height);
                }
                if record.get(metric).is_none() {
                    record.measurements.push(Measurement { metric, value, unit });
                }
            }
        }
    }
    if record.device_time == DeviceTime::Invalid {
        record.flag(Flag::DeviceTimeInvalid);
    }
    consistency::check(&mut record);
    Ok(record)
}

fn gender(text: &[u8]) -> Option<Gender> {
    match text.to_ascii_lowercase().as_slice() {
        b"m" | b"male" => Some(Gender::Male),
        b"f" | b"female" => Some(Gender::Female),
        _ => None,
    }
}

/// `2026.05.12. 18:53:54` and the like: six numbers, year first, seconds optional.
fn time(text: &[u8]) -> Option<DateTime> {
    let text = str::from_utf8(text).ok()?;
    let mut parts = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let mut next = || parts.next()?.parse::<i8>().ok();
    let (month, day, hour, minute) = (next()?, next()?, next()?, next()?);
    let second = parts.next().map_or(Some(0), |second| second.parse().ok())?;
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(texts: &[&str]) -> Vec<Column> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn printed(unit: &Decoded) -> Vec<String> {
        let Ok(Content::Record(record)) = &unit.outcome else {
            panic!("{unit:?}")
        };
        record
            .measurements
            .iter()
            .map(|sent| format!("{} {} {}", sent.metric, sent.value, sent.unit))
            .collect()
    }

    #[test]
    fn columns_are_understood_by_their_names_and_by_the_map() {
        let table = "\u{feff}ID,Gender,Age,Height (in),Weight(lb),\"Body, fat\",Shoe size,Test time\r\n\
                     0042,F,31,66.9,157.20,24.0,38,2026.05.12. 18:53:54\r\n\
                     0043,M,40,,x,-,44,\r\n";
        let map = columns(&["Body, fat=fat_percentage", "Test time=measured_at"]);
        let units = decode(table.as_bytes(), &map).unwrap();
        assert_eq!(
            printed(&units[0]),
            [
                "height 66.9 [in_i]",
                "body_weight 157.20 [lb_av]",
                "fat_percentage 24.0 %"
            ]
        );
        let Ok(Content::Record(record)) = &units[0].outcome else {
            panic!()
        };
        assert_eq!(record.subject.number.as_deref(), Some("0042"));
        assert_eq!(
            record.device_time,
            DeviceTime::Reported("2026-05-12T18:53:54".parse().unwrap())
        );
        assert!(record.raw.starts_with(b"0042,F,31"));
        assert_eq!(units[1].outcome.as_ref().unwrap_err().reason, RejectReason::BadNumber);
    }

    #[test]
    fn a_header_whose_unit_is_of_something_else_is_left_alone() {
        let table = "Weight (kg),Fat (%),Body Fat (kg),Fat percentage (%)\n80.50,24.0,19.3,24.1\n";
        let units = decode(table.as_bytes(), &[]).unwrap();
        assert_eq!(printed(&units[0]), ["body_weight 80.50 kg", "fat_percentage 24.1 %"]);
    }

    #[test]
    fn columns_may_be_separated_by_semicolons_or_tabulators() {
        for separator in [",", ";", "\t"] {
            let table = "ID;\"Weight, dressed\";Weight\n0042;90.0;80.5\n".replace(';', separator);
            let units = decode(table.as_bytes(), &[]).unwrap();
            assert_eq!(printed(&units[0]), ["body_weight 80.5 kg"], "{separator:?}");
        }
    }

    #[test]
    fn a_table_without_a_column_that_is_understood_is_refused_with_those_it_has() {
        for table in ["hello\nworld\n", "ID,Gewicht\n0042,80.5\n"] {
            let Err(BadTable::NoColumn(missing)) = decode(table.as_bytes(), &[]) else {
                panic!("{table}")
            };
            let said = missing.to_string();
            assert!(said.contains("--column HEADER=NAME"), "{said}");
            assert!(said.contains("hello") || said.contains("ID, Gewicht"), "{said}");
        }
        assert_eq!(decode(b"", &[]).unwrap(), []);
    }
}
