//! The hub as a client meets it: over HTTP, on a free port, with its store on disk.
//! Numbers such as (18.4) are those of the contract's conformance list; "section 17" are its worked examples.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod cli;
mod errors;
mod examples;
mod lists;
mod live;
mod logs;
mod members;
mod oauth;
mod performers;
#[path = "../../../../tests/tests/end_to_end/support/port.rs"]
mod port;
mod progress;
mod readings;
mod scopes;
mod support;
