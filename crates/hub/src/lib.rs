//! The companion server: the cloud's public API on a facility's own premises, from one store, and a page that shows the
//! scanners live.
//!
//! | module | what it does |
//! | --- | --- |
//! | `oauth` | apps, tokens, the token end point |
//! | `rest` | the REST API, one module per collection |
//! | `live` | the page, fed by the broker |
//! | `store` | SQLite, all SQL |
//! | `upkeep` | what time alone changes |
//! | `seed`, `cli` | configuration and admin commands into the store |
//!
//! What must outlive the process is in the store alone, so several processes may serve one store.

#![forbid(unsafe_code)]

pub mod cli;
mod clock;
pub mod config;
mod live;
mod oauth;
mod rest;
mod seed;
mod server;
mod state;
mod store;
mod upkeep;

pub use config::Config;
pub use oauth::secret::SecretError;
pub use seed::SeedError;
pub use server::{Running, Server, StartError};
pub use store::OpenError;
