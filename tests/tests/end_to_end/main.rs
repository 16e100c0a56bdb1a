//! End-to-end tests: real ports, real brokers, real programs.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]
#![cfg(unix)]

mod architecture;
mod firmware;
mod foreign_cloud;
mod kill;
mod misconfigured;
mod outages;
mod rejected;
mod support;
mod technician;
