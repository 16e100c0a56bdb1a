//! The window: live progress over MQTT. It may be lost; it never holds up a reading.
//!
//! Topics and payloads are a contract of their own (version 1, described by `config/asyncapi.yaml` and its schemas); the rules
//! `MQTT-1` to `MQTT-19` named in this crate are its numbered sentences.
//!
//! # What goes in
//!
//! | input | by | when the broker is away |
//! | --- | --- | --- |
//! | state: scanners, last scans, legs, alerts, queue | the latest [`Board`](scan_model::board::Board), a `watch` | only the latest counts |
//! | progress of running scans | [`Teller::tell`], in order | forgotten, but for the latest of each scanner |
//! | events of scans | [`Teller::tell`], in order | kept, up to 1,000 |
//!
//! Telling never waits, whatever the broker does. The one discipline asked of the agent: **tell first, then show.** What a board
//! says of the end of a scan is told before that board is sent, final progress first, then the event. Then dashboards see
//! `started`, progress, `completed`, the emptied `scan` and `last` in this order.
//!
//! # Who remembers what was announced (MQTT-19)
//!
//! The agent keeps each event on disk from the moment it happens until it comes back on [`Handle::announced`], and tells those it
//! still has again after a start. The window forgets everything when it ends. An event that was published just before a crash is
//! so published twice, with the same identity, [`event_id`].
//!
//! # Example
//!
//! ```no_run
//! # async fn example(board: tokio::sync::watch::Receiver<std::sync::Arc<scan_model::board::Board>>, starts: u64)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! use progress_mqtt::{BrokerUrl, Config, Window};
//! use tokio_util::sync::CancellationToken;
//!
//! let config = Config::new(BrokerUrl::try_from("mqtt://127.0.0.1".to_owned())?);
//! let (window, handle) = Window::new(config, board, starts);
//! let stop = CancellationToken::new();
//! let window = tokio::spawn(window.run(stop.clone()));
//! println!("{}", handle.leg.borrow().state);
//! stop.cancel();
//! window.await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod config;
mod desk;
mod fault;
mod link;
mod message;
mod probe;
mod retry;
mod tls;
mod told;
mod topic;
mod window;

pub use config::{BrokerUrl, ClientIdentity, Config, Invalid, Root, Version};
pub use message::event_id;
pub use probe::probe;
pub use told::{Announced, Teller, Told};
pub use window::{Handle, Window};

#[cfg(test)]
mod tests;
