//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit;

/// The agent on the kiosk PC: takes results from scanners, keeps them safe, brings them to the cloud and shows progress.
#[derive(Debug, Parser)]
#[command(name = "scanbridge", version, after_help = exit::HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// For every command.
    #[command(flatten)]
    pub common: Common,
}

/// What to do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Command {
    /// Work, in the foreground, until asked to stop (SIGTERM, Ctrl-C)
    #[command(after_help = exit::HELP)]
    Run,
    /// Reach every leg once, print a line for each, and say what to do about those that do not work
    #[command(after_help = exit::HELP)]
    Check,
}

impl Command {
    /// What is logged if nobody says otherwise. What `check` finds it says itself.
    pub fn default_log(self) -> &'static str {
        match self {
            Self::Run => "info",
            Self::Check => "error",
        }
    }
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value_os_t = agent_config::default_path())]
    pub config: PathBuf,
    /// What to log on stderr: a level, or levels by room, such as `warn,uploader=debug` [default: info; of `check`: error]
    #[arg(long, global = true, value_name = "FILTER", env = "SCANBRIDGE_LOG")]
    pub log: Option<String>,
}
