//! Every published case through the real binary: what `scandiag decode --json` prints is what the file says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

/// What one run printed.
struct Printed {
    /// File and id of the case.
    name: String,
    units: Vec<Value>,
    code: Option<i32>,
}

#[test]
fn every_case_of_every_file_is_decoded_to_its_published_values() {
    let mut counts = BTreeMap::new();
    let mut in_files = 0;
    for (file, cases) in files() {
        in_files += cases.len();
        for case in cases {
            match file.as_str() {
                "tanita-tagged" => tagged(&case),
                "tanita-malformed" => malformed(&case),
                "tanita-legacy" => legacy(&case),
                "tanita-pcmode" => pc_mode(&case),
                "weight-ascii" => ascii(&case),
                "toledo-continuous" => toledo(&case),
                "ble-sig" => bluetooth(&case),
                "ble-xiaomi" => xiaomi(&case),
                "accuniq" => accuniq(&case),
                "bmh05108" => bmh05108(&case),
                "partly-specified" => partly_specified(&case),
                other => panic!("nobody knows what the cases of {other}.json mean"),
            }
            *counts.entry(file.clone()).or_insert(0) += 1;
        }
    }
    let all: usize = counts.values().sum();
    println!("{all} published cases through `scandiag decode --json`: {counts:?}");
    // As many as there are: a file that loses one is noticed.
    assert_eq!((all, in_files), (118, 118));
}

/// A case whose expectations are keys of what is printed.
fn partly_specified(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), expected["protocol"].as_str().unwrap());
    if let Some(error) = expected.get("error") {
        return printed.rejected_as(error);
    }
    let unit = printed.good(expected["kind"].as_str().unwrap());
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&unit[key], value, "{}: {key}", printed.name);
    }
}

/// Name and cases of each file of published cases.
fn files() -> Vec<(String, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path: PathBuf| {
        let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, file["cases"].as_array().unwrap().clone())
    })
    .collect()
}

/// Runs the binary on hexadecimal text.
fn print(case: &Value, hex: &str, protocol: &str) -> Printed {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    fs::write(&capture, hex).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_scandiag"))
        .args(["decode", "--hex", "--json", "--protocol", protocol])
        .arg(&capture)
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    Printed {
        name: format!("{protocol} {}", case["id"].as_str().unwrap()),
        units: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        code: output.status.code(),
    }
}

fn input(case: &Value) -> &str {
    case["input_hex"].as_str().unwrap()
}

impl Printed {
    /// The one unit, which was decoded.
    fn good(&self, kind: &str) -> &Value {
        let Self { name, units, code } = self;
        assert_eq!((units.len(), *code), (1, Some(0)), "{name}: {units:?}");
        assert_eq!(
            (&units[0]["ok"], &units[0]["kind"]),
            (&json!(true), &json!(kind)),
            "{name}"
        );
        &units[0]
    }

    /// The one rejection.
    fn rejected_as(&self, error: &Value) {
        let Self { name, units, code } = self;
        let rejected: Vec<_> = units.iter().filter(|unit| unit["ok"] == false).collect();
        assert_eq!(
            (units.len(), rejected.len(), *code),
            (1, 1, Some(1)),
            "{name}: {units:?}"
        );
        assert_eq!(&rejected[0]["error"], error, "{name}");
    }
}

/// Holds a measurement against a published value without its unit; nothing published means that nothing may be there.
fn assert_measured(name: &str, unit: &Value, metric: &str, value: &Value, ucum: &str) {
    let expected = match value {
        Value::Null => Value::Null,
        Value::String(value) => json!({"value": value, "unit": ucum}),
        value => json!({"value": value.to_string(), "unit": ucum}),
    };
    assert_eq!(unit["measurements"][metric], expected, "{name}: {metric}");
}

