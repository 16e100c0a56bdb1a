//! The configuration file: TOML, unknown keys refused, secrets only as references.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use cloud_api::Scopes;
use secret_ref::SecretRef;
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;
use url::Url;

/// Everything the hub is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it listens.
    pub server: ServerConfig,
    /// Where it keeps its data.
    pub store: StoreConfig,
    /// Where the live page gets its news; without it the page says that no broker is set.
    #[serde(default)]
    pub live: LiveConfig,
    /// Facilities that shall exist. Others may be added by command.
    #[serde(default, rename = "facility")]
    pub facilities: Vec<FacilityConfig>,
    /// Apps that shall exist. Others may be added by command.
    #[serde(default, rename = "app")]
    pub apps: Vec<AppConfig>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port. Port 0 takes a free one.
    #[serde(deserialize_with = "spanned_address")]
    pub listen: Spanned<SocketAddr>,
    /// Allows plain HTTP beyond this computer. A reverse proxy that speaks TLS belongs in front of it.
    #[serde(default)]
    pub allow_plain: bool,
}

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The SQLite file. Created if missing; its folder must exist.
    pub path: PathBuf,
}

/// `[live]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// Broker, such as `mqtts://broker.gym-7.example:8883`; also `mqtt:`, `ws:` and `wss:`.
    pub mqtt_url: Option<Spanned<Url>>,
    /// First segment of the topics; `scanbridge` if absent.
    pub root: Option<Spanned<String>>,
    /// Name at the broker.
    pub username: Option<String>,
    /// Password at the broker.
    pub password: Option<SecretRef>,
    /// Certificates to trust instead of the built-in ones, PEM.
    pub ca_file: Option<PathBuf>,
    /// Allows `mqtt:` and `ws:` beyond this computer.
    #[serde(default)]
    pub allow_plain: bool,
}

/// `[[facility]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FacilityConfig {
    /// Key in the membership system; what agents call the facility.
    pub externalid: String,
    /// Name for people.
    pub name: Option<String>,
    /// IANA name of the time zone.
    pub timezone: Option<String>,
}

/// `[[app]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Public identifier. A suffix `@apps.boditrax.com` does not count.
    pub client_id: String,
    /// Its secret. Changing it ends every token of the app.
    pub secret: SecretRef,
    /// Name for people.
    pub name: Option<String>,
    /// What it may ask for.
    #[serde(deserialize_with = "scopes")]
    pub scopes: Scopes,
    /// `externalid`s of the facilities that have consented; `["*"]` for all.
    pub facilities: Spanned<Vec<String>>,
}

/// A configuration that cannot be used. The text names the file, and the line and key where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, has an unknown key, lacks one or holds a wrong value.
    #[error("the configuration file `{path}` is not right")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, key and fault.
        source: Box<toml::de::Error>,
    },
    /// Its values do not go together.
    #[error("{path}, line {line}: `{key}` {fault}")]
    Value {
        /// The file.
        path: PathBuf,
        /// Line of the value.
        line: usize,
        /// The key.
        key: String,
        /// What is wrong and what to do.
        fault: String,
    },
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], naming file, line and key.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Reads and checks a configuration that is in memory; `path` is for errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check().map_err(|fault| ConfigError::Value {
            path: path.to_owned(),
            line: text.get(..fault.offset).unwrap_or(text).matches('\n').count() + 1,
            key: fault.key,
            fault: fault.text,
        })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Fault> {
        let listen = self.server.listen.get_ref();
        if !listen.ip().is_loopback() && !self.server.allow_plain {
            return Err(Fault::new(
                "server.listen",
                &self.server.listen,
                "would offer plain HTTP to the network: listen on 127.0.0.1 behind a reverse proxy that speaks TLS, \
                 or set `allow_plain = true` in [server]",
            ));
        }
        if let Some(url) = &self.live.mqtt_url {
            check_broker(url, self.live.allow_plain)?;
        }
        if let Some(root) = &self.live.root
            && (root.get_ref().is_empty() || root.get_ref().contains(['/', '+', '#']))
        {
            return Err(Fault::new(
                "live.root",
                root,
                "is one topic segment, without `/`, `+` and `#`",
            ));
        }
        for app in &self.apps {
            let known = |name: &String| name == "*" || self.facilities.iter().any(|f| f.externalid == *name);
            if let Some(unknown) = app.facilities.get_ref().iter().find(|name| !known(name)) {
                return Err(Fault::new(
                    "app.facilities",
                    &app.facilities,
                    &format!("names `{unknown}`, for which there is no [[facility]]"),
                ));
            }
        }
        Ok(())
    }
}

struct Fault {
    key: String,
    offset: usize,
    text: String,
}

