//! `[cloud]`: which cloud, in whose name, and the way there.

use std::path::PathBuf;

use cloud_api::Dialect;
use reqwest::Url;
use secret_ref::SecretRef;
use serde::Deserialize;

/// `[cloud]`: which cloud, in whose name, and the way there. A value of this type has passed every check that needs no
/// network.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Section")]
pub struct Config {
    /// Where the paths of the dialect start. `https`, or `http` on loopback, or `http` with `allow_plain = true`.
    pub base_url: Url,
    /// The server's words. One that is not confirmed needs `accept_unconfirmed = true`.
    pub dialect: Dialect,
    /// The app's public identifier.
    pub client_id: String,
    /// Where the app's secret is. Read anew at each authentication.
    pub client_secret: SecretRef,
    /// Proxy for every call. Without it no proxy is used: the environment is not asked.
    pub proxy: Option<Url>,
    /// PEM file with certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// What is wrong in `[cloud]`. The text starts with the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not a URL of a server.
    #[error("`{key}` is not a URL such as `https://hub.example`")]
    NotAUrl {
        /// `base_url` or `proxy`.
        key: &'static str,
    },
    /// A URL with user or password, which would end up in logs.
    #[error("`{key}` must not hold a user name or password")]
    Credentials {
        /// `base_url` or `proxy`.
        key: &'static str,
    },
    /// Anything behind the path.
    #[error("`base_url` must end with the path: leave out `?` and `#`")]
    Tail,
    /// Tokens and body data would travel in the clear.
    #[error("`base_url` is plain http and leads off this machine: use https, or set `allow_plain = true`")]
    Plain,
    /// No such dialect.
    #[error("`dialect` is `{0}`: this version knows {known}", known = Dialect::NAMES.map(|name| format!("`{name}`")).join(" and "))]
    UnknownDialect(String),
    /// The server's names are guesses.
    #[error(
        "`dialect` is `{0}`, whose names nobody has confirmed yet: set `accept_unconfirmed = true` to write to such a server"
    )]
    Unconfirmed(String),
    /// No app.
    #[error("`client_id` is empty")]
    NoClientId,
}

/// The section as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    base_url: String,
    #[serde(default = "hub")]
    dialect: String,
    #[serde(default)]
    accept_unconfirmed: bool,
    #[serde(default)]
    allow_plain: bool,
    client_id: String,
    client_secret: SecretRef,
    proxy: Option<String>,
    ca_file: Option<PathBuf>,
}

fn hub() -> String {
    "hub".to_owned()
}

impl TryFrom<Section> for Config {
    type Error = ConfigError;

    fn try_from(section: Section) -> Result<Self, ConfigError> {
        let base_url = server_url("base_url", &section.base_url)?;
        if base_url.query().is_some() || base_url.fragment().is_some() {
            return Err(ConfigError::Tail);
        }
        if base_url.scheme() == "http" && !is_loopback(&base_url) && !section.allow_plain {
            return Err(ConfigError::Plain);
        }
        let Some(dialect) = Dialect::named(&section.dialect) else {
            return Err(ConfigError::UnknownDialect(section.dialect));
        };
        if !dialect.confirmed && !section.accept_unconfirmed {
            return Err(ConfigError::Unconfirmed(section.dialect));
        }
        if section.client_id.is_empty() {
            return Err(ConfigError::NoClientId);
        }
        let proxy = section.proxy.map(|text| server_url("proxy", &text)).transpose()?;
        Ok(Self {
            base_url,
            dialect,
            client_id: section.client_id,
            client_secret: section.client_secret,
            proxy,
            ca_file: section.ca_file,
        })
    }
}

fn server_url(key: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| ConfigError::NotAUrl { key })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ConfigError::NotAUrl { key });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConfigError::Credentials { key });
    }
    Ok(url)
}

/// `localhost` and its subdomains never leave the machine (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "client_id = \"k3x9\"\nclient_secret = \"env:S\"\n";

    fn parse(lines: &str) -> Result<Config, String> {
        toml::from_str::<Config>(&format!("{SECRET}{lines}")).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn plain_http_needs_consent_unless_it_stays_on_this_machine() {
        for local in [
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
            "http://hub.localhost:80/x",
        ] {
            assert!(parse(&format!("base_url = \"{local}\"")).is_ok(), "{local}");
        }
        for far in [
            "http://hub.example",
            "http://192.168.1.5",
            "http://localhost.example",
            "http://127.0.0.1.example",
        ] {
            let refused = parse(&format!("base_url = \"{far}\"")).unwrap_err();
            assert!(refused.contains("allow_plain"), "{far}: {refused}");
            assert!(
                parse(&format!("base_url = \"{far}\"\nallow_plain = true")).is_ok(),
                "{far}"
            );
        }
    }

    #[test]
    fn a_dialect_of_guesses_needs_consent() {
        let lines = "base_url = \"https://api.example\"\ndialect = \"boditrax\"";
        assert!(parse(lines).unwrap_err().contains("accept_unconfirmed"));
        let config = parse(&format!("{lines}\naccept_unconfirmed = true")).unwrap();
        assert_eq!(config.dialect.name, "boditrax");
        assert!(
            parse("base_url = \"https://api.example\"\ndialect = \"huub\"")
                .unwrap_err()
                .contains("`hub` and `boditrax`")
        );
    }

    #[test]
    fn mistakes_are_named_by_their_key_and_secrets_are_not_repeated() {
        for (lines, key) in [
            ("base_url = \"hub.example\"", "base_url"),
            ("base_url = \"ftp://hub.example\"", "base_url"),
            ("base_url = \"https://jo:pw123@hub.example\"", "base_url"),
            ("base_url = \"https://hub.example?x=1\"", "base_url"),
            (
                "base_url = \"https://hub.example\"\nproxy = \"http://jo:pw123@p.example\"",
                "proxy",
            ),
            ("base_url = \"https://hub.example\"\nbase_urll = \"x\"", "base_urll"),
        ] {
            let refused = parse(lines).unwrap_err();
            assert!(refused.contains(key), "{lines}: {refused}");
            assert!(!refused.contains("pw123"), "{refused}");
        }
    }
}
