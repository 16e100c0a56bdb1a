//! What can be wrong with the broker's leg, in the words others see.

use jiff::Timestamp;
use scan_model::board::LegState;

/// State of the leg to the broker. The words are part of `_/health` and of the agent's local API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The first attempt is under way.
    Connecting,
    /// The broker acknowledges what is published.
    Ok,
    /// No connection, or nobody answers on it.
    Unreachable,
    /// The broker answers and says no.
    Refused,
    /// The broker's certificate or name is not what it should be.
    UntrustedServer,
    /// Another client uses this agent's id.
    TakenOver,
    /// A file or secret that the configuration names cannot be used.
    Misconfigured,
}

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::UntrustedServer => "untrusted_server",
            Self::TakenOver => "taken_over",
            Self::Misconfigured => "misconfigured",
        }
    }
}

/// Why there is no connection, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) state: State,
    /// For people. Names the place and the cause, never a secret.
    pub(crate) advice: String,
}

impl Fault {
    pub(crate) fn new(state: State, advice: impl Into<String>) -> Self {
        Self {
            state,
            advice: advice.into(),
        }
    }

    /// Somebody else came with this agent's client id.
    pub(crate) fn taken_over() -> Self {
        Self::new(
            State::TakenOver,
            "Another program uses this agent's client id: look for a second agent with the same facility and name, \
             perhaps on a cloned disk",
        )
    }

    /// Nothing was heard for too long.
    pub(crate) fn silent() -> Self {
        Self::new(
            State::Unreachable,
            "The broker keeps the connection open but answers nothing: check the broker and the network on the way",
        )
    }

    /// A message was refused, which MQTT 5 tells.
    pub(crate) fn message_refused(reason: &str) -> Self {
        Self::new(
            State::Refused,
            format!("The broker refuses this agent's messages ({reason}): allow its user to write its own topics"),
        )
    }
}

/// The leg as the board shows it.
pub(crate) fn leg_state(state: State, advice: Option<String>) -> LegState {
    LegState {
        state: state.word().to_owned(),
        since: Timestamp::now(),
        advice,
    }
}
