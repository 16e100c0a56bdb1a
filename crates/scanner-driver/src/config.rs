//! `[[scanner]]`: one scanner of the configuration.

use std::path::PathBuf;

use scan_model::Name;
use scanner_protocol::{Carrier, PcDialect, PositionalModel, Protocol};
use serde::{Deserialize, Deserializer, de};

use crate::{PortSelector, SerialSettings, UsbMatch};

/// `[[scanner]]`: which port to read, how, and what to do with results of people nobody announced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Section")]
pub struct Config {
    /// The scanner among those of this agent, as topics and the local API name it.
    pub id: Name,
    /// The port it hangs on.
    pub port: PortSelector,
    /// What it speaks.
    pub protocol: Protocol,
    /// The commands that a Tanita in PC mode understands: those of the `model` in the file.
    pub pc_dialect: PcDialect,
    /// Whose positional records count: those of the `model` in the file, if it names one.
    pub positional_model: Option<PositionalModel>,
    /// Speed and frame, if the file says them. If not, [`settings`](Self::settings).
    pub serial: Option<SerialSettings>,
    /// What the agent does with a result that belongs to nobody announced. The driver does not look at it.
    pub unknown_person: UnknownPerson,
}

/// What happens to a result that belongs to nobody announced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPerson {
    /// It goes to the cloud without a member, for the staff to assign.
    #[default]
    Unassigned,
    /// It stays here until a technician releases it.
    Hold,
}

/// The section as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    id: Name,
    port: Option<PathBuf>,
    r#match: Option<UsbMatch>,
    #[serde(default = "any_protocol", deserialize_with = "protocol")]
    protocol: Protocol,
    model: Option<String>,
    serial: Option<SerialSettings>,
    #[serde(default)]
    unknown_person: UnknownPerson,
}

/// The section does not say which port, or says it twice, or does not say which scanner.
#[derive(Debug, thiserror::Error)]
enum BadSection {
    #[error("scanner `{id}` needs either `port` or `match`")]
    NoPort { id: Name },
    #[error("scanner `{id}` has both `port` and `match`: only one can say which port it is")]
    TwoPorts { id: Name },
    #[error("scanner `{id}` has an empty `port`: a path such as `/dev/ttyUSB0` or a name such as `COM5` is needed")]
    EmptyPort { id: Name },
    #[error(
        "scanner `{id}` has `model = \"{model}\"`, which only `protocol = \"tanita-pc\"` or `\"tanita-positional\"` looks at"
    )]
    ModelUnused { id: Name, model: String },
    #[error(
        "scanner `{id}` has `model = \"{model}\"`: no scanner with a PC mode is called so; one is `MC-780`, `DC-430` or `BC-418`"
    )]
    NoPcMode { id: Name, model: String },
    #[error(
        "scanner `{id}` has `model = \"{model}\"`: no scanner with positional records is called so; one is `TBF-310` or `BC-418`"
    )]
    NotPositional { id: Name, model: String },
}

impl Config {
    /// What the port is opened with: what the file says, or the [usual settings](SerialSettings::usual) of the protocol. With `auto` and
    /// nothing in the file these are a beginning: where what comes means nothing, the driver goes on to others.
    pub fn settings(&self) -> SerialSettings {
        self.serial.unwrap_or(SerialSettings::usual(self.protocol))
    }
}

impl TryFrom<Section> for Config {
    type Error = BadSection;

    fn try_from(section: Section) -> Result<Self, BadSection> {
        let Section {
            id,
            port,
            r#match,
            protocol,
            model,
            serial,
            unknown_person,
        } = section;
        let (mut pc_dialect, mut positional_model) = (PcDialect::default(), None);
        match (protocol, model) {
            (_, None) => {}
            (Protocol::TanitaPc, Some(model)) => match PcDialect::of_model(&model) {
                Some(dialect) => pc_dialect = dialect,
                None => return Err(BadSection::NoPcMode { id, model }),
            },
            (Protocol::TanitaPositional, Some(model)) => match PositionalModel::of_model(&model) {
                Some(known) => positional_model = Some(known),
                None => return Err(BadSection::NotPositional { id, model }),
            },
            (_, Some(model)) => return Err(BadSection::ModelUnused { id, model }),
        }
        let port = match (port, r#match) {
            (Some(path), None) if path.as_os_str().is_empty() => return Err(BadSection::EmptyPort { id }),
            (Some(path), None) => PortSelector::Path(path),
            (None, Some(usb)) => PortSelector::Usb(usb),
            (None, None) => return Err(BadSection::NoPort { id }),
            (Some(_), Some(_)) => return Err(BadSection::TwoPorts { id }),
        };
        Ok(Self {
            id,
            port,
            protocol,
            pc_dialect,
            positional_model,
            serial,
            unknown_person,
        })
    }
}

