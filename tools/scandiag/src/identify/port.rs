//! Listening to a port at the settings that scanners use.

use std::{error::Error, path::Path, time::Duration};

use scanner_driver::{DataBits, OpenError, Parity, PortSelector, SerialSettings, Tap, listen};
use scanner_protocol::identify::{Confidence, Frame, Heard, Identified, Unidentified, identify};

use super::{Answer, probe::QUESTIONS};
use crate::{
    cli::Identify,
    hints::{Looker, by_name_alone},
    output,
    place::NothingThere,
};

/// Settings that scanners use. First the one that answers at once; of the others the most usual first, since a scanner that sends once
/// has to be listened to when it does.
const SETTINGS: [&str; 6] = [CHATTY, "9600 8N1", "2400 7E1", "4800 8N1", "19200 8N1", "2400 8N1"];
/// Of these settings is scan-link alone, whose scanner says hello four times a second.
const CHATTY: &str = "115200 8N1";
/// Longer than this nobody has to listen for a hello.
const LONGEST_CHATTY: Duration = Duration::from_secs(1);

/// Listens to the port and tells what is attached to it.
///
/// # Errors
/// There is no runtime to listen with. A port that cannot be opened is an answer.
pub(super) fn attached(path: &Path, arguments: &Identify) -> Result<Answer, Box<dyn Error>> {
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

/// Why nothing was recognised, for somebody at a port.
pub(super) fn at_a_port(reason: Unidentified) -> String {
    match reason {
        Unidentified::Silence => reason.to_string(),
        Unidentified::WrongFrame | Unidentified::Unknown => format!("{reason}; {}", by_name_alone(Looker::Sniff)),
    }
}
