//! Whether the cloud is reached and lets this app do what it must.

use cloud_client::{CallError, Client, Config, Pause, Remedy};
use err_report::Report;
use secret_ref::SecretRef;

use super::finding::Finding;

const LEG: &str = "cloud";

/// Collections and methods without which no reading goes up.
const NEEDED: [(&str, &str); 2] = [("readings", "POST"), ("scanperformers", "POST")];

/// The secret, the connection, the token, the index: up to the first that does not work.
pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let secret = match config.client_secret.read() {
        Ok(_) => Finding::ok(LEG, format!("the client secret `{}` is there", config.client_secret)),
        Err(error) => {
            let next = match &config.client_secret {
                SecretRef::Credential(name) => format!(
                    "only the service has credentials: `sudo systemd-run --pipe --wait -p User=scanbridge -p StateDirectory=scanbridge -p LoadCredentialEncrypted={name} scanbridge check`"
                ),
                SecretRef::File(_) | SecretRef::Env(_) => "create it, readable by the agent's user alone".to_owned(),
            };
            return vec![Finding::fails(LEG, Report::new(&error).to_string(), next)];
        }
    };
    let client = match Client::new(config) {
        Ok(client) => client,
        Err(error) => {
            return vec![
                secret,
                Finding::fails(LEG, Report::new(&error).to_string(), "check `ca_file` in [cloud]"),
            ];
        }
    };
    let token = match client.authenticate().await {
        Ok(()) => Finding::ok(LEG, format!("`{}` is reached and gave a token", client.server())),
        Err(error) => return vec![secret, failure(&error)],
    };
    vec![secret, token, rights(&client).await]
}

async fn rights(client: &Client) -> Finding {
    let index = match client.index().await {
        Ok(Some(index)) => index,
        Ok(None) => return Finding::skipped(LEG, "this dialect has no index: rights show with the first reading"),
        Err(error) => return failure(&error),
    };
    let may = |(collection, verb): &(&str, &str)| {
        index
            .collections
            .get(*collection)
            .is_some_and(|found| found.verbs.iter().any(|known| known == verb))
    };
    let missing: Vec<_> = NEEDED
        .iter()
        .filter(|needed| !may(needed))
        .map(|(collection, verb)| format!("{verb} {collection}"))
        .collect();
    if missing.is_empty() {
        Finding::ok(
            LEG,
            format!(
                "the index answers (version {}) and allows what is needed",
                index.version
            ),
        )
    } else {
        let story = format!("the token may not: {}", missing.join(", "));
        Finding::fails(LEG, story, Pause::Forbidden.advice())
    }
}

fn failure(error: &CallError) -> Finding {
    let next = match error.remedy() {
        Remedy::Pause(pause) => pause.advice(),
        _ => "check `base_url` and `proxy` in [cloud], the network and its name service; the agent itself keeps trying",
    };
    Finding::fails(LEG, Report::new(error).to_string(), next)
}
