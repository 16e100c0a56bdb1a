//! The section `[mqtt]` of the agent's configuration.

use std::{fmt, net::IpAddr, path::PathBuf};

use secret_ref::SecretRef;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use url::{Host, Url};

/// How to reach the facility's broker. Every value of this type is consistent: the checks run while it is read.
///
/// ```toml
/// [mqtt]
/// url      = "mqtts://broker.gym-7.example:8883"   # mqtt, mqtts, ws or wss; a list for a cluster, tried in turn
/// root     = "scanbridge"                          # first segment of every topic
/// version  = "5"                                   # or "3.1.1"
/// username = "gym-7"
/// password = "file:/etc/scanbridge/mqtt.pw"
/// ca_file  = "/etc/scanbridge/ca.pem"              # instead of the system's authorities
/// client_cert = "/etc/scanbridge/client.pem"       # with client_key, for brokers that ask for one
/// client_key  = "/etc/scanbridge/client.key"
/// allow_plain = false                              # true: mqtt:// and ws:// beyond this machine
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct Config {
    /// Brokers, tried in turn. Never empty.
    pub url: Vec<BrokerUrl>,
    /// First segment of every topic.
    pub root: Root,
    /// Protocol version.
    pub version: Version,
    /// User name, if the broker asks for one.
    pub username: Option<String>,
    /// Password of that user; read anew for every connection.
    pub password: Option<SecretRef>,
    /// Certificate authorities to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key to show to the broker, PEM.
    pub client_identity: Option<ClientIdentity>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// Certificate chain, PEM.
    pub cert: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Version {
    /// MQTT 5.
    #[default]
    #[serde(rename = "5")]
    V5,
    /// MQTT 3.1.1, for older brokers: the same topics and bodies, without properties.
    #[serde(rename = "3.1.1")]
    V311,
}

/// First segment of every topic: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Root(String);

/// Address of a broker: `mqtt`, `mqtts`, `ws` or `wss`, without user name and password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct BrokerUrl(Url);

/// What is wrong with a value of the section. The text names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Config {
    /// Anonymous MQTT 5 at `url` with default settings.
    pub fn new(url: BrokerUrl) -> Self {
        Self {
            url: vec![url],
            root: Root::default(),
            version: Version::default(),
            username: None,
            password: None,
            ca_file: None,
            client_identity: None,
        }
    }
}

impl Root {
    /// The segment as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Root {
    fn default() -> Self {
        Self("scanbridge".to_owned())
    }
}

impl TryFrom<String> for Root {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let valid = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if valid {
            Ok(Self(text))
        } else {
            Err(Invalid(format!(
                "`root = \"{text}\"` is not one topic segment: use 1 to 64 of A-Z, a-z, 0-9, `_` and `-`"
            )))
        }
    }
}

