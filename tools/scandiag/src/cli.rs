//! What can be asked for. One file a command beside this one.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, error::ErrorKind};
use scanner_driver::SerialSettings;
use scanner_protocol::{PositionalModel, Protocol};

use crate::decode::lookinbody::Column;

/// Technicians' tool for body-composition scanners.
#[derive(Debug, Parser)]
#[command(version, about, after_help = crate::exit::HELP)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// What the command line asks for. Ends the program where it is wrong, or asks for help.
    pub(crate) fn of_command_line() -> Self {
        let cli = Self::parse();
        if let Err(why) = cli.command.check() {
            Self::command().error(ErrorKind::ArgumentConflict, why).exit();
        }
        cli
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the serial ports of this machine: identity, driver, who holds them
    Ports(Ports),
    /// Finds out what is attached: settings of the port, protocol and, where it says so, model
    Identify(Identify),
    /// Shows live what comes over a port, and never writes to it: the bytes, and below them frames, results with their values, what is broken
    Sniff(Sniff),
    /// Decodes captured bytes: every record, and why a frame is none
    Decode(Decode),
}

impl Command {
    /// Whether each argument has to do with the protocol, and why not.
    fn check(&self) -> Result<(), &'static str> {
        let (protocol, model, columns) = match self {
            Self::Sniff(sniff) => (sniff.protocol, sniff.model, &[][..]),
            Self::Decode(decode) => (decode.protocol, decode.model, &decode.columns[..]),
            Self::Ports(_) | Self::Identify(_) => return Ok(()),
        };
        if model.is_some() && protocol != Protocol::TanitaPositional {
            return Err("`--model` goes with `--protocol tanita-positional` alone");
        }
        if !columns.is_empty() && protocol != Protocol::LookinbodyCsv {
            return Err("`--column` goes with `--protocol lookinbody-csv` alone");
        }
        Ok(())
    }
}

fn positional_model(name: &str) -> Result<PositionalModel, &'static str> {
    PositionalModel::of_model(name).ok_or("only TBF-310 and BC-418 send positional records")
}

/// Arguments of `scandiag ports`.
#[derive(Debug, Args)]
pub(crate) struct Ports {
    /// One JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `scandiag sniff`.
#[derive(Debug, Args)]
#[command(after_help = "\
It takes no part in what goes over the line. Alone with a scanner on scan-link it hears hellos, for such a scanner sends results to
who answers; of a scale that has to be asked it hears nothing. Times count from the start of listening; a file has none.")]
pub(crate) struct Sniff {
    /// The port, or a file of captured bytes; `-` is standard input
    #[arg(value_name = "PORT")]
    pub(crate) source: PathBuf,
    /// Protocol of the bytes, by its name in the configuration
    #[arg(long, value_name = "NAME", default_value_t = Protocol::Auto)]
    pub(crate) protocol: Protocol,
    /// With `tanita-positional`: the model, such as `TBF-310`, as in the configuration
    #[arg(long, value_name = "NAME", value_parser = positional_model)]
    pub(crate) model: Option<PositionalModel>,
    /// Settings of the port, as in the configuration [default: the usual ones of the protocol]
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) serial: Option<SerialSettings>,
    /// How long to listen; without it until Ctrl-C or the end of the file
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: Option<u64>,
    /// Shows what the bytes mean alone, without the bytes
    #[arg(long)]
    pub(crate) no_bytes: bool,
    /// One JSON object a line instead of text
    #[arg(long)]
    pub(crate) json: bool,
    /// Keeps the bytes as they come in a new file, for `scandiag decode` and `scandiag sniff`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// Arguments of `scandiag decode`.
#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// Captured bytes; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Protocol of the bytes, by its name in the configuration; of a Bluetooth protocol the file is one value, with `--hex` each line is one,
    /// and may begin with the number of its characteristic and a colon
    #[arg(long, value_name = "NAME", default_value_t = Protocol::Auto)]
    pub(crate) protocol: Protocol,
    /// With `tanita-positional`: the model, such as `TBF-310`, as in the configuration
    #[arg(long, value_name = "NAME", value_parser = positional_model)]
    pub(crate) model: Option<PositionalModel>,
    /// With `lookinbody-csv`: what a column holds, such as `PBF=fat_percentage` or `Weight=body_weight:[lb_av]`; columns that are named
    /// like a measurement, or `ID`, `Gender`, `Age`, are understood without it
    #[arg(long = "column", value_name = "HEADER=NAME[:UNIT]")]
    pub(crate) columns: Vec<Column>,
    /// The files hold hexadecimal text
    #[arg(long)]
    pub(crate) hex: bool,
    /// One JSON object a record instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `scandiag identify`.
#[derive(Debug, Args)]
pub(crate) struct Identify {
    /// The port, or a file of captured bytes, or `-` for standard input; without it every port that nobody holds
    #[arg(value_name = "PORT")]
    pub(crate) port: Option<PathBuf>,
    /// How long to listen at each setting of the port, at 115200 8N1 a second at most; a right checksum ends it at once
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Asks a silent device what it is. Some devices take any byte for a key press: never during a measurement
    #[arg(long)]
    pub(crate) probe: bool,
    /// With `--probe`: how long the port has to be silent, listening included, before anything is asked; less than a minute may disturb a
    /// measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "probe", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) quiet: u64,
    /// One JSON object a port instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
