//! Scales: what they show while somebody steps on and off, and how each model says it.

use std::fmt;
use std::str::FromStr;

use crate::{Line, LineError, Player};

/// A model of scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Tanita WB-100: answers `DR` with what it shows at the moment.
    Wb100,
    /// The weight output of Tanita BC-418, which sends all the time.
    Bc418,
    /// A&D standard format, sent all the time.
    And,
    /// Toledo continuous output with check characters.
    Toledo,
}

/// What a scale shows at one moment. Above [`Shown::MOST`] it says no more than that it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The scale says that the weight has come to rest.
    pub stable: bool,
    /// Tenths of a kilogram.
    pub tenths: u32,
}

impl Shown {
    /// Nobody stands there.
    pub const EMPTY: Self = Self {
        stable: true,
        tenths: 0,
    };
    /// The most that a scale weighs: 200.0 kg.
    pub const MOST: u32 = 2000;

    fn state<T>(self, at_rest: T, moving: T, too_much: T) -> T {
        match self {
            Self { tenths, .. } if tenths > Self::MOST => too_much,
            Self { stable: true, .. } => at_rest,
            Self { stable: false, .. } => moving,
        }
    }
}

/// A scale's name that is none.
#[derive(Debug, thiserror::Error)]
#[error("unknown scale `{name}`: one of {}", Scale::ALL.map(Scale::name).join(", "))]
pub struct UnknownScale {
    name: String,
}

/// The host's request to a WB-100.
const REQUEST: &[u8] = b"DR\r\n";

impl Scale {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::Wb100, Self::Bc418, Self::And, Self::Toledo];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wb100 => "wb-100",
            Self::Bc418 => "bc-418",
            Self::And => "and",
            Self::Toledo => "toledo",
        }
    }

    /// Whether it is silent until it is asked: see [`answer`](Self::answer).
    pub fn is_polled(self) -> bool {
        self == Self::Wb100
    }

    /// The line that says what is shown.
    pub fn line(self, shown: Shown) -> Vec<u8> {
        let tenths = shown.tenths.min(Shown::MOST);
        let weight = format!("{}.{}", tenths / 10, tenths % 10);
        match self {
            Self::Wb100 => format!("S{}  {weight:>6}kg\r\n", shown.state(' ', 'D', 'I')).into_bytes(),
            Self::Bc418 => format!("K{}{weight:0>5}\r\n", shown.state('S', 'D', 'I')).into_bytes(),
            Self::And => {
                let weight = shown.state(weight.as_str(), &weight, "999999.9");
                format!("{},+{weight:0>8} kg\r\n", shown.state("ST", "US", "OL")).into_bytes()
            }
            Self::Toledo => {
                // Tenths of kilograms, gross; bit 2 of the second word says out of range, bit 3 motion.
                let mut frame = vec![0x02, 0x2b, shown.state(0x30, 0x38, 0x34), 0x20];
                frame.extend(format!("{tenths:>6}{:>6}\r", 0).bytes());
                let sum = frame.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
                frame.push(sum.wrapping_neg() & 0x7f);
                frame
            }
        }
    }

    /// Answers the host's requests one after the other with `course`, until it is through, at the pace and with the faults of the
    /// player. Other bytes of the host are ignored.
    ///
    /// # Errors
    /// The line failed.
    pub async fn answer(self, player: &mut Player, course: &[Shown]) -> Result<(), LineError> {
        for &shown in course {
            requested(player.line()).await?;
            player.play(&self.line(shown)).await?;
        }
        Ok(())
    }
}

/// Waits for the end of a request, and takes nothing that comes behind it.
async fn requested(line: &mut Line) -> Result<(), LineError> {
    let mut heard = Vec::new();
    while !heard.ends_with(REQUEST) {
        let mut byte = [0];
        let count = line.read(&mut byte).await?;
        heard.extend_from_slice(&byte[..count]);
        // Only its end matters.
        heard.drain(..heard.len().saturating_sub(REQUEST.len()));
    }
    Ok(())
}

