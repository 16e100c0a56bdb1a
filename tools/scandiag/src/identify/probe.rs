//! Questions to a silent device, in the order in which they do the least harm.

use std::time::Duration;

use scanner_driver::{OpenError, PortSelector, SerialSettings, listen};
use scanner_protocol::{Content, Protocol, decode_all, identify::Confidence};
use tokio::time::sleep;

use crate::output;

/// So long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(1);
/// A Tanita takes no order sooner behind the one before.
const GAP: Duration = Duration::from_millis(100);

/// A question and how its answer is known.
pub(super) struct Question {
    /// What to write in the configuration of a device that answers. It is asked at the usual settings of the protocol.
    pub(super) protocol: Protocol,
    order: Order,
    /// What is asked next where the answer is the order itself, which a joined cable returns as well.
    proof: Option<Order>,
    /// What undoes the question.
    farewell: Option<Order>,
    pub(super) confidence: Confidence,
    pub(super) reason: &'static str,
}

/// What is written, and what a device says to it that understands.
struct Order {
    bytes: &'static [u8],
    is_answer: fn(&[u8]) -> bool,
}

/// What came of a question.
pub(super) enum Asked {
    /// The answer, and no cable gave it.
    Proven,
    /// Nothing.
    Silence,
    /// What was written, and no more.
    Echo,
    /// These bytes, which are no answer.
    Something(Vec<u8>),
}

pub(super) const QUESTIONS: [Question; 4] = [
    // What people measure with the scanner's keys is sent as tagged records. In PC mode those keys are dead, so it is left again at once.
    Question {
        protocol: Protocol::TanitaTagged,
        order: Order {
            bytes: b"M1\r\n",
            is_answer: |answer| lines(answer).any(|line| line == b"M1"),
        },
        proof: Some(Order {
            bytes: b"S?\r\n",
            is_answer: |answer| lines(answer).any(tells_status),
        }),
        farewell: Some(Order {
            bytes: b"M0\r\n",
            is_answer: |answer| lines(answer).any(|line| line == b"M0"),
        }),
        confidence: Confidence::Likely,
        reason: "it entered PC mode when asked; what people measure with its own keys it sends as `tanita-tagged`, and `tanita-pc` is for scans \
                 that a host starts",
    },
    Question {
        protocol: Protocol::TanitaWb,
        order: Order {
            bytes: b"DR\r\n",
            is_answer: tells_weight,
        },
        proof: None,
        farewell: None,
        confidence: Confidence::Certain,
        reason: "it answered with its weight when asked",
    },
    Question {
        protocol: Protocol::Accuniq,
        order: Order {
            bytes: b"\x02A\x03F",
            is_answer: tells_state,
        },
        proof: None,
        farewell: None,
        confidence: Confidence::Certain,
        reason: "it told its state when asked",
    },
    Question {
        protocol: Protocol::Dba310,
        order: Order {
            bytes: b"*idn?\n",
            is_answer: |answer| answer.windows(NAME.len()).any(|text| text == NAME),
        },
        proof: None,
        farewell: None,
        confidence: Confidence::Certain,
        reason: "it said its name when asked; nobody has published the settings of its kind, and these are those it answered at",
    },
];

/// What a DBA-310 calls itself.
const NAME: &[u8] = b"dhy,dba310";

impl Question {
    /// Asks, and undoes the question, answered or not: an answer may be late or damaged.
    ///
    /// # Errors
    /// The port could not be opened, so nothing was asked.
    pub(super) async fn ask(
        &self,
        port: &PortSelector,
        settings: SerialSettings,
        name: &str,
    ) -> Result<Asked, OpenError> {
        let mut answer = self.order.say(port, settings).await?;
        let mut is_proven = answer.is_one;
        if let (true, Some(proof)) = (is_proven, &self.proof) {
            sleep(GAP).await;
            is_proven = match proof.say(port, settings).await {
                Ok(told) => answer.followed_by(told),
                Err(_) => false,
            };
        }
        if let Some(farewell) = &self.farewell {
            sleep(GAP).await;
            match farewell.say(port, settings).await {
                Ok(told) => _ = answer.followed_by(told),
                Err(error) => output::note(&format!(
                    "{name}: what was asked could not be undone; if the keys of the scanner are dead, switch it off and on: {}",
                    output::chain(&error)
                )),
            }
        }
        Ok(match answer {
            _ if is_proven => Asked::Proven,
            Said { beyond, .. } if !beyond.is_empty() => Asked::Something(beyond),
            Said { is_echo: true, .. } => Asked::Echo,
            Said { .. } => Asked::Silence,
        })
    }
}