fn tagged(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "auto");
    if expected["checksum"]["valid"] != false {
        return assert_is_tagged(&printed.name, printed.good("record"), expected, &[]);
    }
    printed.rejected_as(&json!("checksum_mismatch"));
    // With the checksum that its bytes add up to it is the published record, which its publisher had made to contradict itself.
    let sent = hex_of(expected["checksum"]["sent"].as_str().unwrap());
    let computed = hex_of(expected["checksum"]["computed"].as_str().unwrap());
    let (record, end) = input(case).split_at(input(case).len() - sent.len() - "0d0a".len());
    let mended = format!("{record}{}", end.replacen(&sent, &computed, 1));
    let printed = print(case, &mended, "auto");
    let contradictions = ["bmi_mismatch", "ideal_weight_mismatch", "obesity_mismatch"];
    assert_is_tagged(&printed.name, printed.good("record"), expected, &contradictions);
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn assert_is_tagged(name: &str, record: &Value, expected: &Value, contradictions: &[&str]) {
    let fields = expected["fields"].as_object().unwrap();
    let mut measured = 0;
    for (field, published) in fields {
        let about_person = &record["subject"][field];
        match field.as_str() {
            "device_model" => assert_eq!(record["model"], published["value"], "{name}"),
            "device_serial" => assert_eq!(record["serial"], published["value"], "{name}"),
            "device_status" => assert_eq!(record["raw_tags"]["St"], published["code"], "{name}"),
            "subject_number" => assert_eq!(record["subject"]["number"], published["value"], "{name}"),
            "gender" => assert_eq!(
                about_person,
                if published["code"] == "1" { "male" } else { "female" },
                "{name}"
            ),
            "body_type" => {
                assert_eq!(
                    about_person,
                    if published["code"] == "0" {
                        "standard"
                    } else {
                        "athlete"
                    },
                    "{name}"
                );
            }
            "age" | "activity_level" | "clothes_weight" => {
                assert_eq!(about_person, &published["value"], "{name}: {field}");
            }
            _ => {
                measured += 1;
                let value = published.get("value").unwrap_or(&published["code"]);
                // The files write pounds without their UCUM code, and leave the unit of plain numbers out.
                let unit = match published["unit"].as_str() {
                    None => "1",
                    Some("lb") => "[lb_av]",
                    Some(unit) => unit,
                };
                assert_measured(name, record, field, value, unit);
            }
        }
    }
    let printed = record["measurements"].as_object().unwrap().len();
    assert_eq!(printed, measured, "{name}: measurements that nobody published");
    assert_eq!(record["model"].as_str().unwrap_or(""), expected["model"], "{name}");
    if let Some(count) = expected["tag_count"].as_u64() {
        assert_eq!(
            record["raw_tags"].as_object().unwrap().len() as u64,
            count,
            "{name}: tags"
        );
    }
    let time = expected.get("measured_at_local").unwrap_or(&Value::Null);
    assert_eq!(&record["device_time"], time, "{name}");
    let has_none = expected.get("checksum").is_some_and(Value::is_null);
    assert_eq!(record["checksum"], if has_none { "none" } else { "verified" }, "{name}");
    let mut flags = contradictions.to_vec();
    if fields.get("device_status").is_some_and(|status| status["code"] == "1") {
        flags.push("segmental_error");
    }
    if expected["timestamp"] == "invalid" {
        flags.push("device_time_invalid");
    }
    assert_eq!(record["flags"], json!(flags), "{name}");
}

fn malformed(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "tanita-tagged");
    match expected["kind"].as_str().unwrap() {
        "reject" => printed.rejected_as(&expected["reason"]),
        "records" => {
            let models: Vec<_> = printed.units.iter().map(|unit| unit["model"].clone()).collect();
            assert_eq!(
                (&json!(models), printed.code),
                (&expected["models"], Some(0)),
                "{}",
                printed.name
            );
        }
        "record" if expected["consistency"] == "failed" => {
            let record = printed.good("record");
            assert_eq!(record["checksum"], "verified", "{}", printed.name);
            let flags = record["flags"].as_array().unwrap();
            assert_eq!(expected["failed_rule"], "fat_mass + fat_free_mass = weight");
            assert!(
                flags.contains(&json!("fat_sum_mismatch")),
                "{}: {flags:?}",
                printed.name
            );
        }
        // The published fields of this one are a part of what it holds.
        "record" if expected["timestamp"] == "invalid" => {
            let record = printed.good("record");
            for (field, published) in expected["fields"].as_object().unwrap() {
                let unit = published["unit"].as_str().unwrap();
                assert_measured(&printed.name, record, field, &published["value"], unit);
            }
            assert_eq!(record["model"], expected["model"], "{}", printed.name);
            assert_eq!(record["flags"], json!(["device_time_invalid"]), "{}", printed.name);
            assert_eq!(record["device_time"], Value::Null, "{}", printed.name);
        }
        "record" => {
            let record = printed.good("record");
            assert_is_tagged(&printed.name, record, expected, &[]);
            let before = expected["skipped_bytes"].as_u64().unwrap_or(0);
            assert_eq!(
                record["offset"].as_u64(),
                Some(before),
                "{}: bytes before it",
                printed.name
            );
        }
        kind => panic!("{}: {kind} is not understood", printed.name),
    }
}

