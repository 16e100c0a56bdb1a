//! One connection for a look: does the broker take us?

use std::time::Duration;

use scan_model::{Name, board::LegState};
use tokio::time::timeout;

use crate::{
    config::{BrokerUrl, Config},
    fault::{Fault, leg_state},
    link::{Link, Seen, Session},
    topic::Tree,
};

/// For the goodbye; the connection itself has the link's own limit.
const GOODBYE: Duration = Duration::from_secs(2);

/// Connects to the first broker that takes the connection, under a client id of its own so that a running agent keeps its
/// connection, and says goodbye. Publishes nothing. Returns the address.
///
/// # Errors
/// What is wrong with the last address that was tried, in the words of [`Handle::leg`](crate::Handle::leg).
pub async fn probe(config: &Config, facility: &Name, agent: &Name) -> Result<String, LegState> {
    let tree = Tree::new(config.root.clone(), facility.clone(), agent.clone());
    let mut fault = Fault::silent();
    for url in &config.url {
        match connect(config, url, &tree).await {
            Ok(()) => return Ok(url.to_string()),
            Err(found) => fault = found,
        }
    }
    Err(leg_state(fault.state, Some(fault.advice)))
}

async fn connect(config: &Config, url: &BrokerUrl, tree: &Tree) -> Result<(), Fault> {
    let session = Session {
        client_id: format!("{}.check", tree.client_id()),
        keep_alive: Duration::from_secs(20),
        will: None,
    };
    let mut link = Link::new(config, url, session)?;
    link.connected().await?;
    link.say_goodbye();
    let goodbye = async { while link.next().await.is_ok_and(|seen| seen != Seen::SaidGoodbye) {} };
    // The broker has taken the connection: how it ends is of no interest.
    let _ = timeout(GOODBYE, goodbye).await;
    Ok(())
}
