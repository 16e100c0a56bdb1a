//! `scandiag decode`: what captured bytes mean.

mod input;
pub(crate) mod lookinbody;
mod report;

use std::error::Error;

use scanner_protocol::{Carrier, Protocol, decode_all};

use self::{input::Form, report::Report};
use crate::{cli::Decode, exit::Code, output};

/// Decodes every file and prints one answer for each record and each rejected frame.
///
/// # Errors
/// If a file cannot be read or is not the hexadecimal text it is said to be, or stdout is closed.
pub(crate) fn run(arguments: &Decode) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::Ok;
    for path in &arguments.files {
        let streams = input::read(path, form(arguments))?;
        let units: Vec<_> = match arguments.protocol {
            Protocol::LookinbodyCsv => lookinbody::decode(&streams.concat(), &arguments.columns)?,
            protocol => streams.iter().flat_map(|bytes| decode_all(protocol, bytes)).collect(),
        };
        if units.is_empty() {
            output::note(&format!(
                "no record in the {} bytes of `{}`",
                streams.iter().map(Vec::len).sum::<usize>(),
                path.display()
            ));
            code = Code::Failed;
        }
        for unit in &units {
            let report = Report::new(unit);
            if !report.is_ok() {
                code = Code::Failed;
            }
            if arguments.json {
                output::json(&report)?;
            } else {
                output::line(&report.to_string())?;
            }
        }
    }
    Ok(code)
}

fn form(arguments: &Decode) -> Form {
    match (arguments.hex, arguments.protocol.carrier()) {
        (false, _) => Form::Bytes,
        (true, Carrier::Bluetooth) => Form::HexLines,
        (true, Carrier::Serial | Carrier::File) => Form::Hex,
    }
}
