//! Whether a scanner's port opens.

use std::time::Duration;

use scanner_driver::{Config, Driver, Holder, PortState};
use scanner_protocol::Capabilities;
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
    let look = async {
        let decided = scanner.state.wait_for(|state| !matches!(state, PortState::Starting));
        let state = match timeout(PATIENCE, decided).await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) | Err(_) => PortState::Starting,
        };
        stop.cancel();
        // What arrived meanwhile is nobody's: the driver does not wait for it to be taken.
        drop(scanner.events);
        state
    };
    let capabilities = scanner.capabilities;
    let (state, ()) = tokio::join!(look, driver.run(stop.clone()));
    match fruitless(capabilities) {
        Some(why) if state.is_open() => Finding::warning(leg, format!("{state}; {why}")),
        _ => judge(leg, &state),
    }
}

/// Why a scanner of these capabilities will give no result, however well its port works.
fn fruitless(capabilities: Capabilities) -> Option<&'static str> {
    if !capabilities.has_results {
        return Some("nothing that this protocol sends becomes a result: `scandiag sniff` shows it to technicians");
    }
    // Over scan-link people step on by themselves as well.
    (capabilities.starts_scans && !capabilities.confirms_stored).then_some(
        "with this protocol the host starts scans, and no program asks for that yet: a scanner used by its own keys is `tanita-tagged`",
    )
}

fn judge(leg: String, state: &PortState) -> Finding {
    match state {
        PortState::Open { .. } => Finding::ok(leg, state.to_string()),
        PortState::Starting => {
            let story = format!("the port did not open within {} s", PATIENCE.as_secs());
            Finding::fails(leg, story, "unplug the adapter and plug it in again")
        }
        PortState::Held { by, .. } => match by.iter().find(|holder| is_agent(holder)) {
            Some(agent) => Finding::ok(leg, format!("the running agent has the port (process {})", agent.pid)),
            None => Finding::fails(
                leg,
                state.to_string(),
                "stop the other program: a port serves one at a time",
            ),
        },
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

/// An agent, not this check, which has the port open for the moment of the attempt.
fn is_agent(holder: &Holder) -> bool {
    holder.name == PROGRAM && holder.pid != std::process::id()
}

#[cfg(test)]
mod tests {
    use scanner_protocol::{Options, Protocol, Session};

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

    #[test]
    fn a_protocol_that_gives_no_result_is_warned_of() {
        for (protocol, words) in [
            (Protocol::Seca460, Some("becomes a result")),
            (Protocol::TanitaPc, Some("`tanita-tagged`")),
            (Protocol::ScanLink, None),
            (Protocol::And, None),
        ] {
            let capabilities = Session::new(protocol, Options::default()).capabilities();
            let why = fruitless(capabilities);
            assert_eq!(why.is_some(), words.is_some(), "{protocol}");
            assert!(
                why.unwrap_or_default().contains(words.unwrap_or_default()),
                "{protocol}"
            );
        }
    }

    #[tokio::test]
    async fn a_port_that_is_not_there_fails_with_its_name() {
        let toml = "id = \"bay-1\"\nport = \"/dev/no-such-port\"";
        let finding = check(&toml::from_str(toml).unwrap()).await;
        assert!(!finding.works());
        assert!(finding.to_string().contains("/dev/no-such-port"), "{finding}");
    }
}
