//! Rules that concern several sections.

use crate::{Config, Fault, document::Document, missing};

pub(crate) fn check(config: &Config, document: &Document<'_>) -> Result<(), Fault> {
    if config.scanners.is_empty() {
        return Err(missing(
            "scanner",
            "write at least one `[[scanner]]` with `id` and `port`",
        ));
    }
    for (at, scanner) in config.scanners.iter().enumerate() {
        let before = &config.scanners[..at];
        if before.iter().any(|other| other.id == scanner.id) {
            let problem = format!("two scanners are called `{}`: each needs a name of its own", scanner.id);
            return Err(document.fault(&format!("scanner[{at}].id"), problem));
        }
        if let Some(other) = before.iter().find(|other| other.port == scanner.port) {
            let problem = format!("scanner `{}` has the same port: one port serves one scanner", other.id);
            return Err(document.fault(&format!("scanner[{at}].port"), problem));
        }
    }
    Ok(())
}