/// What a scale shows while somebody of so many tenths of a kilogram steps on, stands still, and steps off.
pub fn weighing(tenths: u32) -> Vec<Shown> {
    let stable = |tenths| Shown { stable: true, tenths };
    let moving = |tenths| Shown { stable: false, tenths };
    let mut course = vec![Shown::EMPTY; 3];
    course.extend([
        moving(tenths / 3),
        moving(tenths + 25),
        moving(tenths.saturating_sub(8)),
        moving(tenths + 3),
    ]);
    course.extend([stable(tenths); 8]);
    course.extend([moving(tenths / 2), moving(2)]);
    course.extend([Shown::EMPTY; 3]);
    course
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scale {
    type Err = UnknownScale;

    fn from_str(name: &str) -> Result<Self, UnknownScale> {
        Self::ALL
            .into_iter()
            .find(|scale| scale.name() == name)
            .ok_or_else(|| UnknownScale { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::{Duration, timeout};

    use super::*;
    use crate::{Fault, FaultPlan, Pace};

    #[test]
    fn each_model_writes_the_line_of_its_manual() {
        let shown = Shown {
            stable: true,
            tenths: 705,
        };
        let expected: [&[u8]; 4] = [
            b"S     70.5kg\r\n",
            b"KS070.5\r\n",
            b"ST,+000070.5 kg\r\n",
            b"\x02+0    705     0\r*",
        ];
        for (scale, line) in Scale::ALL.into_iter().zip(expected) {
            assert_eq!(scale.line(shown), line, "{scale}");
            assert_eq!(scale.to_string().parse::<Scale>().ok(), Some(scale));
        }
        let too_much = Shown {
            stable: true,
            tenths: 2001,
        };
        let expected: [&[u8]; 4] = [
            b"SI   200.0kg\r\n",
            b"KI200.0\r\n",
            b"OL,+999999.9 kg\r\n",
            b"\x02+4   2000     0\r ",
        ];
        for (scale, line) in Scale::ALL.into_iter().zip(expected) {
            assert_eq!(scale.line(too_much), line, "{scale}");
        }
        let error = "steelyard".parse::<Scale>().expect_err("no such scale").to_string();
        assert_eq!(error, "unknown scale `steelyard`: one of wb-100, bc-418, and, toledo");
    }

    /// What a host hears that sends each request and then reads `length` bytes.
    async fn heard(faults: FaultPlan, requests: [&[u8]; 2], length: usize) -> [Vec<u8>; 2] {
        let line = Line::tcp("127.0.0.1:0").await.expect("listen");
        let mut player = Player::new(line, Pace::Unlimited).with_faults(faults);
        let mut host = TcpStream::connect(player.line().name()).await.expect("connect");
        let course = weighing(750);
        let asking = async {
            let mut answers = [vec![0; length], vec![0; length]];
            for (request, answer) in requests.into_iter().zip(&mut answers) {
                host.write_all(request).await.expect("request");
                host.read_exact(answer).await.expect("answer");
            }
            answers
        };
        let both = async { tokio::join!(Scale::Wb100.answer(&mut player, &course[..2]), asking) };
        let (answered, answers) = timeout(Duration::from_secs(60), both).await.expect("in time");
        answered.expect("the line holds");
        answers
    }

    #[tokio::test]
    async fn a_polled_scale_answers_each_request_once() {
        let answers = heard(FaultPlan::none(), [b"DR\r\n", b"xxDRDR\r\n"], 14).await;
        assert_eq!(answers, [b"S      0.0kg\r\n"; 2]);
    }

    #[tokio::test]
    async fn faults_befall_the_answers_of_a_polled_scale() {
        let faults = FaultPlan::new(&[Fault::Duplicate], 0);
        let answers = heard(faults, [b"DR\r\n"; 2], 28).await;
        assert_eq!(answers, [b"S      0.0kg\r\nS      0.0kg\r\n"; 2]);
    }
}
