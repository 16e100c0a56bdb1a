//! `scandiag decode`: what captured bytes mean.

mod input;
pub(crate) mod lookinbody;
pub(crate) mod report;
mod value;

use std::{error::Error, io, path::Path};

use scanner_protocol::{Carrier, Decoded, Decoding, Protocol, decode_capture, decode_value};

use self::{input::Captured, report::Report};
use crate::{cli::Decode, exit::Code, output};

pub(crate) use self::input::{InputError, is_hex, read};

/// Decodes every file and prints one answer for each record and each rejected frame. What else there is to say of a file goes to stderr.
///
/// # Errors
/// If a file cannot be read or is not the hexadecimal text it is said to be, or stdout is closed.
pub(crate) fn run(arguments: &Decode) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::Ok;
    for path in &arguments.files {
        if !decode_file(path, arguments)? {
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
        protocol => streams(path, &captured, protocol),
    };
    let good = print(&units, arguments.json)?;
    let name = path.display();
    if length == 0 {
        output::note(&format!("`{name}` is empty"));
    } else if units.is_empty() {
        output::note(&format!("no record in the {length} bytes of `{name}`"));
    } else if bytes_skipped > 0 {
        output::note(&format!(
            "`{name}`: skipped {bytes_skipped} of {length} bytes that nobody understands"
        ));
    }
    if good == 0 && length > 0 {
        give_hint(path, arguments.protocol);
    }
    Ok(good > 0 && good == units.len())
}

/// What a file holds: one stream, or several values.
fn captured(path: &Path, arguments: &Decode) -> Result<Vec<Captured>, InputError> {
    let file = input::read(path)?;
    if arguments.hex {
        return input::unhex(path, &file, arguments.protocol);
    }
    if input::is_hex(&file, arguments.protocol) {
        output::note(&format!(
            "`{}` holds nothing but hexadecimal text; if that is a dump of the bytes, say `--hex`",
            path.display()
        ));
    }
    Ok(vec![Captured::stream(file)])
}

fn table(path: &Path, captured: &[Captured], arguments: &Decode) -> Result<Decoding, InputError> {
    let bytes: Vec<_> = captured.iter().flat_map(|captured| &captured.bytes).copied().collect();
    let rows = lookinbody::decode(&bytes, &arguments.columns);
    let units = rows.map_err(|source| InputError::NoTable {
        path: path.to_owned(),
        source,
    })?;
    Ok(Decoding {
        units,
        bytes_skipped: 0,
    })
}

fn streams(path: &Path, captured: &[Captured], protocol: Protocol) -> Decoding {
    let mut all = Decoding::default();
    for captured in captured {
        let found = decode(protocol, captured);
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

fn decode(protocol: Protocol, captured: &Captured) -> Decoding {
    let one = |unit| Decoding {
        units: vec![unit],
        bytes_skipped: 0,
    };
    match captured.characteristic {
        Some(characteristic) => one(decode_value(characteristic, &captured.bytes)),
        None => value::refuse(protocol, &captured.bytes).map_or_else(|| decode_capture(protocol, &captured.bytes), one),
    }
}

/// What to try where nothing was decoded.
fn give_hint(path: &Path, protocol: Protocol) {
    if protocol.carrier() != Carrier::Serial {
        return;
    }
    let because = match protocol {
        Protocol::Auto => "it knows families that `--protocol auto` does not".to_owned(),
        named => format!("the bytes may be of another family than {named}"),
    };
    output::note(&format!("try `scandiag identify {}`: {because}", path.display()));
}
