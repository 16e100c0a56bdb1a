//! The command line of `scanhub`. Data goes to stdout, talk to stderr.

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use cloud_api::Scopes;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, ConfigError},
    oauth::secret,
    seed::{self, NewApp, SeedError},
    server::{Server, StartError},
    store::{OpenError, Store, members::MemberRow},
};

/// Exit codes; 2 is wrong usage, as the parser of the command line has it.
pub mod exit {
    /// Everything went well.
    pub const OK: u8 = 0;
    /// The configuration, or what it refers to, is not right.
    pub const CONFIGURATION: u8 = 64;
    /// What a command names is not there, or is there already.
    pub const DATA: u8 = 65;
    /// The store or the address cannot be had at the moment.
    pub const UNAVAILABLE: u8 = 69;
    /// A fault of the program or the system.
    pub const SOFTWARE: u8 = 70;
}

/// The companion server of scanbridge.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 good, 2 wrong usage, 64 configuration, 65 data, 69 unavailable, 70 software."
)]
pub struct Cli {
    /// Configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SCANHUB_CONFIG",
        default_value = "/etc/scanhub/scanhub.toml"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until it is told to stop.
    Serve,
    /// Apps: who may ask for tokens.
    #[command(subcommand)]
    App(AppCommand),
    /// Facilities: gyms or other sites.
    #[command(subcommand)]
    Facility(FacilityCommand),
    /// Members: people with an account.
    #[command(subcommand)]
    Member(MemberCommand),
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Adds an app, or changes it, and prints its new secret.
    Add {
        /// Public identifier.
        client_id: String,
        /// Name for people.
        #[arg(long)]
        name: Option<String>,
        /// What it may ask for, separated by commas.
        #[arg(long, default_value = "scan_creator,scan_performer")]
        scopes: Scopes,
        /// A facility that has consented; `*` for all. May be given several times.
        #[arg(long = "facility", required = true)]
        facilities: Vec<String>,
    },
    /// Replaces the secret of an app and prints the new one. All its tokens end.
    ResetSecret {
        /// Public identifier.
        client_id: String,
    },
}

