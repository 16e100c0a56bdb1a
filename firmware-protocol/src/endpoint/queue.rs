//! Short messages that wait for their turn.

use heapless::{Deque, Vec};

use crate::{NotSent, message::MAX_MESSAGE};

/// Room for what one event of a scan can cause: the end of a scan, a fault, a line of the log, a progress.
const SLOTS: usize = 4;

/// Encoded messages in the order of sending. The first one stays until it has arrived.
#[derive(Default)]
pub(crate) struct Queue {
    messages: Deque<Vec<u8, MAX_MESSAGE>, SLOTS>,
    /// The first message is under way: it must not change any more.
    sending: bool,
}

impl Queue {
    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.sending = false;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many messages go until one that `is_last` has gone. `None` if there is no such one.
    pub(crate) fn up_to(&self, is_last: impl Fn(&[u8]) -> bool) -> Option<usize> {
        self.messages
            .iter()
            .position(|message| is_last(message))
            .map(|before| before + 1)
    }

    /// Appends what `encode` writes.
    pub(crate) fn push(&mut self, encode: impl FnOnce(&mut [u8; MAX_MESSAGE]) -> usize) -> Result<(), NotSent> {
        if self.messages.is_full() {
            return Err(NotSent::Busy);
        }
        let mut buffer = [0; MAX_MESSAGE];
        let length = encode(&mut buffer);
        let message = Vec::from_slice(&buffer[..length]).map_err(|_| NotSent::Busy)?;
        self.messages.push_back(message).map_err(|_| NotSent::Busy)
    }

    /// Drops the last message if it has number `number` and is not under way: a newer one of its kind takes its place.
    pub(crate) fn drop_last(&mut self, number: u8) {
        let waiting = self.messages.len() > usize::from(self.sending);
        if waiting && self.messages.back().is_some_and(|last| last.first() == Some(&number)) {
            self.messages.pop_back();
        }
    }

    /// Takes the first message for sending and returns its length.
    pub(crate) fn begin(&mut self) -> Option<usize> {
        let length = self.messages.front()?.len();
        self.sending = true;
        Some(length)
    }

    /// Bytes of the message under way.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) {
        let message = self.messages.front().map_or(&[][..], |message| message);
        into.copy_from_slice(&message[offset..offset + into.len()]);
    }

    /// The message under way has arrived. Returns whether there was one.
    pub(crate) fn delivered(&mut self) -> bool {
        let was_sending = core::mem::take(&mut self.sending);
        if was_sending {
            self.messages.pop_front();
        }
        was_sending
    }
}