/// What came in answer to an order.
struct Said {
    is_one: bool,
    /// The order came back.
    is_echo: bool,
    /// What came beyond that.
    beyond: Vec<u8>,
}

impl Order {
    async fn say(&self, port: &PortSelector, settings: SerialSettings) -> Result<Said, OpenError> {
        let came = listen(port, settings, self.bytes, ANSWER, self.is_answer).await?;
        let behind_echo = came.strip_prefix(self.bytes);
        Ok(Said {
            is_one: (self.is_answer)(&came),
            is_echo: behind_echo.is_some(),
            beyond: behind_echo.unwrap_or(&came).to_vec(),
        })
    }
}

impl Said {
    /// Takes what was said next; tells whether that was an answer.
    fn followed_by(&mut self, next: Self) -> bool {
        self.is_echo |= next.is_echo;
        self.beyond.extend(next.beyond);
        next.is_one
    }
}

/// The lines of an answer. A line that rested may put a byte before the first.
fn lines(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = answer.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.map(|line| {
        let begin = line.iter().position(u8::is_ascii_graphic).unwrap_or(line.len());
        line[begin..].trim_ascii_end()
    })
}

/// Whether a line is a status of PC mode, or the `!` of a scanner that does not tell it.
fn tells_status(line: &[u8]) -> bool {
    matches!(line, b"!" | [b'S', b'0'..=b'9' | b'x'])
}

fn tells_weight(answer: &[u8]) -> bool {
    let is_weight = |content| matches!(content, Content::Weight(_));
    contents(Protocol::TanitaWb, answer).any(is_weight)
}

/// Whether a frame with a state is in it: without one it is the question again.
fn tells_state(answer: &[u8]) -> bool {
    contents(Protocol::Accuniq, answer).any(|content| match content {
        Content::Message(message) => message.fields.iter().any(|(name, _)| *name == "state"),
        Content::Record(_) | Content::Weight(_) => false,
    })
}

fn contents(protocol: Protocol, answer: &[u8]) -> impl Iterator<Item = Content> {
    decode_all(protocol, answer)
        .into_iter()
        .filter_map(|unit| unit.outcome.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_echo_of_the_question_answers_it() {
        let [tanita, wb, accuniq, dba] = &QUESTIONS;
        let proof = tanita.proof.as_ref().unwrap();
        for (order, answer, is_answer) in [
            (&tanita.order, &b"M1\r\n"[..], true),
            (&tanita.order, b"\0M1\r\n", true),
            (&tanita.order, b"E5\r\nM1\r\n", true),
            (&tanita.order, b"M1!\r\n", false),
            (&tanita.order, b"", false),
            (proof, b"S?\r\n", false),
            (proof, b"S?\r\nS1\r\n", true),
            (proof, b"Sx\r\n", true),
            (proof, b"!\r\n", true),
            (proof, b"M1\r\n", false),
            (&wb.order, b"DR\r\n", false),
            (&wb.order, b"S     75.0kg\r\n", true),
            (&accuniq.order, b"\x02A\x03F", false),
            (&accuniq.order, b"\x02A\x03F\x02A\x03F", false),
            (&accuniq.order, b"\0\x02A\x03F\x02A6\x03\x7c", true),
            (&accuniq.order, b"\x02A6\x03\x7d", false),
            (&dba.order, b"*idn?\n", false),
            (&dba.order, b"*idn?\ndhy,dba310,0042\n", true),
        ] {
            let said = String::from_utf8_lossy(answer);
            assert_eq!((order.is_answer)(answer), is_answer, "{said:?}");
        }
    }

    #[test]
    fn what_is_asked_is_asked_at_the_settings_of_its_family() {
        let settings = QUESTIONS.map(|question| SerialSettings::usual(question.protocol).to_string());
        assert_eq!(settings, ["9600 8N1", "2400 7E1", "9600 8N1", "9600 8N1"]);
    }
}