impl Fault {
    fn new<T>(key: &str, value: &Spanned<T>, text: &str) -> Self {
        Self {
            key: key.to_owned(),
            offset: value.span().start,
            text: text.to_owned(),
        }
    }
}

fn check_broker(url: &Spanned<Url>, allow_plain: bool) -> Result<(), Fault> {
    let address = url.get_ref();
    // An address with a scheme that is not the web's keeps its host as text.
    let Some(host) = address
        .host_str()
        .map(|host| host.trim_start_matches('[').trim_end_matches(']'))
    else {
        return Err(Fault::new("live.mqtt_url", url, "names no host"));
    };
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !address.username().is_empty() || address.password().is_some() {
        return Err(Fault::new(
            "live.mqtt_url",
            url,
            "holds credentials: use `username` and `password` in [live]",
        ));
    }
    match address.scheme() {
        "mqtts" | "wss" => Ok(()),
        "mqtt" | "ws" if here || allow_plain => Ok(()),
        "mqtt" | "ws" => Err(Fault::new(
            "live.mqtt_url",
            url,
            "would send credentials in the clear: use `mqtts:` or `wss:`, or set `allow_plain = true` in [live]",
        )),
        _ => Err(Fault::new(
            "live.mqtt_url",
            url,
            "begins with `mqtt:`, `mqtts:`, `ws:` or `wss:`",
        )),
    }
}

fn spanned_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<SocketAddr>, D::Error> {
    let text = Spanned::<String>::deserialize(deserializer)?;
    let address = text
        .get_ref()
        .parse()
        .map_err(|_| D::Error::custom("`listen` is an address and a port, such as 127.0.0.1:7380"))?;
    Ok(Spanned::new(text.span(), address))
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .join(" ")
        .parse()
        .map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[server]
listen = "127.0.0.1:0"
[store]
path = "hub.db"
[[facility]]
externalid = "gym-7"
[[app]]
client_id = "k3x9"
secret = "env:HUB_SECRET"
scopes = ["scan_creator", "scan_performer"]
facilities = ["gym-7"]
"#;

    fn error(text: &str) -> String {
        let error = Config::parse(text, Path::new("hub.toml")).unwrap_err();
        err_report::Report::new(error).to_string()
    }

    #[test]
    fn the_sample_file_is_right() {
        let sample = include_str!("../../../config/scanhub.toml");
        let config = Config::parse(sample, Path::new("scanhub.toml")).unwrap();
        assert!(!config.apps.is_empty() && !config.facilities.is_empty());
    }

    #[test]
    fn an_unknown_key_is_refused_with_file_line_and_key() {
        let shown = error(&GOOD.replace("path = ", "paht = \"x\"\npath = "));
        assert!(
            shown.contains("hub.toml") && shown.contains("line 5") && shown.contains("paht"),
            "{shown}"
        );
    }

    #[test]
    fn plain_http_beyond_loopback_needs_consent() {
        let open = GOOD.replace("127.0.0.1:0", "0.0.0.0:80");
        let shown = error(&open);
        assert!(
            shown.contains("hub.toml, line 3") && shown.contains("server.listen"),
            "{shown}"
        );
        let allowed = open.replace("[store]", "allow_plain = true\n[store]");
        assert!(Config::parse(&allowed, Path::new("hub.toml")).is_ok());
    }

    #[test]
    fn wrong_values_name_their_key() {
        for (from, to, expected) in [
            ("127.0.0.1:0", "nowhere", "listen"),
            ("scan_creator", "root", "`root` is not a scope"),
            ("env:HUB_SECRET", "hunter2", "reference"),
            ("facilities = [\"gym-7\"]", "facilities = [\"gym-8\"]", "gym-8"),
        ] {
            let shown = error(&GOOD.replace(from, to));
            assert!(shown.contains(expected) && shown.contains("line "), "{shown}");
            assert!(
                !shown.contains("hunter2") || to != "hunter2" || shown.contains("|"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_broker_in_the_clear_needs_consent_beyond_loopback() {
        let with = |url: &str| format!("{GOOD}\n[live]\nmqtt_url = \"{url}\"\n");
        for good in [
            "mqtt://127.0.0.1:1883",
            "mqtt://localhost",
            "mqtts://broker.example:8883",
            "mqtt://[::1]:1",
        ] {
            assert!(Config::parse(&with(good), Path::new("hub.toml")).is_ok(), "{good}");
        }
        for bad in [
            "mqtt://broker.example",
            "http://127.0.0.1",
            "mqtts://u:p@broker.example",
        ] {
            assert!(error(&with(bad)).contains("live.mqtt_url"), "{bad}");
        }
    }
}
