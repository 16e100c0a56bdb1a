//! The agent's one configuration file.
//!
//! [`Config::load`] reads it once; after that nothing reads it, and nothing but a secret's reference looks at the
//! environment. Each section's type belongs to the room it configures; here they are put together, with the rules that
//! concern several of them, and every fault is reported with file, line and key. Nothing is opened or reached here.

#![forbid(unsafe_code)]

mod agent;
mod document;
mod error;
mod local_api;
mod rules;
mod warnings;

use std::{fs, path::Path};

pub use agent::{AgentConfig, default_path};
pub use error::{Fault, LoadError};
pub use local_api::LocalApiConfig;

use document::Document;

/// Everything the file says.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[agent]`.
    pub agent: AgentConfig,
    /// Every `[[scanner]]`, at least one, in the order of the file.
    pub scanners: Vec<scanner_driver::Config>,
    /// `[cloud]`. Without it readings stay on this machine.
    pub cloud: Option<cloud_client::Config>,
    /// `[mqtt]`. Without it nobody is shown any progress.
    pub mqtt: Option<progress_mqtt::Config>,
    /// `[outbox]`.
    pub outbox: outbox::Config,
    /// `[local_api]`. Without it the agent listens nowhere.
    pub local_api: Option<LocalApiConfig>,
}

/// The sections, as the file names them.
const SECTIONS: [&str; 6] = ["agent", "scanner", "cloud", "mqtt", "outbox", "local_api"];

impl Config {
    /// Loads the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or says something it may not say.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = fs::read_to_string(path).map_err(|source| LoadError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|fault| LoadError::Invalid {
            path: path.to_owned(),
            fault,
        })
    }

    /// Understands the text of a file.
    ///
    /// # Errors
    /// The first thing that the text may not say.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut document = Document::parse(text)?;
        let agent = document
            .take("agent")?
            .ok_or_else(|| missing("agent", "write `[agent]` with `facility` and `name`"))?;
        let scanners = document
            .take_list("scanner")?
            .into_iter()
            .map(|section| document.typed(section))
            .collect::<Result<Vec<_>, _>>()?;
        let config = Self {
            agent,
            scanners,
            cloud: document.take("cloud")?,
            mqtt: document.take("mqtt")?,
            outbox: document.take("outbox")?.unwrap_or_default(),
            local_api: document.take("local_api")?,
        };
        rules::check(&config, &document)?;
        document.finish(&SECTIONS)?;
        Ok(config)
    }

    /// What is allowed but should not stay so, in sentences for the log: secrets that others on this machine can read.
    pub fn warnings(&self) -> Vec<String> {
        warnings::readable_secrets(self)
    }
}

fn missing(section: &str, advice: &str) -> Fault {
    Fault {
        line: None,
        key: Some(section.to_owned()),
        problem: format!("the section is missing: {advice}"),
    }
}
