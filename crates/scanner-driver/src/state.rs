//! How a scanner's port is.

use std::fmt;
use std::path::PathBuf;

use err_report::Report;

use crate::{Holder, OpenError, SerialSettings};

/// How a scanner's port is, for people and other rooms. `Display` is one line with port, settings and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortState {
    /// Not tried yet.
    Starting,
    /// Open and being read.
    Open {
        /// What was opened.
        path: PathBuf,
        /// Settings in use.
        settings: SerialSettings,
        /// What came last means nothing to the session.
        is_noise: bool,
    },
    /// Was open until the cable or the device went; being looked for.
    Lost {
        /// What was open.
        path: PathBuf,
    },
    /// Not attached.
    Missing {
        /// The whole story.
        detail: String,
    },
    /// Another program has it.
    Held {
        /// Every process seen to have it open; empty if none could be seen.
        by: Vec<Holder>,
        /// The whole story.
        detail: String,
    },
    /// This user may not open it.
    Denied {
        /// The whole story.
        detail: String,
    },
    /// It is no serial port, or cannot do the settings.
    Unsupported {
        /// The whole story.
        detail: String,
    },
    /// Opening failed in another way.
    Failed {
        /// The whole story.
        detail: String,
    },
}

impl PortState {
    /// A stable word for what is wrong, for topics and the local API; `None` while nothing is.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Starting | Self::Open { is_noise: false, .. } => None,
            Self::Open { is_noise: true, .. } => Some("not_understood"),
            Self::Lost { .. } => Some("port_lost"),
            Self::Missing { .. } => Some("port_missing"),
            Self::Held { .. } => Some("port_held"),
            Self::Denied { .. } => Some("permission_denied"),
            Self::Unsupported { .. } => Some("settings_unsupported"),
            Self::Failed { .. } => Some("port_failed"),
        }
    }

    /// Whether bytes can arrive.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl From<OpenError> for PortState {
    fn from(error: OpenError) -> Self {
        let detail = Report::new(&error).to_string();
        match error {
            OpenError::NoMatch { .. } | OpenError::NotFound { .. } => Self::Missing { detail },
            OpenError::Held { by, .. } => Self::Held { by, detail },
            OpenError::PermissionDenied { .. } => Self::Denied { detail },
            OpenError::NotAPort { .. } | OpenError::BadSettings { .. } => Self::Unsupported { detail },
            OpenError::Io { .. } => Self::Failed { detail },
        }
    }
}

impl fmt::Display for PortState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("not tried yet"),
            Self::Open {
                path,
                settings,
                is_noise: false,
            } => write!(f, "port `{}` is open at {settings}", path.display()),
            Self::Open { path, settings, .. } => write!(
                f,
                "port `{}` is open at {settings}, and what came last means nothing; are `protocol` and `serial` those of the scanner? \
                 `scandiag identify` finds out while the agent is stopped",
                path.display()
            ),
            Self::Lost { path } => write!(f, "port `{}` went away; is the cable plugged in?", path.display()),
            Self::Missing { detail }
            | Self::Held { detail, .. }
            | Self::Denied { detail }
            | Self::Unsupported { detail }
            | Self::Failed { detail } => f.write_str(detail),
        }
    }
}
