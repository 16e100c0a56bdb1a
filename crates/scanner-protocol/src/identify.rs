//! Which family bytes belong to that were heard at one or several settings of a serial port. Pure: somebody else listens.

use std::fmt;

use scan_model::Integrity;

use crate::{
    Content, Decoded, Protocol,
    decode::{Decoding, decode_all, decode_capture},
    scan_link,
};

/// What was heard at one setting.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The frame that the port was set to.
    pub frame: Frame,
    /// The bytes, with all that was between frames.
    pub bytes: &'a [u8],
}

/// The frames that scanners use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Eight data bits, no parity: `8N1`.
    EightNone,
    /// Seven data bits, even parity: `7E1`.
    SevenEven,
}

/// What a device was recognised as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// Which of the settings it was recognised at: the speed is that one's.
    pub heard: usize,
    /// The frame to set: not always the one it was heard at.
    pub frame: Frame,
    /// The family.
    pub protocol: Protocol,
    /// The model, where the device sent it.
    pub model: Option<String>,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why, for a technician. Holds no measured value.
    pub reason: String,
}

/// How sure a recognition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// One frame that nothing vouches for, or the beginning of one.
    Possible,
    /// Several frames that nothing but their form vouches for.
    Likely,
    /// A frame with a right checksum.
    Certain,
}

/// Why nothing was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unidentified {
    /// Nothing came.
    #[error("nothing was heard; most scanners send only at the end of a measurement, and some only when asked")]
    Silence,
    /// Bytes with their highest bit set, so that the frame is probably wrong.
    #[error(
        "bytes came with their highest bit set, as seven data bits with parity look at 8N1, and no family explains them"
    )]
    WrongFrame,
    /// Bytes that mean nothing.
    #[error("bytes came, and no family explains them; the speed may be wrong")]
    Unknown,
}

impl Confidence {
    /// Word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EightNone => "8N1",
            Self::SevenEven => "7E1",
        })
    }
}

/// The families that a device shows by what it sends: not those that are experimental.
const FAMILIES: [Protocol; 9] = [
    Protocol::ScanLink,
    Protocol::TanitaTagged,
    Protocol::And,
    Protocol::Toledo,
    Protocol::TanitaPositional,
    Protocol::TanitaWb,
    Protocol::TanitaWeight,
    Protocol::RiceLake,
    Protocol::Adam,
];

/// Those of them that [`Protocol::Auto`] hears.
pub(crate) const ANNOUNCED: [Protocol; 3] = [Protocol::TanitaTagged, Protocol::And, Protocol::Toledo];

/// Recognises the device that was heard. The best explanation of any setting counts, of equals the first.
///
/// # Errors
/// [`Unidentified`] if none of the bytes mean anything.
pub fn identify(heard: &[Heard<'_>]) -> Result<Identified, Unidentified> {
    let mut best: Option<(Evidence, Identified)> = None;
    for (place, &Heard { frame, bytes }) in heard.iter().enumerate() {
        let stripped = (frame == Frame::EightNone).then(|| without_parity(bytes)).flatten();
        // Some families take the highest bit off by themselves and make the same of both.
        let views = [
            stripped.as_deref().map(|bytes| (Frame::SevenEven, bytes)),
            Some((frame, bytes)),
        ];
        for (frame, bytes) in views.into_iter().flatten() {
            for protocol in FAMILIES {
                let Some(evidence) = Evidence::in_bytes(protocol, bytes) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(known, _)| evidence.rank() > known.rank()) {
                    let identified = evidence.explain(place, frame, protocol);
                    best = Some((evidence, identified));
                }
            }
        }
    }
    best.map(|(_, identified)| identified).ok_or_else(|| {
        let is_of_another_frame =
            |heard: &Heard<'_>| has_even_parity(heard.bytes) || nearly_all(heard.bytes, |byte| byte & HIGHEST != 0);
        if heard.iter().all(|heard| heard.bytes.is_empty()) {
            Unidentified::Silence
        } else if heard.iter().any(is_of_another_frame) {
            Unidentified::WrongFrame
        } else {
            Unidentified::Unknown
        }
    })
}

