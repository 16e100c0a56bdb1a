//! The program `scanhub` as an operator meets it.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::TestHub;

fn scanhub(config: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanhub"));
    command
        .arg("--config")
        .arg(config)
        .args(arguments)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_configuration_that_cannot_be_used_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.toml");
    let missing = scanhub(&file, &["serve"]);
    assert_eq!(missing.status.code(), Some(64));
    assert!(text(&missing.stderr).contains("hub.toml") && text(&missing.stderr).contains("To do"));
    std::fs::write(
        &file,
        "[server]\nlisten = \"127.0.0.1:0\"\nport = 1\n[store]\npath = \"hub.db\"\n",
    )
    .unwrap();
    let unknown = scanhub(&file, &["serve"]);
    assert_eq!(unknown.status.code(), Some(64));
    let shown = text(&unknown.stderr);
    assert!(
        ["hub.toml", "line 3", "`port`"].iter().all(|part| shown.contains(part)),
        "{shown}"
    );
    let nowhere = folder.path().join("nowhere").join("hub.db");
    std::fs::write(
        &file,
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = '{}'\n",
            nowhere.display()
        ),
    )
    .unwrap();
    assert_eq!(scanhub(&file, &["serve"]).status.code(), Some(69));
    assert_eq!(scanhub(&file, &["dance"]).status.code(), Some(2));
}

#[tokio::test]
async fn what_commands_add_is_there_for_a_hub_that_runs() {
    let hub = TestHub::start().await;
    let file = hub.store().with_file_name("hub.toml");
    let store = hub.store();
    std::fs::write(
        &file,
        format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = '{}'\n",
            store.display()
        ),
    )
    .unwrap();
    let facility = scanhub(&file, &["facility", "add", "gym-9", "--name", "Gym 9"]);
    assert_eq!(text(&facility.stdout), "3\n", "{}", text(&facility.stderr));
    let nowhere = scanhub(&file, &["app", "add", "desk", "--facility", "gym-99"]);
    assert_eq!(nowhere.status.code(), Some(65));
    let added = scanhub(
        &file,
        &[
            "app",
            "add",
            "desk",
            "--facility",
            "gym-9",
            "--scopes",
            "user_management",
        ],
    );
    let secret = text(&added.stdout).trim().to_owned();
    let member = scanhub(&file, &["member", "add", "--facility", "gym-9", "--externalid", "1234"]);
    assert_eq!((member.status.code(), text(&member.stdout).as_str()), (Some(0), "1\n"));
    let form = |secret: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "desk"),
            ("client_secret", secret),
        ];
        fields.map(|(name, value)| (name, value.to_owned()))
    };
    let ask = async |secret: &str| {
        let form = form(secret);
        let fields: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        hub.token_form(&fields).await
    };
    assert_eq!(ask(&secret).await.0, 200);
    let fresh = text(&scanhub(&file, &["app", "reset-secret", "desk"]).stdout);
    assert_eq!(ask(&secret).await.0, 401);
    assert_eq!(ask(fresh.trim()).await.0, 200);
}