#[derive(Debug, Subcommand)]
enum FacilityCommand {
    /// Adds a facility, or changes it, and prints its id.
    Add {
        /// Key in the membership system; what agents call it.
        externalid: String,
        /// Name for people.
        #[arg(long)]
        name: Option<String>,
        /// IANA name of the time zone.
        #[arg(long)]
        timezone: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    /// Adds a member and prints the id.
    Add(NewMember),
}

#[derive(Debug, Args)]
struct NewMember {
    /// The facility's key.
    #[arg(long)]
    facility: String,
    /// Key in the membership system; the number that is typed at the scanner.
    #[arg(long, required_unless_present = "email")]
    externalid: Option<String>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
    /// First name.
    #[arg(long)]
    firstname: Option<String>,
    /// Last name.
    #[arg(long)]
    lastname: Option<String>,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    #[error("the hub cannot be started")]
    Start(#[from] StartError),
    #[error("the store cannot be used")]
    Open(#[from] OpenError),
    #[error("nothing was changed")]
    Seed(#[from] SeedError),
    #[error("the signal to stop cannot be awaited")]
    Signal(#[source] std::io::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => exit::CONFIGURATION,
            Self::Start(StartError::Seed(error)) | Self::Seed(error) => match error {
                SeedError::Secret { .. } => exit::CONFIGURATION,
                SeedError::NoApp(_) | SeedError::NoFacility(_) | SeedError::MemberExists(_) => exit::DATA,
                SeedError::Store(_) => exit::UNAVAILABLE,
                SeedError::Make(_) => exit::SOFTWARE,
            },
            Self::Start(StartError::BrokerPassword(_) | StartError::BrokerCa { .. }) => exit::CONFIGURATION,
            Self::Start(StartError::Store(_) | StartError::Listen { .. }) | Self::Open(_) => exit::UNAVAILABLE,
            Self::Signal(_) => exit::SOFTWARE,
        }
    }

    /// What to do next.
    fn advice(&self) -> &'static str {
        match self {
            Self::Config(ConfigError::Read { .. }) => {
                "name the file with --config FILE; config/scanhub.toml is a sample"
            }
            Self::Config(_) => "correct the file at that place and start again",
            Self::Start(StartError::Seed(error)) | Self::Seed(error) => match error {
                SeedError::Secret { .. } => "put the secret where the configuration says, readable for this user only",
                SeedError::NoApp(_) => "add it with `scanhub app add`",
                SeedError::NoFacility(_) => "add it with `scanhub facility add`",
                SeedError::MemberExists(_) => "edit the member through the API",
                SeedError::Store(_) => "look at the disk: is it full or read-only?",
                SeedError::Make(_) => "look at the system's random source",
            },
            Self::Start(StartError::BrokerPassword(_) | StartError::BrokerCa { .. }) => {
                "correct the file's [live] section, or what it refers to"
            }
            Self::Start(StartError::Listen { .. }) => {
                "is another program, perhaps another hub, on this port? Choose another with `listen` in [server]"
            }
            Self::Start(StartError::Store(_)) | Self::Open(_) => {
                "check `path` in [store]: its folder must exist and be writable for this user"
            }
            Self::Signal(_) => "look at the system's log",
        }
    }
}

/// Runs a command; answers the exit code. Errors are printed once, with their causes and what to do.
pub async fn run(cli: Cli) -> ExitCode {
    match execute(cli).await {
        Ok(()) => ExitCode::from(exit::OK),
        Err(failure) => {
            print_failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn execute(cli: Cli) -> Result<(), Failure> {
    let config = Config::load(&cli.config)?;
    if let Command::Serve = cli.command {
        return serve(config).await;
    }
    let store = Store::open(&config.store.path).await?;
    let line = administer(&store, cli.command).await;
    store.close().await;
    print_line(&line?);
    Ok(())
}

async fn serve(config: Config) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let running = Server::start(config, stop.clone()).await?;
    print_talk(&format!("scanhub listens on http://{}/", running.addr()));
    let ended = running.ended();
    tokio::pin!(ended);
    tokio::select! {
        () = &mut ended => return Ok(()),
        signal = stop_signal() => signal.map_err(Failure::Signal)?,
    }
    stop.cancel();
    ended.await;
    Ok(())
}

/// The one line that an admin command prints.
async fn administer(store: &Store, command: Command) -> Result<String, SeedError> {
    match command {
        Command::Serve => Ok(String::new()),
        Command::App(AppCommand::Add {
            client_id,
            name,
            scopes,
            facilities,
        }) => {
            let fresh = secret::generate().map_err(SeedError::Make)?;
            let app = NewApp {
                client_id: &client_id,
                name: name.as_deref(),
                scopes: scopes.to_string(),
                facilities: &facilities,
            };
            seed::put_app(store, &app, fresh.clone()).await?;
            Ok(fresh.expose_secret().to_owned())
        }
        Command::App(AppCommand::ResetSecret { client_id }) => {
            Ok(seed::reset_secret(store, &client_id).await?.expose_secret().to_owned())
        }
        Command::Facility(FacilityCommand::Add {
            externalid,
            name,
            timezone,
        }) => {
            let id = seed::add_facility(store, &externalid, name.as_deref(), timezone.as_deref()).await?;
            Ok(id.to_string())
        }
        Command::Member(MemberCommand::Add(new)) => {
            let row = MemberRow {
                externalid: new.externalid,
                email: new.email,
                firstname: new.firstname,
                lastname: new.lastname,
                ..MemberRow::default()
            };
            Ok(seed::add_member(store, &new.facility, row).await?.to_string())
        }
    }
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[expect(clippy::print_stdout, reason = "this is the program's output module")]
fn print_line(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "this is the program's output module")]
fn print_talk(line: &str) {
    eprintln!("{line}");
}

fn print_failure(failure: &Failure) {
    let mut text = format!("scanhub: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str(&format!(
            "\n  because {}",
            error.to_string().trim_end().replace('\n', "\n    ")
        ));
        cause = error.source();
    }
    print_talk(&format!("{text}\n  To do: {}.", failure.advice()));
}
