//! Encrypted connections to Mosquitto.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::{
    agent::Agent,
    broker::{Broker, url},
};
use crate::config::{ClientIdentity, Config, Version};

const SETTINGS: &str =
    "allow_anonymous true\ncafile ca.pem\ncertfile server.pem\nkeyfile server.key\nrequire_certificate true\n";

/// An authority, a certificate for 127.0.0.1 and one for the client.
fn prepare(dir: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // A certificate with its authority's name would pass for self-signed.
    params.distinguished_name.push(DnType::CommonName, "authority");
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let write = |name: &str, text: String| {
        let file = dir.join(name);
        std::fs::write(&file, text).unwrap();
        readable(&file);
    };
    write("ca.pem", ca.pem());
    for (name, host) in [("server", "127.0.0.1"), ("client", "front-desk")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &ca).unwrap();
        write(&format!("{name}.pem"), cert.pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    readable(dir);
}

/// Mosquitto gives up its rights if it starts as root.
fn readable(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[tokio::test]
async fn a_broker_is_trusted_only_by_its_authority_and_may_ask_who_we_are() {
    let mut files = None;
    let keep = |dir: &Path| {
        prepare(dir);
        files = Some(dir.to_owned());
    };
    let Some(broker) = Broker::mosquitto(SETTINGS, keep).await else {
        return;
    };
    let dir = files.unwrap();
    for version in [Version::V5, Version::V311] {
        let mut config = Config {
            version,
            ..Config::new(url(&format!("mqtts://127.0.0.1:{}", broker.port())))
        };
        let mut agent = Agent::start(config.clone());
        let leg = agent.until_leg("untrusted_server").await;
        assert!(leg.advice.unwrap().contains("ca_file"));
        agent.stop().await;

        config.ca_file = Some(dir.join("missing.pem"));
        let mut agent = Agent::start(config.clone());
        let leg = agent.until_leg("misconfigured").await;
        assert!(leg.advice.unwrap().contains("missing.pem"));
        agent.stop().await;

        config.ca_file = Some(dir.join("ca.pem"));
        config.client_identity = Some(ClientIdentity {
            cert: dir.join("client.pem"),
            key: dir.join("client.key"),
        });
        let mut agent = Agent::start(config);
        agent.until_leg("ok").await;
        agent.stop().await;
    }
}
