//! Questions to a silent device, in the order in which they do the least harm.

use scanner_protocol::{Content, Protocol, decode_all, identify::Confidence};

/// A question and how its answer is known.
pub(super) struct Question {
    /// What to write in the configuration of a device that answers.
    pub(super) protocol: Protocol,
    pub(super) settings: &'static str,
    pub(super) bytes: &'static [u8],
    pub(super) is_answer: fn(&[u8]) -> bool,
    pub(super) confidence: Confidence,
    pub(super) reason: &'static str,
    /// What undoes the question.
    pub(super) farewell: &'static [u8],
}

pub(super) const QUESTIONS: [Question; 3] = [
    // In PC mode the keys of the scanner are dead, so it is left again at once. What people measure with those keys is sent as tagged
    // records. The answer is the order itself, which a cable whose ends are joined returns as well.
    Question {
        protocol: Protocol::TanitaTagged,
        settings: "9600 8N1",
        bytes: b"M1\r\n",
        is_answer: |answer| answer.starts_with(b"M1"),
        confidence: Confidence::Likely,
        reason: "it entered PC mode when asked; what people measure with its own keys it sends as `tanita-tagged`, and `tanita-pc` is for scans \
                 that a host starts",
        farewell: b"M0\r\n",
    },
    Question {
        protocol: Protocol::TanitaWb,
        settings: "2400 7E1",
        bytes: b"DR\r\n",
        is_answer: |answer| answers_as(Protocol::TanitaWb, answer),
        confidence: Confidence::Certain,
        reason: "it answered with its weight when asked",
        farewell: b"",
    },
    Question {
        protocol: Protocol::Accuniq,
        settings: "9600 8N1",
        bytes: b"\x02A\x03F",
        is_answer: |answer| answers_as(Protocol::Accuniq, answer.strip_prefix(b"\x02A\x03F").unwrap_or(answer)),
        confidence: Confidence::Certain,
        reason: "it told its state when asked",
        farewell: b"",
    },
];

fn answers_as(protocol: Protocol, answer: &[u8]) -> bool {
    decode_all(protocol, answer)
        .iter()
        .any(|unit| matches!(unit.outcome, Ok(Content::Weight(_) | Content::Message(_))))
}
