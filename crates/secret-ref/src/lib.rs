//! Where a secret comes from. Configuration files hold references, never secrets.
//!
//! | reference | meaning |
//! | --- | --- |
//! | `file:/etc/scanbridge/mqtt.pw` | the content of a file; one line end at its end does not count |
//! | `credential:cloud-client-secret` | a file of that name in `$CREDENTIALS_DIRECTORY`, as systemd hands credentials over |
//! | `env:MQTT_PASSWORD` | an environment variable |

#![forbid(unsafe_code)]

use std::{env, fmt, fs, io, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

/// A reference to a secret. Parsing one reads nothing; [`SecretRef::read`] does, anew each time, so that a rotated secret is
/// picked up without a restart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum SecretRef {
    /// The content of a file.
    File(PathBuf),
    /// A credential of the service manager.
    Credential(String),
    /// An environment variable.
    Env(String),
}

/// A text that is no reference. It is not repeated here: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is given as a reference: `file:PATH`, `credential:NAME` or `env:NAME`, never as text")]
pub struct NotAReference;

/// A secret that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is missing or unreadable.
    #[error("cannot read the secret file `{path}`")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The service manager passed no credentials.
    #[error("`credential:{name}` needs a service manager that passes credentials ($CREDENTIALS_DIRECTORY is not set)")]
    NoCredentials {
        /// Which credential.
        name: String,
    },
    /// The variable is not set or not text.
    #[error("the environment variable `{name}` is not set to a text")]
    Env {
        /// Which variable.
        name: String,
    },
    /// There is nothing in it.
    #[error("the secret `{reference}` is empty")]
    Empty {
        /// Which one.
        reference: SecretRef,
    },
}

impl SecretRef {
    /// Reads the secret.
    ///
    /// # Errors
    /// [`ReadError`] naming the file, credential or variable.
    pub fn read(&self) -> Result<SecretString, ReadError> {
        let text = match self {
            Self::File(path) => read_file(path.clone())?,
            Self::Credential(name) => {
                let directory = env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or_else(|| ReadError::NoCredentials { name: name.clone() })?;
                read_file(PathBuf::from(directory).join(name))?
            }
            Self::Env(name) => env::var(name).map_err(|_| ReadError::Env { name: name.clone() })?,
        };
        if text.is_empty() {
            return Err(ReadError::Empty {
                reference: self.clone(),
            });
        }
        Ok(SecretString::from(text))
    }
}

fn read_file(path: PathBuf) -> Result<String, ReadError> {
    let mut text = fs::read_to_string(&path).map_err(|source| ReadError::File { path, source })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

impl TryFrom<String> for SecretRef {
    type Error = NotAReference;

    fn try_from(text: String) -> Result<Self, NotAReference> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(("credential", name)) if !name.is_empty() && !name.contains(['/', '\\']) => {
                Ok(Self::Credential(name.to_owned()))
            }
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            _ => Err(NotAReference),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Credential(name) => write!(f, "credential:{name}"),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn reference(text: &str) -> Result<SecretRef, NotAReference> {
        SecretRef::try_from(text.to_owned())
    }

    #[test]
    fn a_plain_secret_is_refused_and_not_repeated() {
        for text in ["hunter2", "", "file:", "credential:../other", "vault:x"] {
            assert_eq!(reference(text), Err(NotAReference));
        }
        assert!(!NotAReference.to_string().contains("hunter2"));
    }

    #[test]
    fn one_line_end_of_a_file_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pw");
        for (content, secret) in [
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            (" two\n\n", " two\n"),
            ("x", "x"),
        ] {
            fs::write(&path, content).unwrap();
            assert_eq!(SecretRef::File(path.clone()).read().unwrap().expose_secret(), secret);
        }
        fs::write(&path, "\n").unwrap();
        assert!(matches!(SecretRef::File(path).read(), Err(ReadError::Empty { .. })));
    }

    #[test]
    fn a_missing_source_is_named() {
        let missing = reference("file:/nonexistent/pw").unwrap().read().unwrap_err();
        assert_eq!(missing.to_string(), "cannot read the secret file `/nonexistent/pw`");
        let unset = reference("env:SCANBRIDGE_NO_SUCH_VARIABLE")
            .unwrap()
            .read()
            .unwrap_err();
        assert!(unset.to_string().contains("SCANBRIDGE_NO_SUCH_VARIABLE"));
    }
}
