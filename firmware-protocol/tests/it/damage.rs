//! Every truncation, every bit flip and every repetition of every message.
