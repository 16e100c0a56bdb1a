//! The way to the cloud: tokens, typed calls, and what each answer means for the caller.
//!
//! [`Client`] makes single calls. It keeps a valid token (client credentials, refreshed in time), presents it, and
//! reads the answer. It never repeats a call by itself, except once or twice with a fresh token after a 401. When and
//! whether to call again is the caller's business: every [`CallError`] says by its [`Remedy`] what the failure is about
//! (the moment, the token, the set-up, the state of a reading, one reading alone).
//!
//! What a particular cloud calls things comes from [`cloud_api::Dialect`]. The TLS provider is the program's choice:
//! install one (`rustls::crypto::CryptoProvider::install_default`) before a [`Client`] is made.
//!
//! Nothing here prints a token, a secret, or what a reading holds: error texts carry the server, the call, the status
//! and a code.

#![forbid(unsafe_code)]

mod answer;
mod client;
mod config;
mod error;
mod http;
mod remedy;
mod tokens;

pub use client::{BuildError, Client};
pub use config::{Config, ConfigError};
pub use error::{Call, CallError, Defect, NotOurs, Place, Refusal};
pub use remedy::{Pause, Remedy};
