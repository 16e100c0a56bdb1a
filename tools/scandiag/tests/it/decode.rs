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

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Decodes a file with these very bytes.
fn decode_bytes(bytes: &[u8], arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let capture = dir.path().join("capture");
    fs::write(&capture, bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scandiag"));
    command.arg("decode").args(arguments).arg(&capture).output().unwrap()
}

const WEIGHT: &[u8] = b"ST,+00070.50 kg\r\n";

#[test]
fn bytes_that_nobody_understands_are_counted_for_the_person_and_change_no_object() {
    let noisy = [b"noise\r\n", WEIGHT].concat();
    for arguments in [&["--json"][..], &["--json", "--protocol", "and"]] {
        let (clean, output) = (decode_bytes(WEIGHT, arguments), decode_bytes(&noisy, arguments));
        assert!(!said(&clean).contains("skipped"), "{}", said(&clean));
        assert!(said(&output).contains("skipped 5 of 24 bytes"), "{}", said(&output));
        assert_eq!(output.status.code(), Some(0));
        let (mut unit, expected) = (objects(&output), objects(&clean));
        assert_eq!(unit[0]["offset"], 7);
        unit[0]["offset"] = 0.into();
        assert_eq!(unit, expected);
    }
}

#[test]
fn hexadecimal_text_without_the_flag_is_pointed_out() {
    let hex = "53542c2b30303037302e3530206b670d0a\n";
    for protocol in ["auto", "and", "scan-link", "sig-wss"] {
        let output = decode_bytes(hex.as_bytes(), &["--protocol", protocol]);
        assert!(said(&output).contains("hexadecimal text") && said(&output).contains("`--hex`"));
        assert_eq!(output.status.code(), Some(1), "{protocol}");
    }
    let values = decode_bytes(b"2A9D: 00b036\n", &["--protocol", "sig-wss"]);
    assert!(said(&values).contains("`--hex`"), "{}", said(&values));
    for (bytes, arguments) in [(WEIGHT, &[][..]), (hex.as_bytes(), &["--hex"])] {
        assert_eq!(said(&decode_bytes(bytes, arguments)), "");
    }
}

#[test]
fn text_is_no_bluetooth_value() {
    // The first has the length of a Xiaomi value, the second is long enough for a weight.
    for text in [
        "hello world!\n",
        "0123",
        "\ttab\r\n",
        "Gr\u{f6}\u{df}e 1,80 m",
        "00b036",
    ] {
        for protocol in ["sig-wss", "sig-bcs", "xiaomi"] {
            let output = decode_bytes(text.as_bytes(), &["--json", "--protocol", protocol]);
            let units = objects(&output);
            assert_eq!((units.len(), output.status.code()), (1, Some(1)), "{text:?} {protocol}");
            assert_eq!(
                (&units[0]["ok"], &units[0]["error"]),
                (&false.into(), &"bad_frame".into()),
                "{text:?} {protocol}"
            );
            let detail = units[0]["detail"].as_str().unwrap();
            assert!(detail.contains("text") && detail.contains("--hex"), "{detail}");
        }
    }
    // A letter and a control character are no text.
    let weight = decode_bytes(b"\x00AB", &["--json", "--protocol", "sig-wss"]);
    assert_eq!(objects(&weight)[0]["ok"], true);
}

#[test]
fn surplus_bytes_of_a_bluetooth_value_are_told_and_a_value_that_cannot_be_one_is_warned_of_or_refused() {
    let run = |bytes: &[u8]| {
        let output = decode_bytes(bytes, &["--json", "--protocol", "sig-wss"]);
        (
            objects(&output)[0]["ok"].as_bool().unwrap(),
            said(&output),
            output.status.code(),
        )
    };
    let value = |length: usize| {
        let mut value = vec![0xee; length];
        value[..3].copy_from_slice(&[0x00, 0xb0, 0x36]);
        value
    };
    assert_eq!(run(&value(3)), (true, String::new(), Some(0)));
    for (length, warned) in [(5, false), (15, false), (16, true), (512, true)] {
        let (ok, said, code) = run(&value(length));
        assert_eq!((ok, code), (true, Some(0)), "{length}");
        assert!(said.trim_end().ends_with(&format!("ignored: {}", length - 3)), "{said}");
        assert_eq!(said.contains("warning"), warned, "{length}: {said}");
    }
    let refused = decode_bytes(&value(513), &["--json", "--protocol", "sig-wss"]);
    assert_eq!(
        (&objects(&refused)[0]["error"], refused.status.code()),
        (&"length_mismatch".into(), Some(1))
    );

    // Each line of hexadecimal text is a value of its own, whoever it says it is.
    let lines = "2A9D: 00b036ff\n2A9C: 0000c800\n00b036\n";
    let output = decode(lines, &["--hex", "--protocol", "sig-wss"]);
    let told: Vec<_> = said(&output).lines().map(str::to_owned).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("ignored: 1"), "{told:?}");
}

