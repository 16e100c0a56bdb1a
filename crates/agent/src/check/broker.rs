//! Whether the broker takes a connection.

use agent_config::AgentConfig;
use progress_mqtt::Config;

use super::finding::Finding;

const LEG: &str = "broker";

/// Connects under a name of its own, so that a running agent keeps its connection, and says goodbye.
pub(super) async fn check(config: &Config, agent: &AgentConfig) -> Finding {
    match progress_mqtt::probe(config, &agent.facility, &agent.name).await {
        Ok(url) => Finding::ok(LEG, format!("{url} takes the connection")),
        Err(leg) => {
            let story = format!("no connection ({})", leg.state);
            Finding::fails(LEG, story, leg.advice.unwrap_or_default())
        }
    }
}
