//! The hub as a client meets it: over HTTP, on a free port, with its store on disk.
//! Numbers such as (18.4) are those of the contract's conformance list; "section 17" are its worked examples.

mod errors;
mod examples;
mod lists;
mod live;
mod members;
mod oauth;
mod performers;
mod progress;
mod readings;
mod scopes;
mod support;
