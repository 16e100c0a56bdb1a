//! Starting and ending the server.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{Router, ServiceExt, extract::Request, serve::ListenerExt as _};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::Layer as _;

use crate::{
    config::Config,
    live::{self, Broker},
    oauth,
    rest::{self, Rewrite},
    seed::{self, SeedError},
    state::Hub,
    store::{OpenError, Store},
    upkeep,
};

/// How long requests may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error("the hub has no store")]
    Store(#[source] OpenError),
    /// Facilities or apps of the configuration could not be set up.
    #[error("the facilities and apps of the configuration could not be set up")]
    Seed(#[source] SeedError),
    /// The password for the broker cannot be read.
    #[error("the password of [live] cannot be read")]
    BrokerPassword(#[source] secret_ref::ReadError),
    /// The certificates for the broker cannot be read.
    #[error("cannot read `{path}`, the ca_file of [live]")]
    BrokerCa {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// The companion server.
#[derive(Debug)]
pub struct Server;

/// A server that runs. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    tasks: JoinSet<()>,
    store: Store,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

impl Server {
    /// Opens the store, sets up what the configuration names, listens, and serves until `stop`. Returns when requests
    /// are accepted. The TLS provider is the program's to install, if the broker's address needs one.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: Config, stop: CancellationToken) -> Result<Running, StartError> {
        let broker = broker(&config)?;
        let store = Store::open(&config.store.path).await.map_err(StartError::Store)?;
        seed::from_config(&store, &config).await.map_err(StartError::Seed)?;
        let address = *config.server.listen.get_ref();
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let stop = stop.child_token();
        let (page, board) = live::channel();
        let hub = Hub::new(store.clone(), board, stop.clone());
        let mut tasks = JoinSet::new();
        if let Some(broker) = broker {
            tasks.spawn(live::run(broker, page, stop.clone()));
        }
        tasks.spawn(upkeep::run(hub.clone()));
        tasks.spawn(serve(listener, hub, stop.clone()));
        tracing::info!(%addr, "the hub is ready");
        Ok(Running {
            addr,
            tasks,
            store,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        })
    }
}

impl Running {
    /// Where it listens; with port 0 in the configuration, the port it was given.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits until the server has been stopped and every task has ended, at most a few seconds after the stop.
    pub async fn ended(mut self) {
        self.stop.cancelled().await;
        let drained = timeout(GRACE, async { while self.tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!(grace = ?GRACE, "requests were still running at the end");
            self.tasks.shutdown().await;
        }
        self.store.close().await;
    }
}

/// Every route of the server.
pub(crate) fn routes(hub: Hub) -> Router {
    let all = rest::routes().merge(oauth::routes()).merge(live::routes());
    rest::framed(all).with_state(hub)
}

async fn serve(listener: TcpListener, hub: Hub, stop: CancellationToken) {
    // Small answers must not wait for more to send.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection keeps its delay");
        }
    });
    let service = Rewrite.layer(routes(hub));
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service);
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(error = &error as &dyn std::error::Error, "the server ended");
    }
    // Without its listener the rest of the program has nothing to do.
    stop.cancel();
}

fn broker(config: &Config) -> Result<Option<Broker>, StartError> {
    let Some(url) = &config.live.mqtt_url else {
        return Ok(None);
    };
    let password = config.live.password.as_ref().map(|password| password.read());
    let password = password.transpose().map_err(StartError::BrokerPassword)?;
    let ca = match &config.live.ca_file {
        None => None,
        Some(path) => Some(std::fs::read(path).map_err(|source| StartError::BrokerCa {
            path: path.clone(),
            source,
        })?),
    };
    Ok(Some(Broker {
        url: url.get_ref().clone(),
        root: config
            .live
            .root
            .as_ref()
            .map_or_else(|| "scanbridge".to_owned(), |root| root.get_ref().clone()),
        credentials: config
            .live
            .username
            .clone()
            .map(|name| (name, password.unwrap_or_default())),
        ca,
    }))
}
