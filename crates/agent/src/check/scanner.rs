//! Whether a scanner's port opens.

use std::time::Duration;

use scanner_driver::{Config, Driver, PortState};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::finding::Finding;

/// Some adapters take seconds over their control transfers.
const PATIENCE: Duration = Duration::from_secs(5);

/// Our own name as the kernel keeps it.
const PROGRAM: &str = "scanbridge";

/// Opens the port as the agent would, and closes it again.
pub(super) async fn check(config: &Config) -> Finding {
    let leg = format!("scanner {}", config.id);
    let stop = CancellationToken::new();
    let (driver, mut scanner) = Driver::new(config);
    let mut running = std::pin::pin!(driver.run(stop.clone()));
    let decided = async {
        let state = scanner
            .state
            .wait_for(|state| !matches!(state, PortState::Starting))
            .await;
        state.map_or(PortState::Starting, |state| state.clone())
    };
    let state = tokio::select! {
        state = timeout(PATIENCE, decided) => state.unwrap_or(PortState::Starting),
        () = &mut running => PortState::Starting,
    };
    stop.cancel();
    drop(scanner.events);
    running.await;
    judge(leg, &state)
}

fn judge(leg: String, state: &PortState) -> Finding {
    match state {
        PortState::Open { .. } => Finding::ok(leg, state.to_string()),
        PortState::Held { by, .. } if by.iter().any(|holder| holder.name == PROGRAM) => {
            let pids: Vec<_> = by.iter().map(|holder| holder.pid.to_string()).collect();
            Finding::ok(
                leg,
                format!("the running agent has the port (process {})", pids.join(", ")),
            )
        }
        PortState::Starting => {
            let story = format!("the port did not open within {} s", PATIENCE.as_secs());
            Finding::fails(leg, story, "unplug the adapter and plug it in again")
        }
        PortState::Held { .. } => Finding::fails(
            leg,
            state.to_string(),
            "stop the other program: a port serves one at a time",
        ),
        PortState::Denied { .. } => Finding::fails(
            leg,
            state.to_string(),
            "run as the agent's user, and put that user into the port's group (`dialout` on Debian)",
        ),
        PortState::Lost { .. } | PortState::Missing { .. } => Finding::fails(
            leg,
            state.to_string(),
            "plug the cable in; `scandiag ports` lists what is attached",
        ),
        PortState::Unsupported { .. } | PortState::Failed { .. } => {
            Finding::fails(leg, state.to_string(), "check `port` and `serial` of this [[scanner]]")
        }
    }
}

#[cfg(test)]
mod tests {
    use scanner_driver::Holder;

    use super::*;

    #[test]
    fn a_port_that_the_running_agent_has_works() {
        let held_by = |name: &str| PortState::Held {
            by: vec![Holder {
                pid: 4711,
                name: name.to_owned(),
            }],
            detail: "`/dev/ttyUSB0` is held".to_owned(),
        };
        let finding = judge("scanner bay-1".to_owned(), &held_by("scanbridge"));
        assert!(finding.works() && finding.to_string().contains("4711"));
        assert!(!judge("scanner bay-1".to_owned(), &held_by("ModemManager")).works());
    }

    #[tokio::test]
    async fn a_port_that_is_not_there_fails_with_its_name() {
        let toml = "id = \"bay-1\"\nport = \"/dev/no-such-port\"";
        let finding = check(&toml::from_str(toml).unwrap()).await;
        assert!(!finding.works());
        assert!(finding.to_string().contains("/dev/no-such-port"), "{finding}");
    }
}
