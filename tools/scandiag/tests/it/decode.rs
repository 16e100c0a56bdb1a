//! `scandiag decode` as technicians use it. What every published case decodes to is in [`super::published`].

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../tests/captures/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let parsed: Value = serde_json::from_str(&text).unwrap();
    parsed["cases"].as_array().unwrap().clone()
}

fn decode(hex: &str, arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("capture.hex");
    fs::write(&capture, hex).unwrap();
    Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .arg("decode")
        .args(arguments)
        .arg(&capture)
        .output()
        .unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn wrong_usage_and_missing_files_have_their_own_exit_codes() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_scandiag"))
            .args(arguments)
            .output()
            .unwrap()
    };
    assert_eq!(run(&["decode"]).status.code(), Some(2));
    assert_eq!(run(&["decode", "--protocol", "morse", "x"]).status.code(), Some(2));
    let missing = run(&["decode", "/nonexistent/capture"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read `/nonexistent/capture`"));
    let odd = decode("7b3", &["--hex"]);
    assert_eq!(odd.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&odd.stderr).contains("the last digit has no partner"));
    let noise = decode("00ff00", &["--hex"]);
    assert_eq!(noise.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&noise.stderr).contains("no record in the 3 bytes"));
}

#[test]
fn ports_are_listed_as_json() {
    let output = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["ports", "--json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(serde_json::from_slice::<Value>(&output.stdout).unwrap().is_array());
}

/// The one object that is printed for a case of a file.
fn printed(file: &str, id: &str, protocol: &str) -> Value {
    let case = cases(file).into_iter().find(|case| case["id"] == id).unwrap();
    let output = decode(
        case["input_hex"].as_str().unwrap(),
        &["--hex", "--json", "--protocol", protocol],
    );
    let mut found = objects(&output);
    assert_eq!(found.len(), 1, "{id}");
    assert_eq!(output.status.code(), Some(i32::from(found[0]["ok"] != true)), "{id}");
    found.remove(0)
}

#[test]
fn a_line_of_a_scale_is_printed_as_a_weight_with_its_state() {
    let stable = printed("tanita-legacy.json", "wb100-stable", "tanita-wb");
    for (key, expected) in [
        ("ok", serde_json::json!(true)),
        ("kind", serde_json::json!("weight")),
        ("stable", serde_json::json!(true)),
        ("overload", serde_json::json!(false)),
        (
            "measurements",
            serde_json::json!({"body_weight": {"value": "75.0", "unit": "kg"}}),
        ),
    ] {
        assert_eq!(stable[key], expected, "{key}");
    }
    let overload = printed("weight-ascii.json", "and-overload", "and");
    assert_eq!(
        (&overload["overload"], &overload["measurements"]),
        (&true.into(), &serde_json::json!({}))
    );
    let pieces = printed("weight-ascii.json", "and-count", "and");
    assert_eq!(
        (&pieces["value"], &pieces["unit"], &pieces["mode"]),
        (&"12345".into(), &"pcs".into(), &"count".into())
    );
    assert_eq!(pieces["measurements"], serde_json::json!({}));
    let net = printed("toledo-continuous.json", "kg-motion-net-negative", "toledo");
    assert_eq!(
        (&net["value"], &net["tare"], &net["mode"]),
        (&"-12.34".into(), &"5.00".into(), &"net".into())
    );
    let xiaomi = printed("ble-xiaomi.json", "mi2-1", "xiaomi");
    assert_eq!(
        (&xiaomi["stable"], &xiaomi["device_time"]),
        (&false.into(), &"2019-01-29T17:53:01".into())
    );
}

#[test]
fn every_family_is_decoded_by_its_name() {
    for (file, id, protocol, kind) in [
        ("tanita-legacy.json", "tbf310-export", "tanita-positional", "record"),
        ("tanita-legacy.json", "bc418-38-composed", "tanita-positional", "record"),
        ("weight-ascii.json", "ricelake-350-gross", "rice-lake", "weight"),
        ("weight-ascii.json", "adam-muw-block", "adam", "record"),
        ("weight-ascii.json", "and-kg-stable", "auto", "weight"),
        ("toledo-continuous.json", "no-checksum", "auto", "weight"),
        ("ble-sig.json", "bcs-bf720", "sig-bcs", "record"),
        ("ble-sig.json", "wss-bf720", "sig-wss", "record"),
        ("accuniq.json", "state-complete", "accuniq", "message"),
        ("accuniq.json", "result-composed", "accuniq", "record"),
        ("bmh05108.json", "weight", "bmh05108", "message"),
    ] {
        assert_eq!(printed(file, id, protocol)["kind"], kind, "{id}");
    }
    let contradiction = printed("tanita-legacy.json", "tbf310-export", "tanita-positional");
    assert_eq!(contradiction["flags"], serde_json::json!(["bmi_mismatch"]));
    assert_eq!(contradiction["raw_tags"]["body_type"], "0");
    let short = printed("ble-sig.json", "bcs-truncated", "sig-bcs");
    assert_eq!(short["error"], "truncated");
}

#[test]
fn each_line_of_hexadecimal_text_is_one_bluetooth_value() {
    let output = decode("00b036\n\n01543d\n", &["--hex", "--json", "--protocol", "sig-wss"]);
    let weights: Vec<_> = objects(&output)
        .iter()
        .map(|unit| unit["measurements"]["body_weight"]["value"].clone())
        .collect();
    assert_eq!(weights, ["70.000", "157.00"]);
}

#[test]
fn a_table_of_lookinbody_is_decoded_with_a_map_of_its_columns() {
    let table = "ID,Weight (kg),PBF\n7,80.50,24.0\n";
    let output = decode(
        table,
        &[
            "--json",
            "--protocol",
            "lookinbody-csv",
            "--column",
            "PBF=fat_percentage",
        ],
    );
    let found = objects(&output);
    assert_eq!(found[0]["subject"]["number"], "7");
    assert_eq!(
        found[0]["measurements"],
        serde_json::json!({"body_weight": {"value": "80.50", "unit": "kg"}, "fat_percentage": {"value": "24.0", "unit": "%"}})
    );
}