fn legacy(case: &Value) {
    let expected = &case["expect"];
    if expected["kind"] == "weight" {
        let printed = print(case, input(case), "tanita-wb");
        let weight = printed.good("weight");
        let name = &printed.name;
        for (key, published) in [("stable", "stable"), ("overload", "overload"), ("value", "weight")] {
            assert_eq!(weight[key], expected[published], "{name}: {key}");
        }
        assert_eq!(weight["unit"], *expected.get("unit").unwrap_or(&json!("kg")), "{name}");
        return assert_measured(
            name,
            weight,
            "body_weight",
            &expected["weight"],
            weight["unit"].as_str().unwrap(),
        );
    }
    let printed = print(case, input(case), "tanita-positional");
    let (name, record) = (&printed.name, printed.good("record"));
    let tags = &record["raw_tags"];
    for (key, published) in expected.as_object().unwrap() {
        match (key.as_str(), published) {
            ("kind" | "layout", _) => {}
            ("field_count", count) => assert_eq!(json!(tags.as_object().unwrap().len()), *count, "{name}"),
            ("measured_at_local", time) => assert_eq!(record["device_time"], *time, "{name}"),
            ("sex", sex) => assert_eq!(record["subject"]["gender"], *sex, "{name}"),
            ("body_type", kind) => assert_eq!(record["subject"]["body_type"], *kind, "{name}"),
            ("age", age) => assert_eq!(record["subject"]["age"], *age, "{name}"),
            (segment, Value::Object(values)) => {
                for (key, value) in values {
                    assert_eq!(tags[format!("{segment}.{key}")], *value, "{name}: {segment} {key}");
                    if let Some((metric, unit)) = segment_metric(segment, key) {
                        assert_measured(name, record, &metric, value, unit);
                    }
                }
            }
            (key, value) => {
                assert_eq!(tags[key], *value, "{name}: {key}");
                let (metric, unit) = whole_body_metric(key);
                assert_measured(name, record, metric, value, unit);
            }
        }
    }
    // Its publisher changed the height of this one.
    let flags = if case["id"] == "tbf310-export" {
        json!(["bmi_mismatch"])
    } else {
        json!([])
    };
    assert_eq!(record["flags"], flags, "{name}");
}

fn whole_body_metric(key: &str) -> (&'static str, &'static str) {
    match key {
        "height_cm" => ("height", "cm"),
        "height_m" => ("height", "m"),
        "weight_kg" => ("body_weight", "kg"),
        "weight_lb" => ("body_weight", "[lb_av]"),
        "impedance_ohm" => ("impedance_50khz", "Ohm"),
        "body_fat_percent" => ("fat_percentage", "%"),
        "fat_mass_kg" => ("fat_mass", "kg"),
        "fat_free_mass_kg" => ("fat_free_mass", "kg"),
        "total_body_water_kg" | "body_water_mass_kg" => ("water_mass", "kg"),
        "bmi" => ("body_mass_index", "kg/m2"),
        "basal_metabolic_rate_kj" | "basal_metabolism_kj" => ("basal_metabolic_rate_kj", "kJ/d"),
        "bmr_kcal" => ("basal_metabolic_rate_kcal", "kcal/d"),
        "muscle_percent" => ("muscle_percentage", "%"),
        "soft_lean_mass_kg" => ("soft_lean_mass", "kg"),
        other => panic!("nobody knows what `{other}` is"),
    }
}

/// `None` for the impedance of a segment, whose frequency the layout does not tell.
fn segment_metric(segment: &str, key: &str) -> Option<(String, &'static str)> {
    let (metric, unit) = match key {
        "impedance_ohm" => return None,
        "fat_percent" => ("fat_percentage", "%"),
        "fat_mass_kg" => ("fat_mass", "kg"),
        "fat_free_mass_kg" => ("fat_free_mass", "kg"),
        "muscle_mass_kg" => ("muscle_mass", "kg"),
        other => panic!("nobody knows what `{other}` is"),
    };
    Some((format!("{segment}_{metric}"), unit))
}

