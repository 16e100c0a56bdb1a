//! `scandiag identify`: what is attached to a port.

mod probe;

use std::{error::Error, fs, path::Path, time::Duration};

use scanner_driver::{DataBits, Parity, PortSelector, SerialSettings, list_ports, listen};
use scanner_protocol::{
    Protocol,
    identify::{Confidence, Frame, Heard, Identified, identify},
};
use serde::Serialize;

use self::probe::QUESTIONS;
use crate::{cli::Identify, exit::Code, output};

/// Settings that scanners use, the most usual first.
const SETTINGS: [&str; 6] = [
    "9600 8N1",
    "2400 7E1",
    "4800 8N1",
    "19200 8N1",
    "2400 8N1",
    "115200 8N1",
];

/// What is said about one port.
#[derive(Debug, Serialize)]
struct Answer {
    port: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<String>,
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
        Some(path) if path.is_file() => vec![captured(path)?],
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
    let bytes = fs::read(path)?;
    let heard = [Heard {
        frame: Frame::EightNone,
        bytes: &bytes,
    }];
    let name = path.display().to_string();
    Ok(match identify(&heard) {
        Ok(found) => Answer::found(name, &found, found.frame.to_string()),
        Err(reason) => Answer::nothing(name, reason.to_string()),
    })
}

fn attached(path: &Path, arguments: &Identify) -> Result<Answer, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let port = PortSelector::from(path);
        let name = path.display().to_string();
        let time = Duration::from_secs(arguments.seconds);
        let mut all = Vec::new();
        for settings in SETTINGS {
            let settings: SerialSettings = settings.parse()?;
            output::note(&format!("{name}: listening at {settings} for {} s", time.as_secs()));
            match listen(&port, settings, &[], time).await {
                Ok(bytes) => all.push((settings, bytes)),
                // An adapter that cannot do these settings may do the next.
                Err(scanner_driver::OpenError::BadSettings { .. }) => {}
                Err(error) => return Ok(Answer::nothing(name, output::chain(&error))),
            }
            // At a wrong speed, noise may begin like a frame: what is merely possible waits for something better.
            if let Ok(found) = recognised(&all)
                && found.confidence >= Confidence::Likely
            {
                let settings = set(all[found.heard].0, found.frame);
                return Ok(Answer::found(name, &found, settings));
            }
        }
        let silent = all.iter().all(|(_, bytes)| bytes.is_empty());
        if arguments.probe && silent {
            for question in QUESTIONS {
                let settings: SerialSettings = question.settings.parse()?;
                output::note(&format!("{name}: asking for {} at {settings}", question.protocol));
                let Ok(answer) = listen(&port, settings, question.bytes, Duration::from_secs(1)).await else {
                    continue;
                };
                if (question.is_answer)(&answer) {
                    if !question.farewell.is_empty() {
                        let _ = listen(&port, settings, question.farewell, Duration::from_secs(1)).await?;
                    }
                    return Ok(Answer::answered(name, question.protocol, settings, question.reason));
                }
            }
        }
        Ok(match recognised(&all) {
            Ok(found) => {
                let settings = set(all[found.heard].0, found.frame);
                Answer::found(name, &found, settings)
            }
            Err(reason) => Answer::nothing(name, reason.to_string()),
        })
    })
}

fn recognised(all: &[(SerialSettings, Vec<u8>)]) -> Result<Identified, scanner_protocol::identify::Unidentified> {
    let heard: Vec<_> = all
        .iter()
        .map(|(settings, bytes)| Heard {
            frame: match (settings.data_bits(), settings.parity()) {
                (DataBits::Seven, Parity::Even) => Frame::SevenEven,
                _ => Frame::EightNone,
            },
            bytes,
        })
        .collect();
    identify(&heard)
}

/// The settings to write down: the speed it was heard at, and the frame it has.
fn set(heard: SerialSettings, frame: Frame) -> String {
    format!("{} {frame}", heard.baud())
}

impl Answer {
    fn found(port: String, found: &Identified, settings: String) -> Self {
        Self {
            port,
            ok: true,
            protocol: Some(found.protocol.name()),
            settings: Some(settings),
            model: found.model.clone(),
            confidence: Some(found.confidence.name()),
            reason: found.reason.clone(),
        }
    }

    fn answered(port: String, protocol: Protocol, settings: SerialSettings, reason: &str) -> Self {
        Self {
            protocol: Some(protocol.name()),
            settings: Some(settings.to_string()),
            confidence: Some("certain"),
            ok: true,
            ..Self::nothing(port, reason.to_owned())
        }
    }

    fn nothing(port: String, reason: String) -> Self {
        Self {
            port,
            ok: false,
            protocol: None,
            settings: None,
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
        if let Some(settings) = &self.settings {
            text.push_str(&format!(", {settings}"));
        }
        if let Some(model) = &self.model {
            text.push_str(&format!(", model {model}"));
        }
        text.push_str(&format!(": {}", self.reason));
        text
    }
}
