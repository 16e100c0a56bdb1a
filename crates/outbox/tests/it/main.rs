//! The outbox as the other rooms see it: through its public interface, and through files that were damaged behind its
//! back.

#![allow(
    clippy::unwrap_used,
    reason = "clippy lets unwrap pass in test functions, but not in what they share"
)]

mod append;
mod crash;
mod damage;
mod lanes;
mod limits;
mod model;
mod support;
