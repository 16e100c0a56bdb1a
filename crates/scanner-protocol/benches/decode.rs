//! Time per record, beside the floor: splitting the same bytes at commas and summing them, which is the least that any reader of the
//! format must do. And noise per second.

use divan::{Bencher, black_box, counter::BytesCount};
use memchr::memchr_iter;
use scanner_protocol::{Options, Protocol, Session, Tick, decode_again};
use serde_json::Value;

fn main() {
    divan::main();
}

/// A record of 1,271 bytes and its line end, the longest that an MC-780 sends: the published one of 2019 with every frequency measured and
/// the tags of the Japanese model.
fn full_record() -> Vec<u8> {
    let published = String::from_utf8(published("mc780-2019-adult-male")).expect("records are ASCII");
    let (values, _) = published.split_once("CS,").expect("a checksum");
    let all = values.replace(",0.0", ",199.9") + "Ap,5,mh,21.5,mb,0.7,ah,9.2,AS,30.8,";
    let sum = all.bytes().fold(0_u8, u8::wrapping_add);
    let line = format!("{all}CS,{sum:02X}\r\n");
    assert_eq!(line.len(), 1271 + 2);
    line.into_bytes()
}

fn published(id: &str) -> Vec<u8> {
    let file: Value =
        serde_json::from_str(include_str!("../../../tests/captures/tanita-tagged.json")).expect("valid JSON");
    let cases = file["cases"].as_array().expect("a list of cases");
    let case = cases.iter().find(|case| case["id"] == id).expect("the case is there");
    case["input"].as_str().expect("text").as_bytes().to_vec()
}

/// A full record and a short one.
const MODELS: [&str; 2] = ["MC-780", "SC-330"];

fn line(model: &str) -> Vec<u8> {
    match model {
        "MC-780" => full_record(),
        _ => published("sc330-2014-adult-male"),
    }
}

#[divan::bench(args = MODELS)]
fn floor(bencher: Bencher<'_, '_>, model: &str) {
    let line = line(model);
    bencher.counter(BytesCount::of_slice(&line)).bench(|| {
        let line = black_box(&line[..]);
        let mut start = 0;
        let mut longest = 0;
        for comma in memchr_iter(b',', line) {
            longest = longest.max(comma - start);
            start = comma + 1;
        }
        let sum = line.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        (longest, sum)
    });
}

#[divan::bench(args = MODELS)]
fn session(bencher: Bencher<'_, '_>, model: &str) {
    let line = line(model);
    let mut session = Session::new(Protocol::TanitaTagged, Options { drop_repeats: false });
    bencher.counter(BytesCount::of_slice(&line)).bench_local(|| {
        session.handle_bytes(Tick(0), black_box(&line));
        std::iter::from_fn(|| session.poll_event()).last()
    });
}

#[divan::bench(args = MODELS)]
fn decode(bencher: Bencher<'_, '_>, model: &str) {
    let mut line = line(model);
    line.truncate(line.len() - 2);
    bencher
        .counter(BytesCount::of_slice(&line))
        .bench(|| decode_again(Protocol::TanitaTagged, black_box(&line)));
}

#[divan::bench(args = ["random", "line ends", "braces", "letters"])]
fn noise(bencher: Bencher<'_, '_>, kind: &str) {
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let noise: Vec<u8> = (0..1 << 20)
        .map(|_| match kind {
            "random" => random(),
            "line ends" => b'\n',
            "braces" => b'{',
            _ => b'x',
        })
        .collect();
    let mut session = Session::new(Protocol::TanitaTagged, Options::default());
    bencher
        .counter(BytesCount::of_slice(&noise))
        .bench_local(|| session.handle_bytes(Tick(0), black_box(&noise)));
}