/// The one of `families` that explains `bytes` best, of equals the first, with what it makes of them.
pub(crate) fn explained_by(families: &[Protocol], bytes: &[u8]) -> Decoding {
    let decodings = families.iter().map(|&protocol| decode_capture(protocol, bytes));
    let mut best: Option<(Option<Evidence>, Decoding)> = None;
    for decoding in decodings {
        let evidence = Evidence::of(&decoding.units);
        let rank = evidence.as_ref().map(Evidence::rank);
        if best
            .as_ref()
            .is_none_or(|(known, _)| rank > known.as_ref().map(Evidence::rank))
        {
            best = Some((evidence, decoding));
        }
    }
    best.map(|(_, decoding)| decoding).unwrap_or_default()
}

/// What the units of a capture say for a family.
struct Evidence {
    verified: usize,
    whole: usize,
    rejected: usize,
    model: Option<String>,
}

impl Evidence {
    fn in_bytes(protocol: Protocol, bytes: &[u8]) -> Option<Self> {
        if protocol != Protocol::ScanLink {
            return Self::of(&decode_all(protocol, bytes));
        }
        // Every frame has a checksum, not results alone. What is no frame says nothing: zeros cut up any family's bytes.
        let scan_link::Heard { frames, model } = scan_link::hear(bytes)?;
        Some(Self {
            verified: frames,
            whole: frames,
            rejected: 0,
            model,
        })
    }

    fn of(units: &[Decoded]) -> Option<Self> {
        let mut evidence = Self {
            verified: 0,
            whole: 0,
            rejected: 0,
            model: None,
        };
        for unit in units {
            let integrity = match &unit.outcome {
                Ok(Content::Record(record)) => {
                    evidence.model = evidence.model.take().or_else(|| record.device.model.clone());
                    record.integrity
                }
                Ok(Content::Weight(weight)) => weight.integrity,
                Ok(Content::Message(_)) => Integrity::None,
                Err(_) => {
                    evidence.rejected += 1;
                    continue;
                }
            };
            evidence.whole += 1;
            evidence.verified += usize::from(integrity == Integrity::Verified);
        }
        (evidence.whole + evidence.rejected > 0).then_some(evidence)
    }

    fn confidence(&self) -> Confidence {
        match self {
            Self { verified: 1.., .. } => Confidence::Certain,
            Self { whole: 2.., .. } => Confidence::Likely,
            _ => Confidence::Possible,
        }
    }

    /// Greater is better.
    fn rank(&self) -> (Confidence, usize, usize) {
        (self.confidence(), self.whole, self.rejected)
    }

    fn explain(&self, heard: usize, frame: Frame, protocol: Protocol) -> Identified {
        let frames = |count: usize| {
            if count == 1 {
                "1 frame".to_owned()
            } else {
                format!("{count} frames")
            }
        };
        let reason = match self {
            Self { verified: 1.., .. } => format!("{} with a right checksum", frames(self.verified)),
            Self { whole: 1.., .. } => format!("{} of its form, which has no checksum", frames(self.whole)),
            _ => format!("{} beginning like its own, and nothing whole", frames(self.rejected)),
        };
        Identified {
            heard,
            frame,
            protocol,
            model: self.model.clone(),
            confidence: self.confidence(),
            reason,
        }
    }
}

/// What a port at 8N1 makes of the parity bit of seven data bits.
const HIGHEST: u8 = 0x80;

/// The seven data bits of bytes with even parity, as a port at 8N1 shows what is sent at 7E1. `None` if they have it not.
fn without_parity(bytes: &[u8]) -> Option<Vec<u8>> {
    has_even_parity(bytes).then(|| bytes.iter().map(|byte| byte & !HIGHEST).collect())
}