impl BrokerUrl {
    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0.scheme(), "mqtts" | "wss")
    }

    /// Whether MQTT travels inside a WebSocket.
    pub fn is_websocket(&self) -> bool {
        matches!(self.0.scheme(), "ws" | "wss")
    }

    /// Host name or address; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Port, given or the scheme's own.
    pub fn port(&self) -> u16 {
        let default = match self.0.scheme() {
            "mqtts" => 8883,
            "ws" => 80,
            "wss" => 443,
            _ => 1883,
        };
        self.0.port().unwrap_or(default)
    }

    /// The address with its port always spelled out, as the WebSocket handshake needs it.
    pub(crate) fn with_port(&self) -> String {
        let url = &self.0;
        format!(
            "{}://{}:{}{}",
            url.scheme(),
            self.host(),
            self.port(),
            &url[url::Position::BeforePath..]
        )
    }

    fn is_loopback(&self) -> bool {
        match self.0.host() {
            // Other schemes than http's leave an address as a domain, so it is parsed here.
            Some(Host::Domain(name)) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

impl TryFrom<String> for BrokerUrl {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let url = Url::parse(&text).map_err(|error| Invalid(format!("`url` is not an address: {error}")))?;
        if !matches!(url.scheme(), "mqtt" | "mqtts" | "ws" | "wss") {
            return Err(Invalid(format!(
                "`url` has the scheme `{}`: use mqtt, mqtts, ws or wss",
                url.scheme()
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // The address is not repeated: it holds a secret.
            return Err(Invalid(
                "`url` must not hold a user name or password: use `username` and `password`".to_owned(),
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Invalid(format!("`url = \"{text}\"` names no host")));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The section as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(deserialize_with = "one_or_more")]
    url: Vec<BrokerUrl>,
    #[serde(default)]
    root: Root,
    #[serde(default)]
    version: Version,
    username: Option<String>,
    password: Option<SecretRef>,
    ca_file: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    #[serde(default)]
    allow_plain: bool,
}

impl TryFrom<Section> for Config {
    type Error = Invalid;

    fn try_from(section: Section) -> Result<Self, Invalid> {
        if !section.allow_plain {
            for url in &section.url {
                if !url.is_encrypted() && !url.is_loopback() {
                    return Err(Invalid(format!(
                        "`url = \"{url}\"` would send in the clear: use mqtts or wss, or set `allow_plain = true`"
                    )));
                }
            }
        }
        if section.password.is_some() && section.username.is_none() {
            return Err(Invalid("`password` needs `username`".to_owned()));
        }
        let client_identity = match (section.client_cert, section.client_key) {
            (Some(cert), Some(key)) => Some(ClientIdentity { cert, key }),
            (None, None) => None,
            _ => {
                return Err(Invalid("`client_cert` and `client_key` need each other".to_owned()));
            }
        };
        Ok(Self {
            url: section.url,
            root: section.root,
            version: section.version,
            username: section.username,
            password: section.password,
            ca_file: section.ca_file,
            client_identity,
        })
    }
}

/// One address or a list of them. Written out because an untagged enum would hide what is wrong with an address.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BrokerUrl>, D::Error> {
    struct OneOrMore;

    impl<'de> Visitor<'de> for OneOrMore {
        type Value = Vec<BrokerUrl>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a broker's address or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            BrokerUrl::try_from(text.to_owned())
                .map(|url| vec![url])
                .map_err(E::custom)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            let urls = Vec::deserialize(SeqAccessDeserializer::new(list))?;
            if urls.is_empty() {
                return Err(A::Error::custom("`url` is an empty list"));
            }
            Ok(urls)
        }
    }

    deserializer.deserialize_any(OneOrMore)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn one_address_and_a_list_are_read() {
        let one = read(r#"url = "mqtts://broker.example""#).unwrap();
        assert_eq!((one.url[0].host(), one.url[0].port()), ("broker.example", 8883));
        assert_eq!((one.root.as_str(), one.version), ("scanbridge", Version::V5));

        let list = read(
            r#"
            url = ["wss://a.example/mqtt", "mqtts://b.example:1"]
            version = "3.1.1"
            username = "gym-7"
            password = "env:PW"
            "#,
        )
        .unwrap();
        assert_eq!(list.url[0].with_port(), "wss://a.example:443/mqtt");
        assert_eq!((list.url[1].port(), list.version), (1, Version::V311));
    }

    #[test]
    fn what_is_wrong_names_its_key() {
        for (text, part) in [
            ("url = []", "`url` is an empty list"),
            (r#"url = "http://x""#, "scheme `http`"),
            (r#"url = ["mqtts://x", "nonsense"]"#, "`url` is not an address"),
            (r#"url = "mqtts://u:hunter2@x""#, "`username` and `password`"),
            ("url = \"mqtts://x\"\nroot = \"a/b\"", "`root = \"a/b\"`"),
            ("url = \"mqtts://x\"\nroot = \"+\"", "`root = \"+\"`"),
            ("url = \"mqtts://x\"\nversion = \"4\"", "unknown variant `4`"),
            (
                "url = \"mqtts://x\"\npassword = \"env:PW\"",
                "`password` needs `username`",
            ),
            ("url = \"mqtts://x\"\nclient_key = \"k\"", "need each other"),
            ("url = \"mqtts://x\"\nusrname = \"u\"", "unknown field `usrname`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
            // toml shows the line of the file, which is the operator's own; the message itself repeats no secret.
            let message = error.lines().last().unwrap_or_default();
            assert!(!message.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn plain_is_for_this_machine_unless_allowed() {
        for url in [
            "mqtt://127.0.0.1",
            "ws://[::1]:9001/",
            "mqtt://localhost:1883",
            "mqtt://[::1]",
        ] {
            assert!(read(&format!("url = \"{url}\"")).is_ok(), "{url}");
        }
        for url in ["mqtt://192.0.2.7", "ws://broker.example", "mqtt://localhost.example"] {
            let error = read(&format!("url = \"{url}\"")).unwrap_err();
            assert!(error.contains("allow_plain"), "{error}");
            assert!(read(&format!("url = \"{url}\"\nallow_plain = true")).is_ok());
        }
    }
}
