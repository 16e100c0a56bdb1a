//! Topics: `{root}/1/{facility}/{agent}/{scanner}/{channel}`, always six segments (contract, section 1).

use std::time::Duration;

use scan_model::Name;

use crate::config::Root;

/// Version segment of every topic. Additive changes keep it; anything else raises it.
const VERSION: &str = "1";

/// What a topic is about, with the row of the contract's table that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel<'a> {
    Agent,
    Info,
    Health,
    Alert(&'a str),
    Status,
    Scan,
    Progress,
    Event,
    Last,
}

impl Channel<'_> {
    /// Whether the broker keeps the latest message for those who come later.
    pub(crate) fn is_retained(self) -> bool {
        !matches!(self, Self::Progress | Self::Event)
    }

    /// Whether the broker has to acknowledge it (QoS 1); the others are sent once and forgotten (QoS 0).
    pub(crate) fn is_acknowledged(self) -> bool {
        self != Self::Progress
    }

    /// After what time the message means nothing any more.
    pub(crate) fn expiry(self) -> Option<Duration> {
        match self {
            // Three of the intervals in which it is repeated.
            Self::Health => Some(Duration::from_secs(3 * 30)),
            Self::Scan => Some(Duration::from_secs(15 * 60)),
            Self::Progress => Some(Duration::from_secs(10)),
            Self::Event => Some(Duration::from_secs(60 * 60)),
            Self::Agent | Self::Info | Self::Alert(_) | Self::Status | Self::Last => None,
        }
    }

    /// Type of the message in the sense of CloudEvents.
    pub(crate) fn cloud_event_type(self) -> String {
        let word = match self {
            Self::Agent => "agent",
            Self::Info => "info",
            Self::Health => "health",
            Self::Alert(_) => "alert",
            Self::Status => "status",
            Self::Scan => "scan",
            Self::Progress => "progress",
            Self::Event => "event",
            Self::Last => "last",
        };
        format!("scanbridge.{word}.v{VERSION}")
    }

    fn segment(self) -> String {
        match self {
            Self::Agent | Self::Status => "status".to_owned(),
            Self::Info => "info".to_owned(),
            Self::Health => "health".to_owned(),
            Self::Alert(code) => format!("alert-{code}"),
            Self::Scan => "scan".to_owned(),
            Self::Progress => "progress".to_owned(),
            Self::Event => "event".to_owned(),
            Self::Last => "last".to_owned(),
        }
    }
}

/// The part of the tree that belongs to this agent. Nothing is ever published outside it (MQTT-3).
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    root: Root,
    facility: Name,
    agent: Name,
}

impl Tree {
    pub(crate) fn new(root: Root, facility: Name, agent: Name) -> Self {
        Self { root, facility, agent }
    }

    /// What all topics of `scanner`, or of the agent itself, begin with. `_` stands for the agent (MQTT-2); no scanner can be
    /// called so.
    pub(crate) fn source(&self, scanner: Option<&Name>) -> String {
        let Self { root, facility, agent } = self;
        let scanner = scanner.map_or("_", Name::as_str);
        format!("{}/{VERSION}/{facility}/{agent}/{scanner}", root.as_str())
    }

    pub(crate) fn topic(&self, scanner: Option<&Name>, channel: Channel<'_>) -> String {
        format!("{}/{}", self.source(scanner), channel.segment())
    }

    /// The one client id of this agent (MQTT-14). The separator occurs in no name, so two agents never share one.
    pub(crate) fn client_id(&self) -> String {
        let Self { root, facility, agent } = self;
        format!("{}.{facility}.{agent}", root.as_str())
    }
}

/// Whether an alert's code is fit for a topic. Codes come from the agent's own tables; this keeps a slip from becoming a wildcard
/// or a seventh segment.
pub(crate) fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn mqtt_01_names_that_do_not_fit_a_segment_are_refused() {
        for text in ["", "Gym", "a/b", "a+b", "#", "a_b", "_", "\u{fc}", &"x".repeat(65)] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        assert!("x".repeat(64).parse::<Name>().is_ok());
    }

    #[test]
    fn mqtt_02_and_03_topics_have_six_segments_below_the_agents_own_tree() {
        let tree = Tree::new(Root::default(), name("gym-7"), name("front-desk"));
        let bay = name("bay-1");
        let cases = [
            (None, Channel::Agent, "_/status"),
            (None, Channel::Alert("disk-full"), "_/alert-disk-full"),
            (Some(&bay), Channel::Status, "bay-1/status"),
            (Some(&bay), Channel::Progress, "bay-1/progress"),
        ];
        for (scanner, channel, end) in cases {
            let topic = tree.topic(scanner, channel);
            assert_eq!(topic, format!("scanbridge/1/gym-7/front-desk/{end}"));
            assert_eq!(topic.split('/').count(), 6);
        }
    }

    #[test]
    fn mqtt_14_agents_with_similar_names_have_different_client_ids() {
        let id = |facility: &str, agent: &str| Tree::new(Root::default(), name(facility), name(agent)).client_id();
        assert_ne!(id("a-b", "c"), id("a", "b-c"));
    }

    #[test]
    fn a_code_is_never_a_wildcard_or_a_further_segment() {
        assert!(is_code("cloud-awaiting_licence"));
        for code in ["", "a/b", "#", "a+", "Disk"] {
            assert!(!is_code(code), "{code}");
        }
    }
}
