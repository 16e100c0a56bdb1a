//! Where a frame may begin: what tells noise from frames, at the same speed for all noise.

/// A set of bytes.
pub(crate) type ByteSet = [bool; 256];

/// The set of these bytes.
pub(crate) const fn any_of(bytes: &[u8]) -> ByteSet {
    let mut set = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        set[bytes[at] as usize] = true;
        at += 1;
    }
    set
}

/// The set of the bytes from `first` to `last`.
pub(crate) const fn between(first: u8, last: u8) -> ByteSet {
    let mut set = [false; 256];
    let mut byte = first as usize;
    while byte <= last as usize {
        set[byte] = true;
        byte += 1;
    }
    set
}

/// What the first bytes of a frame can be: a set of bytes for each place.
#[derive(Debug)]
pub(crate) struct Head {
    /// For each byte the places where it fits, as bits: place 0 is bit 0.
    places: [u16; 256],
    /// How many places there are.
    length: u32,
}

impl Head {
    /// No bytes at all.
    pub(crate) const NOTHING: Self = Self::new(&[any_of(b"")]);

    /// `sets` are the bytes for each place, from 1 to 16 of them.
    ///
    /// # Panics
    /// For more places.
    pub(crate) const fn new(sets: &[ByteSet]) -> Self {
        assert!(!sets.is_empty() && sets.len() <= u16::BITS as usize);
        let mut places = [0; 256];
        let mut place = 0;
        while place < sets.len() {
            let mut byte = 0;
            while byte < places.len() {
                places[byte] |= (sets[place][byte] as u16) << place;
                byte += 1;
            }
            place += 1;
        }
        Self {
            places,
            length: sets.len() as u32,
        }
    }

    /// Whether `bytes` begin so, as far as they go.
    pub(crate) fn fits(&self, bytes: &[u8]) -> bool {
        let mut places = (0..self.length).zip(bytes);
        places.all(|(place, &byte)| self.places[usize::from(byte)] >> place & 1 != 0)
    }

    /// The first position from which `bytes` fit, as far as they go; their length if there is none.
    ///
    /// Follows all beginnings at once, one bit each (the Shift-And method): each byte costs the same, whatever it is.
    pub(crate) fn find(&self, bytes: &[u8]) -> usize {
        let whole = 1 << (self.length - 1);
        let mut begun = 0_u16;
        for (at, &byte) in bytes.iter().enumerate() {
            begun = (begun << 1 | 1) & self.places[usize::from(byte)];
            if begun & whole != 0 {
                return at + 1 - self.length as usize;
            }
        }
        bytes.len() - (u16::BITS - begun.leading_zeros()) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static HEAD: Head = Head::new(&[any_of(b"SL"), any_of(b"TS"), any_of(b",")]);

    #[test]
    fn the_first_beginning_is_found_and_one_that_is_cut_off_too() {
        for (bytes, at) in [
            (&b""[..], 0),
            (b"xyz", 3),
            (b"ST,", 0),
            (b"xSSSSST,ST,", 5),
            (b"xSSx", 4),
            (b"xSSSS", 3),
            (b"xST", 1),
            (b"xLTS", 3),
        ] {
            assert_eq!(HEAD.find(bytes), at, "{}", String::from_utf8_lossy(bytes));
            assert!(HEAD.fits(&bytes[at..]));
        }
        assert!(!HEAD.fits(b"STx") && !HEAD.fits(b"x") && HEAD.fits(b"ST,x"));
        assert_eq!(Head::NOTHING.find(b"any"), 3);
    }

    #[test]
    fn a_head_may_have_sixteen_places() {
        let head = Head::new(&[any_of(b"a"); 16]);
        assert_eq!(head.find(&[b'a'; 15]), 0);
        assert_eq!(head.find(&[&b"aab"[..], &[b'a'; 16]].concat()), 3);
    }
}
