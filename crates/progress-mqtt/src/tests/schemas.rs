//! Every message against the published JSON Schemas (MQTT-18), read more strictly than readers must: words and members that the
//! schemas do not know are faults of this agent here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::observer::Seen;

static STRICT: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| validators(true));
static PUBLISHED: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| validators(false));

const NAMES: [&str; 8] = [
    "agent-status",
    "info",
    "health",
    "alert",
    "scanner-status",
    "progress",
    "event",
    "last",
];

/// Panics if the message does not fit its schema. An empty one has none, but only some topics may be emptied.
pub(super) fn check(seen: &Seen) {
    let (scanner, channel) = seen.topic.split_once('/').unwrap();
    let is_agent = scanner == "_";
    if seen.body.is_null() {
        let may_be_emptied = match is_agent {
            true => channel.starts_with("alert-"),
            false => matches!(channel, "scan" | "status" | "last"),
        };
        assert!(may_be_emptied, "{} is never emptied", seen.topic);
        return;
    }
    validate(&STRICT, schema_of(is_agent, channel), &seen.body).unwrap();
}

fn schema_of(is_agent: bool, channel: &str) -> &'static str {
    match (is_agent, channel) {
        (true, "status") => "agent-status",
        (true, "info") => "info",
        (true, "health") => "health",
        (true, code) if code.starts_with("alert-") => "alert",
        (false, "status") => "scanner-status",
        (false, "scan" | "progress") => "progress",
        (false, "event") => "event",
        (false, "last") => "last",
        _ => panic!("no such channel: {channel}"),
    }
}

fn validate(schemas: &BTreeMap<&'static str, Validator>, name: &str, body: &Value) -> Result<(), String> {
    let faults: Vec<_> = schemas[name]
        .iter_errors(body)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("{name}: {faults:?} in {body}"))
    }
}

fn validators(strict: bool) -> BTreeMap<&'static str, Validator> {
    let common = read("common");
    let build = |name| {
        let mut schema = read(name);
        schema["allOf"] = json!([common.clone()]);
        if strict {
            sharpen(&mut schema);
            schema["unevaluatedProperties"] = json!(false);
        }
        (name, jsonschema::validator_for(&schema).unwrap())
    };
    NAMES.into_iter().map(build).collect()
}

/// Words of this version become the only ones.
fn sharpen(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(known) = members.remove("x-known") {
                members.insert("enum".to_owned(), known);
            }
            members.values_mut().for_each(sharpen);
        }
        Value::Array(items) => items.iter_mut().for_each(sharpen),
        _ => {}
    }
}

fn read(name: &str) -> Value {
    let path = config().join("schemas").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

pub(super) fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn alert() -> Value {
    json!({
        "schema": "scan-progress/1", "id": "0192f3c1-0000-7000-8000-000000000001", "session": 41,
        "time": "2026-11-20T10:15:22.480Z", "time_quality": "synced",
        "code": "disk-full", "severity": "error", "since": "2026-11-20T10:15:22.480Z", "message": "Free some space"
    })
}

#[test]
fn mqtt_17_readers_accept_unknown_members_and_words() {
    let mut body = alert();
    assert_eq!(validate(&STRICT, "alert", &body), Ok(()));
    body["severity"] = json!("catastrophe");
    body["colour"] = json!("red");
    assert_eq!(validate(&PUBLISHED, "alert", &body), Ok(()));
    assert!(validate(&STRICT, "alert", &body).is_err());
}

#[test]
fn mqtt_18_the_schemas_refuse_what_is_wrong() {
    for (member, value) in [
        ("schema", json!("scan-progress/2")),
        ("session", json!("41")),
        ("time", json!("2026-11-20T10:15:22Z")),
        ("message", Value::Null),
        ("id", json!("1")),
    ] {
        let mut body = alert();
        body[member] = value;
        assert!(validate(&PUBLISHED, "alert", &body).is_err(), "{member}");
    }
}

#[test]
fn mqtt_18_the_asyncapi_file_names_every_channel_and_schema() {
    let text = fs::read_to_string(config().join("asyncapi.yaml")).unwrap();
    let addresses = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("address: '{root}/1/{facility}/{agent}/"))
        .map(|end| end.trim_end_matches('\''));
    let named: Vec<_> = addresses
        .map(|address| {
            let (scanner, channel) = address.split_once('/').unwrap();
            schema_of(scanner == "_", channel)
        })
        .collect();
    // Nine channels; `scan` and `progress` share a schema.
    assert_eq!(named.len(), 9);
    for name in NAMES {
        assert!(named.contains(&name), "{name}");
        assert!(text.contains(&format!("$ref: './schemas/{name}.json'")), "{name}");
    }
}