fn ascii(case: &Value) {
    let expected = &case["expect"];
    let format = expected["format"].as_str().unwrap();
    if format == "adam-muw" {
        let printed = print(case, input(case), "adam");
        let (name, record) = (&printed.name, printed.good("record"));
        for (key, value) in expected.as_object().unwrap() {
            match key.as_str() {
                "format" => {}
                "doctor_id" => assert_eq!(record["raw_tags"]["Doctor Id"], *value, "{name}"),
                "patient_id" => assert_eq!(record["subject"]["number"], *value, "{name}"),
                key => {
                    let (metric, unit) = whole_body_metric(key);
                    assert_measured(name, record, metric, value, unit);
                }
            }
        }
        return assert_eq!(record["flags"], json!([]), "{name}");
    }
    let protocol = if format.starts_with("and") { "and" } else { "rice-lake" };
    let printed = print(case, input(case), protocol);
    let (name, weight) = (&printed.name, printed.good("weight"));
    assert_eq!(weight["value"], expected["value"], "{name}");
    if let Some(unit) = expected.get("unit") {
        assert_eq!(&weight["unit"], unit, "{name}");
    }
    if let Some(mode) = expected.get("mode") {
        assert_eq!(&weight["mode"], mode, "{name}");
    }
    let header = expected["header"].as_str().unwrap_or("stable");
    assert_eq!(weight["stable"], header.starts_with("stable"), "{name}");
    assert_eq!(weight["overload"], header == "overload", "{name}");
    if header == "stable_count" {
        assert_eq!(weight["mode"], "count", "{name}");
    }
    let is_weight = matches!(header, "stable" | "unstable");
    let measured = if is_weight { &expected["value"] } else { &Value::Null };
    assert_measured(
        name,
        weight,
        "body_weight",
        measured,
        expected["unit"].as_str().unwrap_or_default(),
    );
}

fn toledo(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "toledo");
    let (name, weight) = (&printed.name, printed.good("weight"));
    for key in ["value", "unit", "stable", "overload"] {
        assert_eq!(weight[key], expected[key], "{name}: {key}");
    }
    assert_eq!(
        weight["mode"],
        if expected["net"] == true { "net" } else { "gross" },
        "{name}"
    );
    if let Some(tare) = expected.get("tare") {
        assert_eq!(&weight["tare"], tare, "{name}");
    }
    let checksum = if case["id"] == "no-checksum" {
        "none"
    } else {
        "verified"
    };
    assert_eq!(weight["checksum"], checksum, "{name}");
    let unit = expected["unit"].as_str().unwrap();
    assert_measured(name, weight, "body_weight", &expected["value"], unit);
}

fn bluetooth(case: &Value) {
    let expected = &case["expect"];
    if expected["characteristic"] == "2A9F" {
        let printed = print(case, &format!("2A9F: {}", input(case)), "sig-wss");
        let fields = &printed.good("message")["fields"];
        for key in ["opcode", "user_index", "consent_code"] {
            let published = expected[key]
                .as_str()
                .map_or_else(|| expected[key].to_string(), str::to_owned);
            assert_eq!(fields[key], published, "{}: {key}", printed.name);
        }
        return;
    }
    let protocol = if case["id"].as_str().unwrap().starts_with("bcs") {
        "sig-bcs"
    } else {
        "sig-wss"
    };
    let printed = print(case, input(case), protocol);
    if let Some(error) = expected.get("error") {
        return printed.rejected_as(error);
    }
    let (name, record) = (&printed.name, printed.good("record"));
    let tags = &record["raw_tags"];
    let mut measured = 0;
    for (key, published) in expected.as_object().unwrap() {
        match key.as_str() {
            "characteristic" => assert_eq!(tags[key], *published, "{name}"),
            "flags" | "user_id" | "unsuccessful" | "usable" => {
                assert_eq!(tags[key], published.to_string(), "{name}: {key}");
            }
            "timestamp" => assert_eq!(record["device_time"], *published, "{name}"),
            // The units of what was measured say so.
            "imperial" => {}
            key => {
                measured += usize::from(!published.is_null());
                let (metric, unit) = whole_body_metric(key);
                assert_measured(name, record, metric, published, unit);
            }
        }
    }
    let printed = record["measurements"].as_object().unwrap().len();
    assert_eq!(printed, measured, "{name}: measurements that nobody published");
    let no_time = expected.get("timestamp").is_some_and(Value::is_null);
    let flags = if no_time {
        json!(["device_time_invalid"])
    } else {
        json!([])
    };
    assert_eq!(record["flags"], flags, "{name}");
}

