//! A port that somebody listens to, and may ask, to find out what is attached.

use std::{error::Error, path::Path, time::Duration};

use scanner_driver::{DataBits, OpenError, Parity, PortSelector, SerialSettings, Tap};
use scanner_protocol::identify::{Confidence, Frame, Heard, Identified, Unidentified, identify};
use tokio::time::Instant;

use super::{
    Answer,
    probe::{Asked, QUESTIONS},
};
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

/// Listens to the port, asks what is silent if it may, and tells what is attached.
///
/// # Errors
/// There is no runtime to listen with. A port that cannot be opened is an answer.
pub(super) fn attached(path: &Path, arguments: &Identify) -> Result<Answer, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut port = Port::new(path);
        let longest = Duration::from_secs(arguments.seconds);
        for text in SETTINGS {
            let time = match text {
                CHATTY => longest.min(LONGEST_CHATTY),
                _ => longest,
            };
            match port.listen(text.parse()?, time).await {
                // An adapter that cannot do these settings may do the next.
                Ok(()) | Err(OpenError::BadSettings { .. }) => {}
                Err(error) => return Ok(port.closed(error)),
            }
            // At a wrong speed, noise may begin like a frame: what is merely possible waits for something better.
            if let Ok(found) = port.recognised()
                && found.confidence >= Confidence::Likely
            {
                return Ok(port.heard(&found));
            }
        }
        if arguments.probe {
            match port.probe(Duration::from_secs(arguments.quiet)).await {
                Ok(None) => {}
                Ok(Some(answer)) => return Ok(answer),
                Err(error) => return Ok(port.closed(error)),
            }
        }
        Ok(match port.recognised() {
            Ok(found) => port.heard(&found),
            Err(reason) => Answer::nothing(port.name, at_a_port(reason)),
        })
    })
}

/// Why nothing was recognised, for somebody at a port.
pub(super) fn at_a_port(reason: Unidentified) -> String {
    match reason {
        Unidentified::Silence => reason.to_string(),
        Unidentified::WrongFrame | Unidentified::Unknown => format!("{reason}; {}", by_name_alone(Looker::Sniff)),
    }
}

/// A port, and what came over it so far.
struct Port<'a> {
    path: &'a Path,
    name: String,
    selector: PortSelector,
    heard: Vec<(SerialSettings, Vec<u8>)>,
    /// So long somebody listened, all settings together.
    listened: Duration,
}

impl<'a> Port<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            name: path.display().to_string(),
            selector: PortSelector::from(path),
            heard: Vec::new(),
            listened: Duration::ZERO,
        }
    }

    /// Listens at these settings for this time, or until a checksum leaves no doubt.
    async fn listen(&mut self, settings: SerialSettings, time: Duration) -> Result<(), OpenError> {
        let tap = Tap::open(&self.selector, settings).await?;
        let began = Instant::now();
        self.note(&format!("listening at {settings} for {} s", time.as_secs()));
        let bytes = tap.listen(time, |bytes| is_certain(settings, bytes)).await;
        self.listened += began.elapsed();
        self.heard.push((settings, bytes));
        Ok(())
    }

    /// Asks what was silent for the time `quiet`: nobody who sends is disturbed, and no measurement. `None` if nothing came of it.
    async fn probe(&mut self, quiet: Duration) -> Result<Option<Answer>, OpenError> {
        let rest = quiet.saturating_sub(self.listened);
        if self.is_silent() && !rest.is_zero() {
            // Whole seconds are what is said.
            let rest = Duration::from_secs(rest.as_secs() + u64::from(rest.subsec_nanos() > 0));
            self.note(&format!(
                "nothing is asked before {} s of silence, so {} s more",
                quiet.as_secs(),
                rest.as_secs()
            ));
            self.listen(SerialSettings::COMMON, rest).await?;
        }
        for question in QUESTIONS {
            if !self.is_silent() {
                self.note("something came, so nothing is asked any more");
                break;
            }
            let settings = SerialSettings::usual(question.protocol);
            self.note(&format!("asking for {} at {settings}", question.protocol));
            match question.ask(&self.selector, settings, &self.name).await {
                Ok(Asked::Proven) => return Ok(Some(Answer::answered(self.path, &question, settings))),
                Ok(Asked::Silence) => {}
                Ok(Asked::Echo) => {
                    self.note("the question itself came back, as over a joined cable: that proves nothing");
                }
                Ok(Asked::Something(bytes)) => self.heard.push((settings, bytes)),
                Err(error) => self.note(&format!("it was not asked: {}", output::chain(&error))),
            }
        }
        Ok(None)
    }

    fn is_silent(&self) -> bool {
        self.heard.iter().all(|(_, bytes)| bytes.is_empty())
    }

    fn recognised(&self) -> Result<Identified, Unidentified> {
        let heard = self.heard.iter().map(|(settings, bytes)| at(*settings, bytes));
        identify(&heard.collect::<Vec<_>>())
    }

    fn heard(&self, found: &Identified) -> Answer {
        Answer::heard(self.path, found, self.heard[found.heard].0)
    }

    fn closed(self, error: OpenError) -> Answer {
        Answer::nothing(self.name, output::chain(&NothingThere::from(error)))
    }

    fn note(&self, text: &str) {
        output::note(&format!("{}: {text}", self.name));
    }
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