fn any_protocol() -> Protocol {
    Protocol::Auto
}

fn protocol<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
    let protocol: Protocol = String::deserialize(deserializer)?.parse().map_err(de::Error::custom)?;
    if protocol.carrier() == Carrier::Serial {
        Ok(protocol)
    } else {
        Err(de::Error::custom(format_args!(
            "no serial port carries the protocol `{protocol}`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(section: &str) -> Result<Config, String> {
        toml::from_str(section).map_err(|error| error.to_string())
    }

    #[test]
    fn a_scanner_needs_no_more_than_an_id_and_a_port() {
        let config = parse("id = \"bay-1\"\nport = \"/dev/ttyUSB0\"").expect("section");
        assert_eq!(config.port, PortSelector::Path("/dev/ttyUSB0".into()));
        assert_eq!(config.settings(), SerialSettings::COMMON);
        assert_eq!(config.unknown_person, UnknownPerson::Unassigned);
    }

    #[test]
    fn a_scanner_in_pc_mode_has_the_commands_of_its_model() {
        let lines = "id = \"bay-1\"\nport = \"COM5\"\nprotocol = \"tanita-pc\"";
        assert_eq!(parse(lines).expect("section").pc_dialect, PcDialect::Mc);
        let config = parse(&format!("{lines}\nmodel = \"DC-430MA\"")).expect("section");
        assert_eq!(config.pc_dialect, PcDialect::Dc);
    }

    #[test]
    fn positional_records_are_those_of_the_model_if_one_is_named() {
        let lines = "id = \"bay-1\"\nport = \"COM5\"\nprotocol = \"tanita-positional\"";
        assert_eq!(parse(lines).expect("section").positional_model, None);
        let config = parse(&format!("{lines}\nmodel = \"TBF-310GS\"")).expect("section");
        assert_eq!(config.positional_model, Some(PositionalModel::Tbf310));
    }

    #[test]
    fn a_protocol_brings_its_usual_settings_and_the_file_has_the_last_word() {
        let lines = "id = \"bay-1\"\nport = \"COM5\"\nprotocol = \"scan-link\"";
        assert_eq!(parse(lines).expect("section").settings().to_string(), "115200 8N1");
        let config = parse(&format!("{lines}\nserial = \"9600 8N1\"")).expect("section");
        assert_eq!(config.settings(), SerialSettings::COMMON);
    }

    #[test]
    fn a_usb_device_is_named_by_its_identity() {
        let config = parse("id = \"bay-1\"\nmatch = { vid = 0x0403, pid = 0x6001, serial = \"A5\" }").expect("section");
        let PortSelector::Usb(usb) = config.port else {
            panic!("selected by USB identity")
        };
        assert_eq!((usb.vid, usb.pid, usb.serial.as_deref()), (0x0403, 0x6001, Some("A5")));
    }

    #[test]
    fn every_mistake_is_refused_by_name() {
        for (lines, named) in [
            ("", "either `port` or `match`"),
            (
                "port = \"COM5\"\nmatch = { vid = 1, pid = 2 }",
                "both `port` and `match`",
            ),
            ("port = \"\"", "empty `port`"),
            ("port = \"COM5\"\nserial = \"96OO 8N1\"", "bad baud `96OO`"),
            ("port = \"COM5\"\nprotocol = \"morse\"", "morse"),
            ("port = \"COM5\"\nprotocol = \"xiaomi\"", "no serial port carries"),
            ("port = \"COM5\"\nbaud = 9600", "unknown field `baud`"),
            ("match = { vid = 1, pid = 2, speed = 3 }", "unknown field `speed`"),
            ("match = { vid = 70000, pid = 2 }", "70000"),
            ("port = \"COM5\"\nmodel = \"MC-780\"", "only `protocol = \"tanita-pc\"`"),
            (
                "port = \"COM5\"\nprotocol = \"tanita-pc\"\nmodel = \"X-1\"",
                "`model = \"X-1\"`",
            ),
            (
                "port = \"COM5\"\nprotocol = \"tanita-positional\"\nmodel = \"MC-780\"",
                "one is `TBF-310` or `BC-418`",
            ),
            ("port = \"COM5\"\nunknown_person = \"ignore\"", "ignore"),
        ] {
            let error = parse(&format!("id = \"bay-1\"\n{lines}")).expect_err(lines);
            assert!(error.contains(named), "{lines}: {error}");
        }
    }
}
