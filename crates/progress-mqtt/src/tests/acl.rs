//! The sample ACL of `config/mosquitto.acl`, and logins.

use std::{path::Path, process::Command};

use scan_model::board::EventKind;
use secret_ref::SecretRef;
use serde_json::json;

use super::{
    agent::{Agent, quick, scan_id},
    broker::Broker,
    observer::Observer,
    schemas,
};
use crate::{Root, config::Version};

const SETTINGS: &str = "allow_anonymous false\npassword_file passwords\nacl_file acl\n";

fn prepare(dir: &Path) {
    std::fs::copy(schemas::config().join("mosquitto.acl"), dir.join("acl")).unwrap();
    let passwords = dir.join("passwords");
    std::fs::write(&passwords, "front-desk:hunter2\ndashboard:d\n").unwrap();
    let mut hash = Command::new("mosquitto_passwd");
    assert!(hash.arg("-U").arg(&passwords).status().unwrap().success());
    // Mosquitto gives up the right to read it if it starts as root.
    #[cfg(unix)]
    for file in [passwords, dir.join("acl"), dir.to_owned()] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(file, mode).unwrap();
    }
}

fn password(dir: &Path, text: &str) -> SecretRef {
    let file = dir.join(text);
    std::fs::write(&file, format!("{text}\n")).unwrap();
    SecretRef::File(file)
}

#[tokio::test]
async fn mqtt_03_the_sample_acl_gives_the_agent_its_own_topics_and_no_other() {
    let Some(broker) = Broker::mosquitto(SETTINGS, prepare).await else {
        return;
    };
    let secrets = tempfile::tempdir().unwrap();
    let observer = Observer::with_login(broker.port(), "dashboard", "d").await;
    let mut config = broker.config(Version::V5);
    config.username = Some("front-desk".to_owned());
    config.password = Some(password(secrets.path(), "hunter2"));
    let mut agent = Agent::start(config.clone());
    agent.until_leg("ok").await;
    agent.scan(scan_id(1));
    observer.until_body("bay-1/last", json!({"upload": "waiting"})).await;
    agent.stop().await;

    // Elsewhere the broker refuses, the leg says so, and the event stays unannounced.
    config.root = Root::try_from("elsewhere".to_owned()).unwrap();
    let mut agent = Agent::start_as(config, quick(), 2);
    agent.tell_event(scan_id(2), EventKind::Started);
    let leg = agent.until_leg("refused").await;
    assert!(leg.advice.unwrap().contains("NotAuthorized"));
    assert!(agent.handle.announced.try_recv().is_err());
    agent.stop().await;
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_a_named_state_and_a_right_one_ends_it() {
    let Some(broker) = Broker::mosquitto(SETTINGS, prepare).await else {
        return;
    };
    for version in [Version::V5, Version::V311] {
        let secrets = tempfile::tempdir().unwrap();
        let mut config = broker.config(version);
        config.username = Some("front-desk".to_owned());
        let file = secrets.path().join("pw");
        config.password = Some(SecretRef::File(file.clone()));
        let mut agent = Agent::start(config);
        let leg = agent.until_leg("misconfigured").await;
        assert!(leg.advice.unwrap().contains(file.to_str().unwrap()));
        std::fs::write(&file, "wrong").unwrap();
        let leg = agent.until_leg("refused").await;
        let advice = leg.advice.unwrap();
        assert!(advice.contains("password") && !advice.contains("wrong"), "{advice}");
        // A new secret needs no restart.
        std::fs::write(&file, "hunter2").unwrap();
        agent.until_leg("ok").await;
        agent.stop().await;
    }
}