/// Without the highest bit in any of them, bytes of even parity are so by chance.
fn has_even_parity(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| byte & HIGHEST != 0) && nearly_all(bytes, |byte| byte.count_ones() % 2 == 0)
}

/// Whether at most one in sixteen is not so: listening may begin in the middle of a byte, and a line has disturbances.
fn nearly_all(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> bool {
    let others = bytes.iter().filter(|&&byte| !is_so(byte)).count();
    !bytes.is_empty() && others * 16 <= bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGGED: &[u8] = b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n";

    fn heard(bytes: &[u8]) -> Heard<'_> {
        Heard {
            frame: Frame::EightNone,
            bytes,
        }
    }

    fn seven_even(bytes: &[u8]) -> Vec<u8> {
        let parity = |byte: u8| if byte.count_ones() % 2 == 1 { 0x80 } else { 0 };
        bytes.iter().map(|&byte| byte | parity(byte)).collect()
    }

    #[test]
    fn a_family_is_recognised_with_its_model_at_the_setting_where_it_made_sense() {
        let found = identify(&[heard(b"\x80\x00\xf8"), heard(b""), heard(TAGGED)]).unwrap();
        assert_eq!(
            (found.heard, found.protocol, found.confidence),
            (2, Protocol::TanitaTagged, Confidence::Certain)
        );
        assert_eq!(found.model.as_deref(), Some("HD-351BT"));
        assert_eq!(found.reason, "1 frame with a right checksum");
    }

    #[test]
    fn seven_bits_with_parity_are_seen_through_eight() {
        let lines = seven_even(&b"US,+00070.15 kg\r\n".repeat(3));
        let found = identify(&[heard(&lines)]).unwrap();
        assert_eq!((found.protocol, found.frame), (Protocol::And, Frame::SevenEven));
        assert_eq!(found.confidence, Confidence::Likely);
        assert_eq!(
            identify(&[heard(b"ST,+00070.50 kg\r\n")]).unwrap().frame,
            Frame::EightNone
        );
    }

    #[test]
    fn up_to_one_damaged_byte_in_sixteen_hides_no_parity() {
        let mut lines = seven_even(&b"US,+00070.15 kg\r\n".repeat(3));
        for place in [0, 20, 40] {
            lines[place] ^= 1;
        }
        let found = identify(&[heard(&lines)]).unwrap();
        assert_eq!((found.protocol, found.frame), (Protocol::And, Frame::SevenEven));
        lines[45] ^= 1;
        assert_eq!(identify(&[heard(&lines)]), Err(Unidentified::Unknown));
    }

    #[test]
    fn a_family_that_takes_the_parity_off_by_itself_has_the_frame_it_was_sent_in() {
        let frames = b"\x02+0    705     0\r*".repeat(2);
        for (bytes, frame) in [(seven_even(&frames), Frame::SevenEven), (frames, Frame::EightNone)] {
            let found = identify(&[heard(&bytes)]).unwrap();
            assert_eq!((found.protocol, found.frame), (Protocol::Toledo, frame));
        }
    }

    #[test]
    fn bits_that_are_no_parity_are_not_taken_off() {
        let line = b"US,+00070.15 kg\r\n".repeat(3);
        let marked: Vec<_> = line.iter().map(|byte| byte | 0x80).collect();
        assert_eq!(identify(&[heard(&marked)]), Err(Unidentified::WrongFrame));
        // At a port that was set to it, the parity is gone already.
        let set = Heard {
            frame: Frame::SevenEven,
            bytes: &line,
        };
        assert_eq!(identify(&[set]).unwrap().frame, Frame::SevenEven);
        let doubled = seven_even(&line);
        let set = Heard {
            frame: Frame::SevenEven,
            bytes: &doubled,
        };
        assert_eq!(identify(&[set]), Err(Unidentified::WrongFrame));
    }

    #[test]
    fn the_best_explanation_counts_and_of_equals_the_first() {
        let line = &b"ST,+00070.50 kg\r\n"[..];
        let lines = line.repeat(2);
        let cut = &TAGGED[..20];
        let place = |all: &[&[u8]]| {
            let all: Vec<_> = all.iter().map(|bytes| heard(bytes)).collect();
            identify(&all).unwrap().heard
        };
        assert_eq!(place(&[line, line]), 0, "equals");
        assert_eq!(place(&[line, &lines]), 1, "more frames");
        assert_eq!(place(&[&lines, line]), 0, "more frames");
        assert_eq!(place(&[&lines, TAGGED]), 1, "a checksum");
        assert_eq!(place(&[TAGGED, &lines]), 0, "a checksum");
        assert_eq!(place(&[cut, line]), 1, "something whole");
        assert_eq!(place(&[line, cut]), 0, "something whole");
    }

    #[test]
    fn the_reason_and_the_confidence_say_what_was_found() {
        let broken = [&TAGGED[..TAGGED.len() - 4], b"00\r\n"].concat();
        for (bytes, confidence, reason) in [
            (TAGGED.to_vec(), Confidence::Certain, "1 frame with a right checksum"),
            (TAGGED.repeat(2), Confidence::Certain, "2 frames with a right checksum"),
            (
                b"ST,+00070.50 kg\r\n".to_vec(),
                Confidence::Possible,
                "1 frame of its form, which has no checksum",
            ),
            (
                b"ST,+00070.50 kg\r\n".repeat(3),
                Confidence::Likely,
                "3 frames of its form, which has no checksum",
            ),
            (
                broken.clone(),
                Confidence::Possible,
                "1 frame beginning like its own, and nothing whole",
            ),
            (
                broken.repeat(2),
                Confidence::Possible,
                "2 frames beginning like its own, and nothing whole",
            ),
        ] {
            let found = identify(&[heard(&bytes)]).unwrap();
            assert_eq!((found.confidence, found.reason.as_str()), (confidence, reason));
        }
    }

    #[test]
    fn every_family_is_recognised_by_what_it_sends() {
        for (bytes, protocol) in [
            (&b"S     75.0kg\r\n"[..], Protocol::TanitaWb),
            (b"KS075.0\r\n", Protocol::TanitaWeight),
            (
                b"0,2,170,110.6,431,28.4,31.4,79.2,58.0,27,32.3,9771\r\n",
                Protocol::TanitaPositional,
            ),
            (b"     10.0 lb Gross \r\n", Protocol::RiceLake),
            (b"Weight: 80.00 kg\r\n", Protocol::Adam),
            (b"ST,GS,+0070.50kg\r\n", Protocol::And),
            (b"\x02+0    705     0\r*", Protocol::Toledo),
            (b"{0,16,~0,1,MO,\"HD-351BT\",Wp,16", Protocol::TanitaTagged),
        ] {
            assert_eq!(identify(&[heard(bytes)]).unwrap().protocol, protocol);
        }
    }

    #[test]
    fn what_means_nothing_is_told_apart() {
        assert_eq!(identify(&[]), Err(Unidentified::Silence));
        assert_eq!(identify(&[heard(b""), heard(b"")]), Err(Unidentified::Silence));
        assert_eq!(identify(&[heard(b"hello\r\n")]), Err(Unidentified::Unknown));
        // A wrong speed makes such bytes too.
        for noise in [
            &b"h\xe8ll"[..],
            b"\x80\x00\xf8",
            &[&b"hello ".repeat(80)[..], b"\xe8"].concat(),
        ] {
            assert_eq!(identify(&[heard(noise)]), Err(Unidentified::Unknown));
        }
        // An experimental family is never guessed.
        assert!(identify(&[heard(b"\x02A6\x03\x7c")]).is_err());
    }
}
