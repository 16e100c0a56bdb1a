//! `scandiag identify`: what is attached to a port.

mod probe;

use std::{error::Error, path::Path, time::Duration};

use scanner_driver::{
    DataBits, OpenError, Parity, PortSelector, SerialSettings, Tap, is_pseudo_terminal, list_ports, listen,
};
use scanner_protocol::{
    Protocol,
    identify::{Confidence, Frame, Heard, Identified, Unidentified, identify},
};
use serde::Serialize;

use self::probe::{QUESTIONS, Question};
use crate::{
    cli::Identify,
    decode::{is_hex, read},
    exit::Code,
    hints::{Looker, by_name_alone},
    output,
    place::{NothingThere, is_captured},
};

/// Settings that scanners use. First the one that answers at once; of the others the most usual first, since a scanner that sends once
/// has to be listened to when it does.
const SETTINGS: [&str; 6] = [CHATTY, "9600 8N1", "2400 7E1", "4800 8N1", "19200 8N1", "2400 8N1"];
/// Of these settings is scan-link alone, whose scanner says hello four times a second.
const CHATTY: &str = "115200 8N1";
/// Longer than this nobody has to listen for a hello.
const LONGEST_CHATTY: Duration = Duration::from_secs(1);

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

/// Why nothing was recognised, for somebody at a port.
fn at_a_port(reason: Unidentified) -> String {
    match reason {
        Unidentified::Silence => reason.to_string(),
        Unidentified::WrongFrame | Unidentified::Unknown => format!("{reason}; {}", by_name_alone(Looker::Sniff)),
    }
}

fn attached(path: &Path, arguments: &Identify) -> Result<Answer, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let port = PortSelector::from(path);
        let name = path.display().to_string();
        let longest = Duration::from_secs(arguments.seconds);
        let mut all: Vec<(SerialSettings, Vec<u8>)> = Vec::new();
        for text in SETTINGS {
            let settings: SerialSettings = text.parse()?;
            let time = match text {
                CHATTY => longest.min(LONGEST_CHATTY),
                _ => longest,
            };
            let tap = match Tap::open(&port, settings).await {
                Ok(tap) => tap,
                // An adapter that cannot do these settings may do the next.
                Err(OpenError::BadSettings { .. }) => continue,
                Err(error) => return Ok(Answer::nothing(name, output::chain(&NothingThere::from(error)))),
            };
            output::note(&format!("{name}: listening at {settings} for {} s", time.as_secs()));
            let bytes = tap.listen(time, |bytes| is_certain(settings, bytes)).await;
            all.push((settings, bytes));
            // At a wrong speed, noise may begin like a frame: what is merely possible waits for something better.
            if let Ok(found) = recognised(&all)
                && found.confidence >= Confidence::Likely
            {
                return Ok(Answer::heard(path, &found, all[found.heard].0));
            }
        }
        let silent = all.iter().all(|(_, bytes)| bytes.is_empty());
        if arguments.probe && silent {
            for question in QUESTIONS {
                let settings: SerialSettings = question.settings.parse()?;
                output::note(&format!("{name}: asking for {} at {settings}", question.protocol));
                let asked = listen(
                    &port,
                    settings,
                    question.bytes,
                    Duration::from_secs(1),
                    question.is_answer,
                );
                let Ok(answer) = asked.await else {
                    continue;
                };
                if (question.is_answer)(&answer) {
                    if !question.farewell.is_empty() {
                        let _ = listen(&port, settings, question.farewell, Duration::from_secs(1), |_| false).await?;
                    }
                    return Ok(Answer::answered(path, &question, settings));
                }
            }
        }
        Ok(match recognised(&all) {
            Ok(found) => Answer::heard(path, &found, all[found.heard].0),
            Err(reason) => Answer::nothing(name, at_a_port(reason)),
        })
    })
}

fn recognised(all: &[(SerialSettings, Vec<u8>)]) -> Result<Identified, Unidentified> {
    let heard: Vec<_> = all.iter().map(|(settings, bytes)| at(*settings, bytes)).collect();
    identify(&heard)
}

/// Whether a checksum leaves no doubt, so that nothing more has to be waited for.
fn is_certain(settings: SerialSettings, bytes: &[u8]) -> bool {
    identify(&[at(settings, bytes)]).is_ok_and(|found| found.confidence == Confidence::Certain)
}

fn at(settings: SerialSettings, bytes: &[u8]) -> Heard<'_> {
    Heard {
        frame: match (settings.data_bits(), settings.parity()) {
            (DataBits::Seven, Parity::Even) => Frame::SevenEven,
            _ => Frame::EightNone,
        },
        bytes,
    }
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
    use super::*;

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
