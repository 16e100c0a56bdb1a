//! A line that loses, repeats, delays and changes what it carries, in virtual time.

/// Microseconds a byte takes at 115,200 bits per second, times 100.
const BYTE_TIME: u64 = 8681;

pub(crate) const SECOND: u64 = 1_000_000;

/// What the line does to frames, each in per mille.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) drop: u16,
    pub(crate) duplicate: u16,
    pub(crate) delay: u16,
    pub(crate) flip: u16,
    pub(crate) cut: u16,
}

/// What happens to one frame of a run, counted over both directions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damage {
    Repeated { frame: usize },
    Cut { frame: usize, keep: usize },
    Flipped { frame: usize, bit: usize },
}

/// A small generator: the same plan gives the same run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % end.max(1)
    }

    pub(crate) fn chance(&mut self, per_mille: u16) -> bool {
        self.below(1000) < u64::from(per_mille)
    }
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// Arriving bytes with their times.
    pub(crate) arriving: Vec<(u64, Vec<u8>)>,
    /// Until when the sender's UART is shifting bits.
    pub(crate) busy_until: u64,
    pub(crate) bytes_sent: u64,
}

impl Wire {
    /// Shifts a frame out.
    pub(crate) fn send(&mut self, now: u64, frame: &[u8]) {
        self.busy_until = now + frame.len() as u64 * BYTE_TIME / 100;
        self.bytes_sent += frame.len() as u64;
    }

    /// Carries a frame whose last bit has left at [`Self::busy_until`].
    pub(crate) fn carry(&mut self, frame: &[u8], cable: bool, faults: Faults, dice: &mut Dice) {
        if !cable || dice.chance(faults.drop) {
            return;
        }
        let mut bytes = frame.to_vec();
        if dice.chance(faults.flip) {
            for _ in 0..=dice.below(3) {
                let bit = dice.below(bytes.len() as u64 * 8) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        if dice.chance(faults.cut) {
            bytes.truncate(dice.below(bytes.len() as u64) as usize);
        }
        if dice.chance(faults.duplicate) {
            let later = self.busy_until + dice.below(SECOND / 2);
            self.arriving.push((later, bytes.clone()));
        }
        let delay = if dice.chance(faults.delay) {
            dice.below(SECOND / 2)
        } else {
            0
        };
        self.arriving.push((self.busy_until + delay, bytes));
    }

    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.arriving.iter().map(|(at, _)| *at).min()
    }

    pub(crate) fn take_arrived(&mut self, now: u64) -> Option<Vec<u8>> {
        let at = self.next_arrival().filter(|at| *at <= now)?;
        let first = self.arriving.iter().position(|(time, _)| *time == at)?;
        Some(self.arriving.remove(first).1)
    }
}

/// What arrives of frame `number`.
pub(crate) fn damaged(frame: &[u8], number: usize, damage: Option<Damage>) -> Vec<Vec<u8>> {
    let mut bytes = frame.to_vec();
    match damage {
        Some(Damage::Repeated { frame }) if frame == number => return vec![bytes.clone(), bytes],
        Some(Damage::Cut { frame, keep }) if frame == number => bytes.truncate(keep),
        Some(Damage::Flipped { frame, bit }) if frame == number => bytes[bit / 8] ^= 1 << (bit % 8),
        _ => {}
    }
    vec![bytes]
}

/// `bytes` in pieces as an operating system would hand them over.
pub(crate) fn chunks<'a>(bytes: &'a [u8], dice: &mut Dice) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let size = [1, 7, 64, bytes.len().max(1)][dice.below(4) as usize];
    bytes.chunks(size)
}
