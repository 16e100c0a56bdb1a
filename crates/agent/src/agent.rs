//! Joins the rooms: opens what is kept, starts every task, sees every task end.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use agent_config::Config;
use outbox::{KeyError, OpenError, Outbox, SealKey, StoreError};
use scan_model::board::{Activity, AgentInfo, Board};
use scanner_driver::Driver;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    announcements::{Teller, retell},
    data_dir,
    exit::Exit,
    identity::{Identity, IdentityError},
    keeper::{BROKER, BoardKeeper, CLOUD, NOT_CONFIGURED},
    legs, local_api,
    reception::{Reception, Store},
    supervisor::{Leg, Phase, Supervisor, Trouble},
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
    board: BoardKeeper,
    outbox: Outbox,
    key: SealKey,
    identity: Identity,
    teller: Teller,
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
        legs::disk::show_opening(&report, &board);
        let (teller, last) = retell(&outbox, config.mqtt.is_some()).await?;
        for (scanner, last) in last {
            board.scanner(&scanner, |shown| shown.last = Some(last));
        }
        Ok(Self {
            config,
            board,
            outbox,
            key,
            identity,
            teller,
        })
    }

    /// The state of everything, for those who watch.
    pub fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.board.subscribe()
    }

    /// Works until `stop`, then drains within `deadline`. `ready` is called once every task runs. Returns the names of the
    /// rooms that did not end in time: their tasks were dropped, and what the outbox holds is safe all the same.
    ///
    /// The TLS provider must be installed before.
    pub async fn run(self, stop: CancellationToken, deadline: Duration, ready: impl FnOnce()) -> Vec<String> {
        let (mut supervisor, board, outbox) = (Supervisor::new(), self.board.clone(), self.outbox.clone());
        self.start_rooms(&mut supervisor);
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

    fn start_rooms(self, supervisor: &mut Supervisor) {
        let Self {
            config,
            board,
            outbox,
            key,
            identity,
            teller,
        } = self;
        let store = Store::new(outbox.clone(), key.clone());
        let clock = watch::Sender::new(None);
        {
            let (teller, outbox) = (teller.clone(), outbox.clone());
            supervisor.start("announcements", Leg::Inner, Phase::Books, move |stop| {
                teller.clone().remember(outbox.clone(), stop)
            });
        }
        {
            let (stats, refused, board) = (outbox.stats(), store.refused(), board.clone());
            supervisor.start("disk", Leg::Inner, Phase::Desks, move |stop| {
                legs::disk::show(stats.clone(), refused.clone(), board.clone(), stop)
            });
        }
        {
            let (said, board) = (clock.subscribe(), board.clone());
            supervisor.start("clock", Leg::Inner, Phase::Desks, move |stop| {
                legs::clock::show(said.clone(), board.clone(), stop)
            });
        }
        for scanner in config.scanners {
            let (board, store, teller) = (board.clone(), store.clone(), teller.clone());
            let said = clock.subscribe();
            let name = format!("scanner {}", scanner.id);
            supervisor.start(name, Leg::Scanner(scanner.id.clone()), Phase::Doors, move |stop| {
                let reception = Reception::new(
                    scanner.clone(),
                    board.clone(),
                    store.clone(),
                    teller.clone(),
                    said.clone(),
                );
                serve_scanner(scanner.clone(), reception, stop)
            });
        }
        match config.cloud {
            None => board.leg(CLOUD, NOT_CONFIGURED, None),
            Some(config) => {
                let (board, teller, outbox) = (board.clone(), teller.clone(), outbox.clone());
                let cloud = legs::cloud::Cloud {
                    config,
                    identity,
                    key,
                    outbox,
                    board,
                    teller,
                    clock,
                };
                supervisor.start("cloud", Leg::Named(CLOUD), Phase::Doors, move |stop| {
                    cloud.clone().run(stop)
                });
            }
        }
        match config.mqtt {
            None => board.leg(BROKER, NOT_CONFIGURED, None),
            Some(config) => {
                let (board, teller, outbox) = (board.clone(), teller.clone(), outbox.clone());
                supervisor.start("broker", Leg::Named(BROKER), Phase::Window, move |stop| {
                    legs::broker::run(config.clone(), board.clone(), teller.clone(), outbox.clone(), stop)
                });
            }
        }
        if let Some(config) = config.local_api {
            let board = board.subscribe();
            supervisor.start("local API", Leg::Inner, Phase::Doors, move |stop| {
                local_api::serve(config.listen, board.clone(), stop)
            });
        }
    }
}

/// Runs a scanner's driver and its reception; ends when both have.
async fn serve_scanner(config: scanner_driver::Config, reception: Reception, stop: CancellationToken) {
    let (driver, scanner) = Driver::new(&config);
    // A task of its own: if it panics, what it found before is still received.
    let mut task = JoinSet::new();
    task.spawn(driver.run(stop));
    reception.serve(scanner).await;
    if let Some(Err(error)) = task.join_next().await
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
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
        Leg::Scanner(id) => board.scanner(id, |shown| {
            crate::keeper::set_activity(shown, Activity::Error, Some("restarting"))
        }),
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
