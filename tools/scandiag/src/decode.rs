//! `scandiag decode`: what captured bytes mean.

mod input;
pub(crate) mod lookinbody;
pub(crate) mod report;
mod value;

use std::{error::Error, path::Path};

use scanner_protocol::{Carrier, Decoding, Protocol, decode_capture, decode_value};

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
    let protocol = arguments.protocol;
    let file = input::read(path)?;
    if !arguments.hex && input::is_hex(&file, protocol) {
        output::note(&format!(
            "`{}` holds nothing but hexadecimal text; if that is a dump of the bytes, say `--hex`",
            path.display()
        ));
    }
    let captured = match arguments.hex {
        true => input::unhex(path, &file, protocol)?,
        false => vec![Captured::stream(file)],
    };
    let mut length = 0;
    let mut skipped = 0;
    let mut units = Vec::new();
    if protocol == Protocol::LookinbodyCsv {
        let table: Vec<_> = captured.iter().flat_map(|captured| &captured.bytes).copied().collect();
        length = table.len();
        units = lookinbody::decode(&table, &arguments.columns).map_err(|source| InputError::NoTable {
            path: path.to_owned(),
            source,
        })?;
    } else {
        for captured in &captured {
            let decoding = decode(protocol, captured);
            for surplus in decoding.units.iter().filter_map(|unit| value::surplus(unit, captured)) {
                output::note(&format!("`{}`: {surplus}", path.display()));
            }
            length += captured.bytes.len();
            skipped += decoding.bytes_skipped;
            units.extend(decoding.units);
        }
    }
    let mut good = 0;
    for unit in &units {
        let report = Report::new(unit);
        good += usize::from(report.is_ok());
        if arguments.json {
            output::json(&report)?;
        } else {
            output::line(&report.to_string())?;
        }
    }
    if length == 0 {
        output::note(&format!("`{}` is empty", path.display()));
    } else if units.is_empty() {
        output::note(&format!("no record in the {length} bytes of `{}`", path.display()));
    } else if skipped > 0 {
        output::note(&format!(
            "`{}`: skipped {skipped} of {length} bytes that nobody understands",
            path.display()
        ));
    }
    if good == 0 && length > 0 {
        give_hint(path, protocol);
    }
    Ok(good > 0 && good == units.len())
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
