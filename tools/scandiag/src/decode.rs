//! `scandiag decode`: what captured bytes mean.

mod input;
mod report;

use std::error::Error;

use scanner_protocol::decode_all;

use self::report::Report;
use crate::{cli::Decode, exit::Code, output};

/// Decodes every file and prints one answer for each record and each rejected frame.
///
/// # Errors
/// If a file cannot be read or is not the hexadecimal text it is said to be, or stdout is closed.
pub(crate) fn run(arguments: &Decode) -> Result<Code, Box<dyn Error>> {
    let mut code = Code::Ok;
    for path in &arguments.files {
        let bytes = input::read(path, arguments.hex)?;
        let units = decode_all(arguments.protocol, &bytes);
        if units.is_empty() {
            output::note(&format!(
                "no record in the {} bytes of `{}`",
                bytes.len(),
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