#[test]
fn who_finds_nothing_is_told_what_else_to_try() {
    for (bytes, protocol, hint) in [
        (WEIGHT, "toledo", "another family than toledo"),
        (b"hello\r\n", "auto", "families that `--protocol auto` does not"),
        // Rejected alone is nothing found too.
        (b"ST,+0007x.50 kg\r\n", "scan-link", "another family than scan-link"),
    ] {
        let output = decode_bytes(bytes, &["--protocol", protocol]);
        assert!(
            said(&output).contains("scandiag identify "),
            "{protocol}: {}",
            said(&output)
        );
        assert!(said(&output).contains(hint), "{protocol}: {}", said(&output));
        assert_eq!(output.status.code(), Some(1));
    }
    assert!(said(&decode_bytes(b"", &[])).contains("is empty"));
    assert!(!said(&decode_bytes(b"", &[])).contains("identify"));
    // `identify` knows neither Bluetooth values nor tables.
    assert!(!said(&decode_bytes(b"\x00\x01", &["--protocol", "sig-wss"])).contains("identify"));
}

#[test]
fn what_is_no_file_of_bytes_is_named_with_its_cause() {
    let run = |path: &std::path::Path, protocol: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scandiag"));
        let output = command
            .args(["decode", "--protocol", protocol])
            .arg(path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        said(&output)
    };
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge");
    fs::File::create(&huge).unwrap().set_len((64 << 20) + 1).unwrap();
    let text = run(&huge, "auto");
    assert!(
        text.contains("longer than 64 MiB") && text.contains("scandiag sniff"),
        "{text}"
    );
    let broken = folder.path().join("table.csv");
    fs::write(&broken, b"Wei\xffght\n1\n").unwrap();
    let text = run(&broken, "lookinbody-csv");
    assert!(text.contains("table.csv` is not a table"), "{text}");
    #[cfg(unix)]
    {
        let runtime = crate::runtime();
        let _guard = runtime.enter();
        let port = scansim::Pty::open(folder.path().join("port")).unwrap();
        let text = run(port.link(), "auto");
        assert!(text.contains("is a port") && text.contains("scandiag sniff"), "{text}");
    }
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
        ("partly-specified.json", "ricelake-bmi-block", "rice-lake", "record"),
        ("partly-specified.json", "cas-stable-kg", "cas", "weight"),
        ("partly-specified.json", "toledo-8217-weight", "toledo-8217", "message"),
        ("partly-specified.json", "doran-stable-lb", "doran", "weight"),
        ("partly-specified.json", "seca-460-weight", "seca-460", "message"),
        ("partly-specified.json", "dba310-result", "dba310", "record"),
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

#[test]
fn a_record_that_the_agent_sets_aside_is_said_to_be() {
    let unfit = printed("tanita-legacy.json", "tbf310-export", "tanita-positional");
    assert_eq!((&unfit["ok"], &unfit["unfit"]), (&true.into(), &"contradiction".into()));
    let text = |line: &[u8]| {
        let output = decode_bytes(line, &["--protocol", "tanita-positional"]);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let torn = text(b"0,2,170,010.6,431,28.4,31.4,79.2,58.0,27,32.3,9771\r\n");
    assert!(torn.contains("the agent sets it aside: the record has "), "{torn}");

    let tagged = decode_bytes(b"{0,16,~0,1,MO,\"HD-351BT\",Wp,165.4,CS,DE\r\n", &["--json"]);
    let good = &objects(&tagged)[0];
    assert!(good["ok"] == true && good.get("unfit").is_none(), "{good}");
}

#[test]
fn with_its_model_a_scanner_has_the_lines_that_the_agent_takes() {
    let weight = b"09/21/2005,14:02,70.5\r\n";
    let positional = ["--json", "--protocol", "tanita-positional"];
    let with_model = |model| decode_bytes(weight, &[&positional[..], &["--model", model]].concat());
    let taken = with_model("TBF-310GS");
    assert_eq!(
        objects(&taken)[0]["measurements"],
        serde_json::json!({"body_weight": {"value": "70.5", "unit": "kg"}})
    );
    assert_eq!((said(&taken), taken.status.code()), (String::new(), Some(0)));

    // Who does not name it is told to.
    let nameless = decode_bytes(weight, &positional);
    assert_eq!(nameless.status.code(), Some(1));
    assert_eq!(objects(&nameless)[0]["error"], "wrong_field_count");
    assert!(said(&nameless).contains("`--model TBF-310`"), "{}", said(&nameless));
    assert!(!said(&nameless).contains("another family"), "{}", said(&nameless));
    let other = with_model("BC-418MA");
    assert_eq!(other.status.code(), Some(1));
    assert!(!said(&other).contains("--model"), "{}", said(&other));
}

#[test]
fn an_argument_that_has_nothing_to_do_with_the_protocol_is_wrong_usage() {
    for (arguments, named) in [
        (
            &["--column", "PBF=fat_percentage"][..],
            "`--protocol lookinbody-csv` alone",
        ),
        (
            &["--protocol", "and", "--column", "PBF=fat_percentage"],
            "`--protocol lookinbody-csv` alone",
        ),
        (&["--model", "TBF-310"], "`--protocol tanita-positional` alone"),
        (
            &["--protocol", "tanita-positional", "--model", "MC-780"],
            "TBF-310 and BC-418",
        ),
    ] {
        let output = decode_bytes(WEIGHT, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(named), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn families_that_nobody_recognises_are_named_where_auto_finds_nothing() {
    let told = said(&decode_bytes(b"\x55\xaa\x01", &[]));
    for named in [
        "`scandiag decode --protocol NAME`",
        "bmh05108",
        "dba310",
        "seca-460",
        "doran",
    ] {
        assert!(told.contains(named), "{told}");
    }
    // Of a dump `identify` only says that it is one.
    for (protocol, hint) in [("auto", "seca-460"), ("and", "try `--protocol auto`")] {
        let told = said(&decode("55aa01", &["--hex", "--protocol", protocol]));
        assert!(told.contains(hint) && !told.contains("identify"), "{told}");
    }
}

#[test]
fn a_column_that_the_table_does_not_have_is_named() {
    let run = |table: &str, column: &str| {
        decode_bytes(table.as_bytes(), &["--protocol", "lookinbody-csv", "--column", column])
    };
    let misspelt = run("Name,Weight,PBF\nx,80.5,24.0\n", "Pbf=fat_percentage");
    assert_eq!(misspelt.status.code(), Some(1));
    assert!(
        said(&misspelt).contains("no column `Pbf`; the table has Name, Weight, PBF"),
        "{}",
        said(&misspelt)
    );
    assert!(misspelt.stdout.is_empty());
    assert!(said(&run("", "Pbf=fat_percentage")).contains("is empty"));
}

#[test]
fn a_file_that_is_missing_does_not_keep_the_others_from_being_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let (first, missing, last) = (
        folder.path().join("a"),
        folder.path().join("b"),
        folder.path().join("c"),
    );
    fs::write(&first, WEIGHT).unwrap();
    fs::write(&last, b"ST,+00071.50 kg\r\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scandiag"));
    let output = command
        .args(["decode", "--json"])
        .args([&first, &missing, &last])
        .output()
        .unwrap();
    let values: Vec<_> = objects(&output).iter().map(|unit| unit["value"].clone()).collect();
    assert_eq!(values, ["70.50", "71.50"]);
    assert!(said(&output).contains(&format!("cannot read `{}`", missing.display())));
    assert_eq!(output.status.code(), Some(1));
}
