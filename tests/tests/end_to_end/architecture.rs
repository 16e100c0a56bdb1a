//! The rooms and arrows of `ARCHITECTURE.md`, held against `cargo metadata`.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The rooms from the ground up: a room may use only rooms of lower lines.
const LINES: &[&[&str]] = &[
    &["scan-model", "firmware-protocol", "secret-ref"],
    &["cloud-api", "scanner-protocol", "scan-link-ffi", "scan-link-scanner"],
    &["cloud-client", "outbox", "progress-mqtt", "agent-api", "scansim"],
    &["uploader", "scanner-driver"],
    &["agent-config"],
    &["scanbridge", "scandiag", "scanhub"],
    &["scanbridge-demo"],
];

/// Rooms that may use less than their line allows, and why.
const NARROW: &[(&str, &[&str])] = &[
    // It stores bytes and knows nothing of scans.
    ("outbox", &[]),
    // A simulator that shares the parser inherits its faults.
    ("scansim", &["firmware-protocol", "scan-link-scanner"]),
    // It serves anybody's bridge, so it knows the contract and not our agent.
    ("scanhub", &["cloud-api", "scan-model", "secret-ref"]),
];

/// Each heavy dependency has one owner; axum serves two.
const OWNERS: &[(&str, &[&str])] = &[
    ("serialport", &["scanner-driver"]),
    ("tokio-serial", &["scanner-driver"]),
    // The demo asks the hub for its verdict as an integrator would, not through the client that is on show.
    ("reqwest", &["cloud-client", "scanbridge-demo"]),
    ("oauth2", &["cloud-client"]),
    ("rumqttc-next", &["progress-mqtt"]),
    ("rumqttc-v4-next", &["progress-mqtt"]),
    ("rusqlite", &["outbox"]),
    ("axum", &["scanbridge", "scanhub"]),
    ("sqlx", &["scanhub"]),
    // Subscriber of the hub's page; broker of the demo.
    ("mqtt5", &["scanhub", "scanbridge-demo"]),
    // Chosen once per program, in its `main`.
    (
        "tracing-subscriber",
        &["scanbridge", "scanhub", "scansim", "scandiag", "scanbridge-demo"],
    ),
];

#[test]
fn arrows_run_one_way() {
    let metadata = metadata();
    let line_of: BTreeMap<&str, usize> = LINES
        .iter()
        .enumerate()
        .flat_map(|(line, rooms)| rooms.iter().map(move |room| (*room, line)))
        .collect();
    let mut wrong = Vec::new();
    for room in rooms(&metadata) {
        let Some(&line) = line_of.get(room.name.as_str()) else {
            wrong.push(format!("{} stands on no line", room.name));
            continue;
        };
        for used in used_by(room).filter(|used| is_room(&metadata, used)) {
            let allowed = match NARROW.iter().find(|(name, _)| *name == room.name.as_str()) {
                Some((_, few)) => few.contains(&used),
                None => line_of.get(used).is_some_and(|&below| below < line),
            };
            if !allowed {
                wrong.push(format!("{} must not use {used}", room.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_heavy_dependency_has_its_owner() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for room in rooms(&metadata) {
        for used in used_by(room) {
            if let Some((_, owners)) = OWNERS.iter().find(|(name, _)| *name == used)
                && !owners.contains(&room.name.as_str())
            {
                wrong.push(format!("{} must not use {used}; it belongs to {owners:?}", room.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_sqlite_serves_the_whole_workspace() {
    let lock = include_str!("../../../Cargo.lock");
    let versions = lock.lines().filter(|line| *line == "name = \"libsqlite3-sys\"").count();
    assert_eq!(versions, 1);
}

/// Of the workspace's own packages alone: nothing has to be fetched for it.
fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata describes the workspace that this test was built from")
}

/// Every package of the workspace but these tests.
fn rooms(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.name.as_str() != env!("CARGO_PKG_NAME"))
}

fn is_room(metadata: &Metadata, name: &str) -> bool {
    rooms(metadata).any(|room| room.name.as_str() == name)
}

/// What a package is built from; tests may use anything.
fn used_by(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|used| used.kind != DependencyKind::Development)
        .map(|used| used.name.as_str())
}
