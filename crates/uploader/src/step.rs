//! How far a reading has come, as the outbox remembers it.

use cloud_api::Id;
use serde::{Deserialize, Serialize};

/// The last step that is known to have been reached. Absent for a reading of which nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", content = "id", rename_all = "snake_case")]
pub(crate) enum Step {
    /// Nothing was sent, or a technician has decided that it shall be sent as new.
    Unsent,
    /// It may have been created: the answer was lost, or the process ended before it came.
    Doubtful,
    /// It is there, without its measurements.
    Created(Id),
    /// It is there with its measurements, not yet complete.
    Measured(Id),
}

/// A step at a server: an id means nothing to another one.
#[derive(Serialize, Deserialize)]
struct Remembered<'a> {
    server: std::borrow::Cow<'a, str>,
    #[serde(flatten)]
    step: Step,
}

impl Step {
    pub(crate) fn to_bytes(self, server: &str) -> outbox::Step {
        let remembered = Remembered {
            server: server.into(),
            step: self,
        };
        outbox::Step(serde_json::to_vec(&remembered).expect("a struct with string keys serialises"))
    }

    /// The step as remembered. One of another server, or of a newer version, only says that something may have been
    /// sent: the other server may be the same one under a new name.
    pub(crate) fn from_bytes(step: &outbox::Step, server: &str) -> Self {
        match serde_json::from_slice::<Remembered<'_>>(&step.0) {
            Ok(remembered) if remembered.server == server => remembered.step,
            _ => Self::Doubtful,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_remembered_for_its_server_alone() {
        for step in [
            Step::Unsent,
            Step::Doubtful,
            Step::Created(Id(9041)),
            Step::Measured(Id(1)),
        ] {
            let bytes = step.to_bytes("https://hub.example");
            assert_eq!(Step::from_bytes(&bytes, "https://hub.example"), step);
            assert_eq!(Step::from_bytes(&bytes, "https://api.example"), Step::Doubtful);
        }
        assert_eq!(
            Step::from_bytes(&outbox::Step(b"{\"v\":2}".to_vec()), "x"),
            Step::Doubtful
        );
    }
}
