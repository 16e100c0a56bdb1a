//! What programs on this machine can ask the agent, over HTTP on loopback.
//!
//! | path | who | answer |
//! | --- | --- | --- |
//! | `GET /healthz` | everybody on this machine | 200 while the agent lives, with the state of every leg |

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{Json, Router, extract::State, routing::get};
use err_report::Report;
use scan_model::board::{Activity, Board, LegState};
use serde::Serialize;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// Serves until `stop`. An address that cannot be had is logged, and the end of this task with it: it is tried again.
pub(crate) async fn serve(listen: SocketAddr, board: watch::Receiver<Arc<Board>>, stop: CancellationToken) {
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%listen, error = %Report::new(&error), "the local API cannot listen; does another program use the address?");
            return;
        }
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "the local API listens");
    }
    let served = axum::serve(listener, routes(board))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(error = %Report::new(&error), "the local API failed");
    }
}

fn routes(board: watch::Receiver<Arc<Board>>) -> Router {
    Router::new().route("/healthz", get(healthz)).with_state(board)
}

/// How the agent is, in words that say nothing of any person.
#[derive(Debug, Serialize)]
struct Health {
    version: String,
    legs: BTreeMap<&'static str, LegState>,
    scanners: BTreeMap<scan_model::Name, Scanner>,
    queue_depth: u64,
    set_aside: u64,
    alerts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Scanner {
    activity: Activity,
    code: Option<String>,
}

async fn healthz(State(board): State<watch::Receiver<Arc<Board>>>) -> Json<Health> {
    let board = Arc::clone(&board.borrow());
    let scanner = |state: &scan_model::board::ScannerState| Scanner {
        activity: state.activity,
        code: state.code.clone(),
    };
    Json(Health {
        version: board.agent.version.clone(),
        legs: board.legs.clone(),
        scanners: board
            .scanners
            .iter()
            .map(|(id, state)| (id.clone(), scanner(state)))
            .collect(),
        queue_depth: board.queue.depth,
        set_aside: board.queue.set_aside,
        alerts: board.alerts.keys().cloned().collect(),
    })
}