fn xiaomi(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "xiaomi");
    let (name, weight) = (&printed.name, printed.good("weight"));
    assert_measured(
        name,
        weight,
        "body_weight",
        &expected["weight_kg"],
        expected["unit"].as_str().unwrap(),
    );
    for (key, published) in [
        ("stable", "stable"),
        ("removed", "weight_removed"),
        ("device_time", "timestamp"),
    ] {
        assert_eq!(weight[key], expected[published], "{name}: {key}");
    }
    let impedance = &weight["measurements"]["impedance_50khz"];
    assert_eq!(json!(!impedance.is_null()), expected["impedance_present"], "{name}");
}

fn accuniq(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "accuniq");
    let name = &printed.name;
    if expected.get("fields").is_none() {
        let message = printed.good("message");
        assert_eq!(message["fields"]["command"], expected["command"], "{name}");
        assert_eq!(message["fields"]["state"], expected["state"], "{name}");
        // A frame with another check byte would not have been decoded.
        if let Some(checksum) = expected["checksum"].as_str() {
            assert!(input(case).ends_with(checksum), "{name}");
        }
        return;
    }
    let record = printed.good("record");
    let mut measured = 0;
    for (key, published) in expected.as_object().unwrap() {
        match key.as_str() {
            "command" => assert_eq!(record["raw_tags"][key], *published, "{name}"),
            "fields" => assert_eq!(record["raw_tags"][key], published.to_string(), "{name}"),
            "sex" => assert_eq!(record["subject"]["gender"], *published, "{name}"),
            "age" => assert_eq!(record["subject"]["age"], *published, "{name}"),
            key => {
                measured += 1;
                let (metric, unit) = whole_body_metric(key);
                assert_measured(name, record, metric, published, unit);
            }
        }
    }
    assert_eq!(record["measurements"].as_object().unwrap().len(), measured, "{name}");
}

fn bmh05108(case: &Value) {
    let expected = &case["expect"];
    let printed = print(case, input(case), "bmh05108");
    match expected["error"].as_str() {
        Some("checksum") => return printed.rejected_as(&json!("checksum_mismatch")),
        Some(error) => return printed.rejected_as(&json!(error)),
        None => {}
    }
    let fields = &printed.good("message")["fields"];
    for (key, published) in expected.as_object().unwrap() {
        // A frame with another checksum would not have been decoded.
        if key != "checksum_valid" {
            let published = published.as_str().map_or_else(|| published.to_string(), str::to_owned);
            assert_eq!(fields[key], published, "{}: {key}", printed.name);
        }
    }
}

/// Both directions of the exchange in one capture, as a tap on the line hears them.
fn pc_mode(case: &Value) {
    let expected = &case["expect"];
    let sent = case["host_sends"].as_str().unwrap();
    let replied = case["device_replies"].as_str().unwrap();
    let printed = print(case, &hex_of(&format!("{sent}{replied}")), "tanita-pc");
    let name = &printed.name;
    assert_eq!(printed.code, Some(0), "{name}: {:?}", printed.units);
    let messages: Vec<_> = printed.units.iter().map(|unit| &unit["fields"]).collect();
    let reply = messages.last().unwrap();
    assert_eq!(reply["result"], expected["result"], "{name}");
    // The value of an order is in what the host sends, all else in what the device replies.
    let order = messages.iter().find(|message| message["order"] == expected["command"]);
    for (key, published) in expected.as_object().unwrap() {
        match key.as_str() {
            "value" | "unit" => assert_eq!(order.unwrap()[key], *published, "{name}: {key}"),
            key if published.is_null() => assert_eq!(reply[key], "unset", "{name}: {key}"),
            key => assert_eq!(reply[key], *published, "{name}: {key}"),
        }
    }
    // The reply means the same when it alone was heard.
    let alone = print(case, &hex_of(replied), "tanita-pc");
    assert_eq!(alone.units.len(), 1, "{name}");
    assert_eq!(&alone.units[0]["fields"], *reply, "{name}");
}
