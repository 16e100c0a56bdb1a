//! Sealing: XChaCha20-Poly1305 with a random nonce; what is sealed opens only in its own place.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::entry::Lane;
use crate::key::SealKey;

const NONCE_LEN: usize = 24;

/// Seals and unseals with one key. A sealed box is `nonce (24 bytes) | ciphertext | tag (16 bytes)`.
pub(crate) struct Seal(XChaCha20Poly1305);

/// Where a sealed box belongs. All of it is bound into the seal, so that no box can be moved to another row or column
/// unseen.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) part: Part,
    pub(crate) seq: i64,
    pub(crate) lane: Lane,
    pub(crate) key: &'a str,
}

/// Which column. The numbers are on the disk, inside the seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Payload = 1,
    Step = 2,
    Note = 3,
    Meta = 4,
}

/// Content could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random(#[source] getrandom::Error),
    /// The content is longer than the cipher allows (256 GiB).
    #[error("the content is too long for the cipher")]
    TooLong,
}

impl Seal {
    pub(crate) fn new(key: &SealKey) -> Self {
        Self(XChaCha20Poly1305::new(&key.derive("outbox seal").into()))
    }

    pub(crate) fn seal(&self, place: Place<'_>, content: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let content = Payload {
            msg: content,
            aad: &place.to_bytes(),
        };
        let sealed = self
            .0
            .encrypt(XNonce::from_slice(&nonce), content)
            .map_err(|_| SealError::TooLong)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The content, or `None` if the box was damaged, moved, or sealed with another key.
    pub(crate) fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let sealed = Payload {
            msg: sealed,
            aad: &place.to_bytes(),
        };
        self.0.decrypt(XNonce::from_slice(nonce), sealed).ok()
    }
}

impl<'a> Place<'a> {
    /// The place of a value in the key-value table.
    pub(crate) fn meta(key: &'a str) -> Self {
        Self {
            part: Part::Meta,
            seq: 0,
            lane: Lane([0; 16]),
            key,
        }
    }

    pub(crate) fn with_part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    fn to_bytes(self) -> Vec<u8> {
        // Only the last field has no fixed length: no two places have the same bytes.
        [
            &[self.part as u8][..],
            &self.seq.to_le_bytes(),
            &self.lane.0,
            self.key.as_bytes(),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        part: Part::Payload,
        seq: 7,
        lane: Lane([1; 16]),
        key: "a",
    };

    #[test]
    fn a_box_opens_in_its_own_place_only() {
        let seal = Seal::new(&SealKey::from_bytes([1; 32]));
        let sealed = seal.seal(PLACE, b"weight").unwrap();
        assert_eq!(seal.unseal(PLACE, &sealed).unwrap(), b"weight");
        for other in [
            PLACE.with_part(Part::Step),
            Place { seq: 8, ..PLACE },
            Place {
                lane: Lane([2; 16]),
                ..PLACE
            },
            Place { key: "b", ..PLACE },
        ] {
            assert!(seal.unseal(other, &sealed).is_none());
        }
        assert!(
            Seal::new(&SealKey::from_bytes([2; 32]))
                .unseal(PLACE, &sealed)
                .is_none()
        );
    }

    #[test]
    fn a_flipped_bit_anywhere_and_a_cut_anywhere_are_seen() {
        let seal = Seal::new(&SealKey::from_bytes([1; 32]));
        let sealed = seal.seal(PLACE, b"weight").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.unseal(PLACE, &flipped).is_none());
        }
        for len in 0..sealed.len() {
            assert!(seal.unseal(PLACE, &sealed[..len]).is_none());
        }
    }

    #[test]
    fn the_same_content_is_never_sealed_alike() {
        let seal = Seal::new(&SealKey::from_bytes([1; 32]));
        assert_ne!(
            seal.seal(PLACE, b"weight").unwrap(),
            seal.seal(PLACE, b"weight").unwrap()
        );
    }
}
