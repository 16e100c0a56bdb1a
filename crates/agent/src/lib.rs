//! The agent on the kiosk PC: joins the rooms, supervises them, shows their state.
//!
//! [`Agent`] is the whole agent in process, as the demo and the tests run it; [`main`] is the program. A result goes the way
//! `reception` describes: identity, safe, and only then is anybody told. Everything that is shown stands on one board.

mod agent;
mod announcements;
mod check;
pub mod cli;
mod clock;
pub mod data_dir;
pub mod exit;
mod house;
mod identity;
mod keeper;
mod legs;
mod local_api;
pub mod logging;
mod program;
mod reception;
mod report;
mod rooms;
mod service_manager;
mod signals;
mod supervisor;

pub use agent::{Agent, SHUTDOWN_DEADLINE, StartError};
pub use identity::IdentityError;
pub use program::main;
