//! `scandiag decode`: what captured bytes mean.

mod input;
pub(crate) mod lookinbody;
pub(crate) mod report;

use std::error::Error;

use scanner_protocol::{Carrier, Decoded, Protocol, decode_all, decode_value};

use self::{
    input::{Captured, Form},
    report::Report,
};
use crate::{cli::Decode, exit::Code, output};

pub(crate) use self::input::InputError;

/// Decodes every file and prints one answer for each record and each rejected frame.
///
/// # Errors
/// If a file cannot be read or is not the hexadecimal text it is said to be, or stdout is closed.
pub(crate) fn run(arguments: &Decode) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::Ok;
    for path in &arguments.files {
        let captured = input::read(path, form(arguments))?;
        let bytes = || captured.iter().map(|captured| captured.bytes.as_slice());
        let units: Vec<_> = match arguments.protocol {
            Protocol::LookinbodyCsv => lookinbody::decode(&bytes().collect::<Vec<_>>().concat(), &arguments.columns)?,
            protocol => captured
                .iter()
                .flat_map(|captured| decode(protocol, captured))
                .collect(),
        };
        if units.is_empty() {
            output::note(&format!(
                "no record in the {} bytes of `{}`",
                bytes().map(<[u8]>::len).sum::<usize>(),
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

fn decode(protocol: Protocol, captured: &Captured) -> Vec<Decoded> {
    match captured.characteristic {
        Some(characteristic) => vec![decode_value(characteristic, &captured.bytes)],
        None => decode_all(protocol, &captured.bytes),
    }
}

fn form(arguments: &Decode) -> Form {
    match (arguments.hex, arguments.protocol.carrier()) {
        (false, _) => Form::Bytes,
        (true, Carrier::Bluetooth) => Form::HexLines,
        (true, Carrier::Serial | Carrier::File) => Form::Hex,
    }
}
