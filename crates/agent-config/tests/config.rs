//! The file as people write it, right and wrong.

use std::{fs, path::Path};

use agent_config::{Config, LoadError};

const GOOD: &str = r#"[agent]
facility = "gym-7"
name = "front-desk"

[[scanner]]
id = "bay-1"
port = "/dev/ttyUSB0"

[cloud]
base_url = "https://hub.gym-7.example"
client_id = "k3x9"
client_secret = "env:CLOUD_SECRET"

[mqtt]
url = "mqtts://broker.gym-7.example:8883"

[local_api]
listen = "127.0.0.1:7390"
"#;

/// What is wrong with the good file after `replaced` has become `by`.
fn fault(replaced: &str, by: &str) -> String {
    assert!(replaced.is_empty() || GOOD.contains(replaced), "{replaced}");
    let text = if replaced.is_empty() {
        format!("{GOOD}{by}\n")
    } else {
        GOOD.replacen(replaced, by, 1)
    };
    match Config::parse(&text) {
        Ok(_) => panic!("accepted: {by}"),
        Err(fault) => format!("scanbridge.toml{fault}"),
    }
}

#[test]
fn the_sample_file_is_valid() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/scanbridge.toml");
    let config = Config::load(&sample).unwrap();
    assert!(config.cloud.is_some() && config.mqtt.is_some() && config.local_api.is_some());
}

#[test]
fn cloud_broker_and_local_api_may_be_left_out() {
    let minimal = &GOOD[..GOOD.find("[cloud]").unwrap()];
    let config = Config::parse(minimal).unwrap();
    assert!(config.cloud.is_none() && config.mqtt.is_none() && config.local_api.is_none());
    assert_eq!(config.outbox, outbox::Config::default());
}

#[test]
fn every_fault_names_line_and_key_and_what_is_allowed() {
    let faults = [
        ("", "[mtqq]\nurl = \"mqtt://localhost\""),
        ("name = \"front-desk\"", "name = \"Front desk\""),
        ("name = \"front-desk\"", "nam = \"front-desk\""),
        ("facility = \"gym-7\"\n", ""),
        (
            "name = \"front-desk\"",
            "name = \"front-desk\"\ntimezone = \"Europe/Lodnon\"",
        ),
        ("id = \"bay-1\"", "id = \"bay-1\"\nserial = \"96OO 8N1\""),
        ("id = \"bay-1\"", "id = \"bay-1\"\nserial = \"12 8N1\""),
        ("id = \"bay-1\"", "id = \"bay-1\"\nprotocol = \"tanita\""),
        ("id = \"bay-1\"", "id = \"bay-1\"\nbaud = 9600"),
        ("port = \"/dev/ttyUSB0\"\n", ""),
        (
            "[cloud]",
            "[[scanner]]\nid = \"bay-1\"\nport = \"/dev/ttyUSB1\"\n[cloud]",
        ),
        (
            "[cloud]",
            "[[scanner]]\nid = \"bay-2\"\nport = \"/dev/ttyUSB0\"\n[cloud]",
        ),
        ("[[scanner]]", "[scanner]"),
        ("[[scanner]]\nid = \"bay-1\"\nport = \"/dev/ttyUSB0\"\n", ""),
        ("https://hub", "http://hub"),
        (
            "base_url = \"https://hub.gym-7.example\"",
            "base_url = \"https://hub.gym-7.example\"\ndialect = \"boditrax\"",
        ),
        ("client_id = \"k3x9\"\n", ""),
        ("mqtts://", "mqtt://"),
        ("mqtts://", "ftp://"),
        ("127.0.0.1:7390", "0.0.0.0:7390"),
        ("127.0.0.1:7390", "7390"),
        ("", "[outbox]\nmin_free = \"lots\""),
        ("", "[outbox]\nkeep_sent = \"a while\""),
        ("facility = \"gym-7\"", "facility = gym-7"),
    ];
    let printed: Vec<_> = faults.iter().map(|(replaced, by)| fault(replaced, by)).collect();
    insta::assert_snapshot!(printed.join("\n"));
}

#[test]
fn a_secret_in_the_place_of_its_reference_is_not_repeated() {
    for secret in ["\"hunter2\"", "4711", "[\"hunter2\"]"] {
        let fault = fault("\"env:CLOUD_SECRET\"", secret);
        assert!(
            fault.starts_with("scanbridge.toml:12: `cloud.client_secret`: a secret is given as a reference"),
            "{fault}"
        );
        assert!(!fault.contains("hunter2") && !fault.contains("4711"), "{fault}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Path::new("/nonexistent/scanbridge.toml")).unwrap_err();
    assert!(matches!(error, LoadError::Read { .. }));
    assert_eq!(
        error.to_string(),
        "cannot read the configuration file `/nonexistent/scanbridge.toml`"
    );
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    fs::write(&secret, "s3cret").unwrap();
    let text = GOOD.replace("env:CLOUD_SECRET", &format!("file:{}", secret.display()));
    let config = Config::parse(&text).unwrap();
    let warnings = |mode| {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        config.warnings()
    };
    assert_eq!(warnings(0o640), [""; 0]);
    let warned = warnings(0o644);
    assert!(
        warned[0].contains("cloud.client_secret") && warned[0].contains(&secret.display().to_string()),
        "{warned:?}"
    );
}
