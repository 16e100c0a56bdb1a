//! What can go wrong on the way of one record, and when it does.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 1 to 32 random bytes before the record.
    Noise,
    /// The record stops early and its line end never comes.
    Cut,
    /// One bit of the record is inverted.
    Flip,
    /// Silence in the middle of the record, then the rest.
    Stall,
    /// The record is sent twice in a row.
    Duplicate,
    /// The record is sent with seven data bits and even parity, as a port at 8N1 shows it: some bytes have their highest bit set.
    Parity,
    /// The cable is pulled in the middle of the record and comes back later; the rest of the record is lost.
    Unplug,
}

/// A fault's name that is none.
#[derive(Debug, thiserror::Error)]
#[error("unknown fault `{name}`: one of {}", Fault::names())]
pub struct UnknownFault {
    name: String,
}

/// Which faults strike, how often and how long. The same seed over the same records gives the same bytes.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    kinds: Vec<Fault>,
    one_in: u32,
    stall: Duration,
    unplugged: Duration,
    rng: Rng,
}

/// One thing done to the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Silence(Duration),
    Unplug(Duration),
}

impl Fault {
    /// Every fault, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Noise,
        Self::Cut,
        Self::Flip,
        Self::Stall,
        Self::Duplicate,
        Self::Parity,
        Self::Unplug,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Cut => "cut",
            Self::Flip => "flip",
            Self::Stall => "stall",
            Self::Duplicate => "duplicate",
            Self::Parity => "parity",
            Self::Unplug => "unplug",
        }
    }

    /// Whether the record still arrives with all of its bytes unchanged.
    pub fn spares_record(self) -> bool {
        match self {
            Self::Noise | Self::Stall | Self::Duplicate => true,
            Self::Cut | Self::Flip | Self::Parity | Self::Unplug => false,
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault { name: name.to_owned() })
    }
}

impl FaultPlan {
    /// A scanner that behaves.
    pub fn none() -> Self {
        Self::new(&[], 0)
    }

    /// Every record suffers one of `kinds`, chosen by `seed`. A stall lasts 2 s, an unplugged cable comes back after 3
    /// s.
    pub fn new(kinds: &[Fault], seed: u64) -> Self {
        Self {
            kinds: kinds.to_vec(),
            one_in: 1,
            stall: Duration::from_secs(2),
            unplugged: Duration::from_secs(3),
            rng: Rng::with_seed(seed),
        }
    }

    /// Strikes one record in `n` on average instead of every one; 0 counts as 1.
    pub fn one_in(self, n: u32) -> Self {
        Self {
            one_in: n.max(1),
            ..self
        }
    }

    /// How long a stall lasts.
    pub fn stall(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }

    /// How long the cable stays out.
    pub fn unplugged(self, unplugged: Duration) -> Self {
        Self { unplugged, ..self }
    }

    /// Draws the fault of the next record.
    pub(crate) fn draw(&mut self) -> Option<Fault> {
        if self.kinds.is_empty() || self.rng.u32(0..self.one_in) != 0 {
            return None;
        }
        self.rng.choice(&self.kinds).copied()
    }

    /// The steps that deliver `record` with `fault` on the way.
    pub(crate) fn script(&mut self, fault: Fault, record: &[u8]) -> Vec<Step> {
        let whole = || Step::Send(record.to_vec());
        // A place inside the record: at least one byte before it and, in a record of two bytes or more, one behind it.
        // Two line-end bytes stay behind it where there are more, so that a cut record has really lost content.
        let inside = self.rng.usize(1..record.len().saturating_sub(2).max(2));
        let (head, tail) = record.split_at(inside.min(record.len()));
        match fault {
            Fault::Noise => {
                let noise = (0..self.rng.usize(1..=32)).map(|_| self.rng.u8(..)).collect();
                vec![Step::Send(noise), whole()]
            }
            Fault::Cut => vec![Step::Send(head.to_vec())],
            Fault::Flip => {
                let mut flipped = record.to_vec();
                if let Some(byte) = flipped.get_mut(inside) {
                    *byte ^= 1 << self.rng.u8(0..8);
                }
                vec![Step::Send(flipped)]
            }
            Fault::Stall => {
                vec![
                    Step::Send(head.to_vec()),
                    Step::Silence(self.stall),
                    Step::Send(tail.to_vec()),
                ]
            }
            Fault::Duplicate => vec![whole(), whole()],
            Fault::Parity => {
                let with_parity = |&byte: &u8| byte | if byte.count_ones() % 2 == 1 { 0x80 } else { 0 };
                vec![Step::Send(record.iter().map(with_parity).collect())]
            }
            Fault::Unplug => vec![Step::Send(head.to_vec()), Step::Unplug(self.unplugged)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &[u8] = b"{0,16,Wk,80.5,CS,00\r\n";

    fn sent(steps: &[Step]) -> Vec<u8> {
        steps
            .iter()
            .flat_map(|step| match step {
                Step::Send(bytes) => bytes.clone(),
                Step::Silence(_) | Step::Unplug(_) => Vec::new(),
            })
            .collect()
    }

    #[test]
    fn every_fault_does_what_its_name_says_for_every_seed() {
        for seed in 0..500 {
            let mut plan = FaultPlan::new(&Fault::ALL, seed);
            for fault in Fault::ALL {
                let bytes = sent(&plan.script(fault, RECORD));
                match fault {
                    Fault::Noise => assert!(bytes.ends_with(RECORD) && bytes.len() > RECORD.len()),
                    Fault::Cut | Fault::Unplug => {
                        assert!(RECORD.starts_with(&bytes) && !bytes.is_empty() && bytes.len() < RECORD.len() - 2);
                    }
                    Fault::Flip => {
                        let flipped: u32 = bytes.iter().zip(RECORD).map(|(a, b)| (a ^ b).count_ones()).sum();
                        assert_eq!((bytes.len(), flipped), (RECORD.len(), 1));
                    }
                    Fault::Parity => {
                        assert!(bytes.iter().all(|byte| byte.count_ones() % 2 == 0));
                        assert!(bytes.iter().zip(RECORD).all(|(sent, byte)| sent & 0x7f == *byte));
                    }
                    Fault::Stall => assert_eq!(bytes, RECORD),
                    Fault::Duplicate => assert_eq!(bytes, RECORD.repeat(2)),
                }
            }
        }
    }

    #[test]
    fn records_too_short_to_damage_do_not_panic() {
        for fault in Fault::ALL {
            for record in [&b""[..], b"x", b"\r\n"] {
                FaultPlan::new(&[fault], 7).script(fault, record);
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let draw = |seed| {
            let mut plan = FaultPlan::new(&Fault::ALL, seed).one_in(3);
            (0..50).map(|_| plan.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().any(Option::is_some) && draw(1).iter().any(Option::is_none));
    }

    #[test]
    fn fault_names_parse_back() {
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse::<Fault>().ok(), Some(fault));
        }
        let error = "gremlin".parse::<Fault>().expect_err("no such fault");
        assert_eq!(
            error.to_string(),
            "unknown fault `gremlin`: one of noise, cut, flip, stall, duplicate, parity, unplug"
        );
    }
}
