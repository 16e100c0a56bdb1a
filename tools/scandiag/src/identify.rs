//! `scandiag identify`: what is attached to a port.

mod port;
mod probe;

use std::{error::Error, path::Path};

use scanner_driver::{SerialSettings, is_pseudo_terminal, list_ports};
use scanner_protocol::{
    Protocol,
    identify::{Frame, Heard, Identified, Unidentified, identify},
};
use serde::Serialize;

use self::{port::attached, probe::Question};
use crate::{
    cli::Identify,
    decode::{is_hex, read},
    exit::Code,
    hints::{Looker, by_name_alone},
    output,
    place::is_captured,
};

/// What is said about one port.
#[derive(Debug, Serialize)]
struct Answer {
    port: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<String>,
    /// The port is a pseudo-terminal: the settings are the family's usual ones, and any others would do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pseudo_terminal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    reason: String,
}

/// Listens to the port, or to every port that nobody holds, and prints what is attached. Writes nothing unless told to probe.
///
/// # Errors
/// The ports cannot be listed, a file cannot be read, or stdout is closed. A port that cannot be opened is an answer.
pub(crate) fn run(arguments: &Identify) -> Result<Code, Box<dyn Error>> {
    let answers = match &arguments.port {
        Some(path) if is_captured(path) => vec![captured(path)?],
        Some(path) => vec![attached(path, arguments)?],
        None => {
            let free = list_ports()?.into_iter().filter(|port| port.held_by.is_empty());
            free.map(|port| attached(&port.path, arguments))
                .collect::<Result<_, _>>()?
        }
    };
    if answers.is_empty() {
        output::note("this machine has no serial port that is free; is the cable or the USB adapter plugged in?");
    }
    for answer in &answers {
        if arguments.json {
            output::json(answer)?;
        } else {
            output::line(&answer.text())?;
        }
    }
    let all = !answers.is_empty() && answers.iter().all(|answer| answer.ok);
    Ok(if all { Code::Ok } else { Code::Failed })
}

/// Bytes of a file: the family and the frame are in them, the speed is not.
fn captured(path: &Path) -> Result<Answer, Box<dyn Error>> {
    let bytes = read(path)?;
    let heard = [Heard {
        frame: Frame::EightNone,
        bytes: &bytes,
    }];
    let name = path.display().to_string();
    Ok(match identify(&heard) {
        Ok(found) => Answer::found(name, &found, found.frame.to_string()),
        Err(_) if is_hex(&bytes, Protocol::Auto) => Answer::nothing(
            name,
            "the file holds hexadecimal text: `scandiag decode --hex` takes it".to_owned(),
        ),
        Err(reason) => Answer::nothing(name, in_a_file(reason)),
    })
}

/// Why nothing was recognised, for somebody who has bytes and no cable.
fn in_a_file(reason: Unidentified) -> String {
    let why = match reason {
        Unidentified::Silence => return "the file is empty".to_owned(),
        Unidentified::WrongFrame => {
            "the bytes have their highest bit set, as seven data bits with parity look at 8N1, and no family explains them"
        }
        Unidentified::Unknown => "no family explains the bytes",
    };
    format!(
        "{why} (were they kept at the scanner's settings?); {}; so are Bluetooth values and tables",
        by_name_alone(Looker::Decode)
    )
}

impl Answer {
    /// The settings to write down are the speed it was heard at, and the frame it has.
    fn heard(path: &Path, found: &Identified, settings: SerialSettings) -> Self {
        let name = path.display().to_string();
        if !is_pseudo_terminal(path) {
            return Self::found(name, found, format!("{} {}", settings.baud(), found.frame));
        }
        Self {
            pseudo_terminal: true,
            ..Self::found(name, found, SerialSettings::usual(found.protocol).to_string())
        }
    }

    fn found(port: String, found: &Identified, settings: String) -> Self {
        Self {
            port,
            ok: true,
            protocol: Some(found.protocol.name()),
            settings: Some(settings),
            pseudo_terminal: false,
            model: found.model.clone(),
            confidence: Some(found.confidence.name()),
            reason: found.reason.clone(),
        }
    }

    fn answered(path: &Path, question: &Question, settings: SerialSettings) -> Self {
        Self {
            pseudo_terminal: is_pseudo_terminal(path),
            protocol: Some(question.protocol.name()),
            settings: Some(settings.to_string()),
            confidence: Some(question.confidence.name()),
            ok: true,
            ..Self::nothing(path.display().to_string(), question.reason.to_owned())
        }
    }

    fn nothing(port: String, reason: String) -> Self {
        Self {
            port,
            ok: false,
            protocol: None,
            settings: None,
            pseudo_terminal: false,
            model: None,
            confidence: None,
            reason,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{:<16} ", self.port);
        match (self.protocol, self.confidence) {
            (Some(protocol), Some(confidence)) => text.push_str(&format!("{protocol} ({confidence})")),
            _ => text.push_str("not recognised"),
        }
        if self.pseudo_terminal {
            text.push_str(", settings cannot be told at a pseudo-terminal");
        } else if let Some(settings) = &self.settings {
            text.push_str(&format!(", {settings}"));
        }
        if let Some(model) = &self.model {
            text.push_str(&format!(", model {model}"));
        }
        text.push_str(&format!(": {}", self.reason));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{port::at_a_port, *};

    #[test]
    fn who_finds_no_family_is_given_the_names_of_those_that_have_to_be_named() {
        for reason in [Unidentified::WrongFrame, Unidentified::Unknown] {
            for (said, command) in [
                (at_a_port(reason), "`scandiag sniff --protocol NAME`"),
                (in_a_file(reason), "`scandiag decode --protocol NAME`"),
            ] {
                for part in [command, "dba310", "seca-460", "bmh05108", "doran"] {
                    assert!(said.contains(part), "{said}");
                }
            }
        }
        assert!(!at_a_port(Unidentified::Silence).contains("NAME"));
    }
}
