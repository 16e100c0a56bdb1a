//! The whole agent: opens what is kept, works until it is told to stop, drains.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use agent_config::Config;
use outbox::{KeyError, OpenError, Outbox, SealKey, StoreError};
use scan_model::board::{Activity, AgentInfo, Board};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    announcements::retell,
    data_dir,
    exit::Exit,
    house::House,
    identity::{Identity, IdentityError},
    keeper::{BoardKeeper, set_activity},
    legs, rooms,
    supervisor::{Leg, Supervisor, Trouble},
};

/// How long a stop may take. A record on the wire may take 2 s, the goodbye to the broker 2 s, a call to the cloud the rest.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// Why an agent cannot start. Nothing of it concerns the ways out: those may all be missing.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory can neither be used nor made.
    #[error("the data directory `{}` cannot be made", path.display())]
    DataDir {
        /// Which directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another agent works on the data directory.
    #[error("another agent works on this data directory")]
    InUse(#[source] OpenError),
    /// The seal key can be neither read nor made.
    #[error("the data directory cannot be used")]
    Key(#[from] KeyError),
    /// The outbox cannot be opened.
    #[error("the data directory cannot be used")]
    Outbox(#[source] OpenError),
    /// The outbox was opened and cannot be read.
    #[error("the outbox cannot be read")]
    Read(#[from] StoreError),
    /// The installation's identity can be neither read nor made.
    #[error("the data directory cannot be used")]
    Identity(#[from] IdentityError),
}

impl StartError {
    /// The code the program ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::InUse(_) => Exit::InUse,
            Self::DataDir { .. } | Self::Key(_) | Self::Outbox(_) | Self::Read(_) | Self::Identity(_) => Exit::DataDir,
        }
    }

    /// What to do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::InUse(_) => "stop the other agent first, or give this one a `data_dir` of its own",
            _ => {
                "check `data_dir` in [agent]: it must belong to the agent's user, lie on a disk that works and have room"
            }
        }
    }
}

impl From<OpenError> for StartError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::InUse { .. } => Self::InUse(error),
            OpenError::Io { .. } | OpenError::Database { .. } | OpenError::Thread(_) => Self::Outbox(error),
        }
    }
}

/// An agent whose outbox is open and whose tasks do not run yet.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    house: House,
    identity: Identity,
}

impl Agent {
    /// Opens what the agent keeps: key, outbox, identity. Takes the data directory for this process, and reaches nothing else.
    ///
    /// # Errors
    /// [`StartError`]; nothing was changed then.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let dir = &config.agent.data_dir;
        data_dir::make(dir).map_err(|source| StartError::DataDir {
            path: dir.clone(),
            source,
        })?;
        let key = SealKey::load_or_create(&data_dir::seal_key(dir))?;
        let (outbox, report) = Outbox::open(&config.outbox, &data_dir::outbox(dir), key.clone())?;
        let identity = Identity::load_or_create(dir)?;
        let scanners = config
            .scanners
            .iter()
            .map(|scanner| (scanner.id.clone(), scanner.protocol.name().to_owned()));
        let board = BoardKeeper::new(agent_info(&config), scanners);
        legs::disk::show_volatile(&report, &board);
        let damage = legs::disk::damage(&report);
        if let Some(damage) = &damage {
            tracing::error!("{damage}");
        }
        let (teller, last) = retell(&outbox, config.mqtt.is_some()).await?;
        for (scanner, last) in last {
            board.scanner(&scanner, |shown| shown.last = Some(last));
        }
        Ok(Self {
            config,
            house: House {
                board,
                outbox,
                key,
                teller,
                damage,
            },
            identity,
        })
    }

    /// The state of everything, for those who watch.
    pub fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.house.board.subscribe()
    }

    /// Works until `stop`, then drains within `deadline`. `ready` is called once every task runs. Returns the names of the
    /// rooms that did not end in time: their tasks were dropped, and what the outbox holds is safe all the same.
    ///
    /// The TLS provider must be installed before.
    pub async fn run(self, stop: CancellationToken, deadline: Duration, ready: impl FnOnce()) -> Vec<String> {
        let Self {
            config,
            house,
            identity,
        } = self;
        let (board, outbox) = (house.board.clone(), house.outbox.clone());
        let mut supervisor = Supervisor::new();
        rooms::start(&mut supervisor, house, config, identity);
        // Lets every task begin.
        tokio::task::yield_now().await;
        tracing::info!("ready");
        ready();
        supervisor.watch(&stop, |trouble| show_trouble(&trouble, &board)).await;
        tracing::info!(deadline_s = deadline.as_secs(), "stopping");
        let deadline = Instant::now() + deadline;
        let mut late = supervisor.drain(deadline).await;
        if timeout_at(deadline, outbox.close()).await.is_err() {
            late.push("outbox".to_owned());
        }
        if late.is_empty() {
            tracing::info!("stopped");
        } else {
            tracing::error!(rooms = late.join(", "), "stopped without waiting longer for some rooms");
        }
        late
    }
}

