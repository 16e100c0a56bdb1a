//! The encoding all messages share: a number, then postcard.

use serde::{Serialize, de::DeserializeOwned};

use crate::message::{MAX_MESSAGE, MessageError};

/// Reads a message of an enumeration with `count` variants.
pub(crate) fn decode<M: DeserializeOwned>(bytes: &[u8], count: u8) -> Result<(M, &[u8]), MessageError> {
    // Postcard writes the position of a variant as a varint: one byte for the first 128.
    match bytes.first() {
        Some(&number) if number >= count => Err(MessageError::Unknown(number)),
        _ => postcard::take_from_bytes(bytes).map_err(|_| MessageError::Malformed),
    }
}

/// Writes a message and returns its length.
pub(crate) fn encode<M: Serialize>(message: &M, into: &mut [u8; MAX_MESSAGE]) -> usize {
    postcard::to_slice(message, into)
        .expect("MAX_MESSAGE holds the longest message")
        .len()
}
