//! `scandiag decode`: what captured bytes mean.

mod input;
pub(crate) mod lookinbody;
pub(crate) mod report;
mod value;

use std::{error::Error, io, path::Path};

use scanner_protocol::{Decoded, Decoding, Onlooker, PositionalModel, Protocol, decode_capture, decode_value};

use self::{input::Captured, lookinbody::BadTable, report::Report};
use crate::{
    cli::Decode,
    exit::Code,
    hints::{self, Looked, Looker},
    output,
};

pub(crate) use self::input::{InputError, is_hex, read};

/// Decodes every file and prints one answer for each record and each rejected frame. What else there is to say of a file goes to stderr.
///
/// # Errors
/// If stdout is closed. A file that cannot be read, or is not what it is said to be, is told of and makes the others no worse.
pub(crate) fn run(arguments: &Decode) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::Ok;
    for path in &arguments.files {
        let is_whole = match decode_file(path, arguments) {
            Err(error) if error.is::<InputError>() => {
                output::error(error.as_ref());
                false
            }
            other => other?,
        };
        if !is_whole {
            code = Code::Failed;
        }
    }
    Ok(code)
}

/// Whether every unit was decoded, and there is one.
fn decode_file(path: &Path, arguments: &Decode) -> Result<bool, Box<dyn Error>> {
    let captured = captured(path, arguments)?;
    let length: usize = captured.iter().map(|captured| captured.bytes.len()).sum();
    let Decoding { units, bytes_skipped } = match arguments.protocol {
        Protocol::LookinbodyCsv => table(path, &captured, arguments)?,
        protocol => streams(path, &captured, protocol, arguments.model),
    };
    let good = print(&units, arguments.json)?;
    let name = path.display();
    if units.is_empty() && length > 0 {
        output::note(&format!("no record in the {length} bytes of `{name}`"));
    } else if bytes_skipped > 0 {
        output::note(&format!(
            "`{name}`: skipped {bytes_skipped} of {length} bytes that nobody understands"
        ));
    }
    let looked = Looked {
        path,
        looker: Looker::Decode,
        protocol: arguments.protocol,
        model: arguments.model,
        is_dump: arguments.hex,
        bytes: length as u64,
        good: good as u64,
        needs_model: units.iter().any(hints::needs_model),
    };
    looked.hint();
    Ok(good > 0 && good == units.len())
}

/// What a file holds: one stream, or several values.
fn captured(path: &Path, arguments: &Decode) -> Result<Vec<Captured>, InputError> {
    let file = input::read(path)?;
    if arguments.hex {
        return input::unhex(path, &file, arguments.protocol);
    }
    if input::is_hex(&file, arguments.protocol) {
        output::note(&hints::hexadecimal(path, "say `--hex`"));
    }
    Ok(vec![Captured::stream(file)])
}

fn table(path: &Path, captured: &[Captured], arguments: &Decode) -> Result<Decoding, InputError> {
    let bytes: Vec<_> = captured.iter().flat_map(|captured| &captured.bytes).copied().collect();
    let rows = lookinbody::decode(&bytes, &arguments.columns);
    let path = || path.to_owned();
    let units = rows.map_err(|error| match error {
        BadTable::NoTable(source) => InputError::NoTable { path: path(), source },
        BadTable::NoColumn(missing) => InputError::NoColumn { path: path(), missing },
    })?;
    Ok(Decoding {
        units,
        bytes_skipped: 0,
    })
}

fn streams(path: &Path, captured: &[Captured], protocol: Protocol, model: Option<PositionalModel>) -> Decoding {
    let mut all = Decoding::default();
    for captured in captured {
        let found = decode(protocol, model, captured);
        for surplus in found.units.iter().filter_map(|unit| value::surplus(unit, captured)) {
            output::note(&format!("`{}`: {surplus}", path.display()));
        }
        all.units.extend(found.units);
        all.bytes_skipped += found.bytes_skipped;
    }
    all
}

/// Prints the answers; says how many of the units were decoded.
fn print(units: &[Decoded], json: bool) -> io::Result<usize> {
    let mut good = 0;
    for unit in units {
        let report = Report::new(unit);
        good += usize::from(report.is_ok());
        if json {
            output::json(&report)?;
        } else {
            output::line(&report.to_string())?;
        }
    }
    Ok(good)
}

fn decode(protocol: Protocol, model: Option<PositionalModel>, captured: &Captured) -> Decoding {
    if let Some(model) = model {
        return Onlooker::positional(model).decode(&captured.bytes);
    }
    let one = |unit| Decoding {
        units: vec![unit],
        bytes_skipped: 0,
    };
    match captured.characteristic {
        Some(characteristic) => one(decode_value(characteristic, &captured.bytes)),
        None => value::refuse(protocol, &captured.bytes).map_or_else(|| decode_capture(protocol, &captured.bytes), one),
    }
}