/// A task ended by itself: says so in the log and on its leg, until the room shows something itself again.
fn show_trouble(trouble: &Trouble<'_>, board: &BoardKeeper) {
    let Trouble {
        room,
        leg,
        panicked,
        pause,
        resting,
    } = trouble;
    let seconds = pause.as_secs_f32();
    tracing::error!(
        room,
        panicked,
        resting,
        restart_in_s = seconds,
        "a task ended by itself"
    );
    let advice = format!(
        "Failed inside the agent; starts again in {seconds:.0} s. Send the log to the maintainers if it happens again."
    );
    match leg {
        Leg::Scanner(id) => board.scanner(id, |shown| set_activity(shown, Activity::Error, Some("restarting"))),
        Leg::Named(leg) => board.leg(leg, "restarting", Some(advice)),
        Leg::Inner => {}
    }
}

fn agent_info(config: &Config) -> AgentInfo {
    AgentInfo {
        facility: config.agent.facility.clone(),
        name: config.agent.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::test_board;

    fn config(data_dir: &std::path::Path) -> Config {
        let agent = "[agent]\nfacility = \"gym-7\"\nname = \"front-desk\"\n";
        let scanner = "[[scanner]]\nid = \"bay-1\"\nport = \"/dev/no-such-port\"\n";
        let mut config = Config::parse(&format!("{agent}{scanner}")).unwrap();
        config.agent.data_dir = data_dir.to_owned();
        config
    }

    #[tokio::test]
    async fn the_data_directory_is_one_agents_until_that_has_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let first = Agent::open(config(dir.path())).await.unwrap();
        let refused = Agent::open(config(dir.path())).await.unwrap_err();
        assert_eq!(refused.exit(), Exit::InUse);
        let pid = format!("process {}", std::process::id());
        assert!(
            err_report::Report::new(&refused).to_string().contains(&pid),
            "{refused:?}"
        );
        let stop = CancellationToken::new();
        let ready = stop.clone();
        let late = first.run(stop, SHUTDOWN_DEADLINE, move || ready.cancel()).await;
        assert_eq!(late, [""; 0]);
        Agent::open(config(dir.path())).await.unwrap();
    }

    #[test]
    fn trouble_shows_on_the_leg_it_concerns_and_on_no_other() {
        let board = test_board();
        let before = board.now();
        let leg = Leg::Named(crate::keeper::CLOUD);
        let trouble = Trouble {
            room: "cloud",
            leg: &leg,
            panicked: true,
            pause: Duration::from_secs(3),
            resting: false,
        };
        show_trouble(&trouble, &board);
        let after = board.now();
        assert_eq!(after.legs["cloud"].state, "restarting");
        assert!(after.legs["cloud"].advice.as_deref().unwrap().contains("3 s"));
        assert_eq!(
            (&after.legs["disk"], &after.scanners),
            (&before.legs["disk"], &before.scanners)
        );
    }
}
