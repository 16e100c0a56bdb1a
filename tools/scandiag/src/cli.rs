//! What can be asked for. One file a command beside this one.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use scanner_protocol::Protocol;

/// Technicians' tool for body-composition scanners.
#[derive(Debug, Parser)]
#[command(version, about, after_help = crate::exit::HELP)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the serial ports of this machine: identity, driver, who holds them
    Ports(Ports),
    /// Decodes captured bytes: every record, and why a frame is none
    Decode(Decode),
}

/// Arguments of `scandiag ports`.
#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// One JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `scandiag decode`.
#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// Captured bytes; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Protocol of the bytes, by its name in the configuration; of a Bluetooth protocol each line of hexadecimal text is one value
    #[arg(long, value_name = "NAME", default_value_t = Protocol::Auto)]
    pub(crate) protocol: Protocol,
    /// The files hold hexadecimal text
    #[arg(long)]
    pub(crate) hex: bool,
    /// One JSON object a record instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
