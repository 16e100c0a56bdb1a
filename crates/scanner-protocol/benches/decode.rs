//! Time per record, beside the floor: splitting the same bytes at commas and summing them, which is the least that any reader of the
//! format must do. And noise per second.

use divan::{Bencher, black_box, counter::BytesCount};
use memchr::memchr_iter;
use scanner_protocol::{Characteristic, Joiner, Options, Protocol, Session, Tick, decode_again};
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
    let mut session = Session::new(
        Protocol::TanitaTagged,
        Options {
            drop_repeats: false,
            ..Options::default()
        },
    );
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

/// Every other family that a serial line carries, with a frame of it.
const FAMILIES: [Protocol; 15] = [
    Protocol::TanitaPositional,
    Protocol::TanitaWb,
    Protocol::TanitaWeight,
    Protocol::And,
    Protocol::Toledo,
    Protocol::RiceLake,
    Protocol::Adam,
    Protocol::Accuniq,
    Protocol::Bmh05108,
    Protocol::Cas,
    Protocol::Toledo8217,
    Protocol::Doran,
    Protocol::Seca460,
    Protocol::Dba310,
    Protocol::Auto,
];

/// Every family on a serial line.
const NOISY: [Protocol; 18] = [
    Protocol::TanitaTagged,
    Protocol::TanitaPc,
    Protocol::ScanLink,
    Protocol::TanitaPositional,
    Protocol::TanitaWb,
    Protocol::TanitaWeight,
    Protocol::And,
    Protocol::Toledo,
    Protocol::RiceLake,
    Protocol::Adam,
    Protocol::Accuniq,
    Protocol::Bmh05108,
    Protocol::Cas,
    Protocol::Toledo8217,
    Protocol::Doran,
    Protocol::Seca460,
    Protocol::Dba310,
    Protocol::Auto,
];

fn frame(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::TanitaTagged | Protocol::TanitaPc => full_record(),
        // The beginning of a scanner's hello.
        Protocol::ScanLink => b"\x0f\x11\x53\x4c".to_vec(),
        Protocol::TanitaPositional => b"\"05/03/24\",\"09:07\",0,1,178,81.4,18.2,14.8,66.6,48.8,35,25.7,7420,512,231,235,290,298,17.5,2.4,11.3,10.7,17.9,2.4,11.0,10.4,15.1,0.6,3.6,3.4,15.9,0.7,3.6,3.4,19.4,8.7,36.2,34.8\r\n".to_vec(),
        Protocol::TanitaWb => b"S     75.0kg\r\n".to_vec(),
        Protocol::TanitaWeight => b"KS075.0\r\n".to_vec(),
        Protocol::Toledo => b"\x02+0    705     0\r*".to_vec(),
        Protocol::RiceLake => b"     10.0 lb Gross \r\n".to_vec(),
        // The next block ends the one before.
        Protocol::Adam => {
            b"Doctor Id: 00001\r\nPatient Id: 0000000123\r\nWeight: 80.00 kg\r\nHeight: 183 cm\r\nBMI: 23.9\r\n".to_vec()
        }
        Protocol::Accuniq => {
            let mut frame = [&b"\x02M"[..], &b"0601,".repeat(113), b"1\x03"].concat();
            frame.push(frame.iter().fold(0, |sum, &byte| sum.wrapping_add(byte)));
            frame
        }
        Protocol::Bmh05108 => vec![0xaa, 0x0e, 0xa1, 0, 0, 0x7b, 0, 0x78, 0, 0x33, 0x22, 0x11, 0, 0x4e],
        Protocol::Cas => b"\x01\x02S 0070.5KG\x63\x03\x04".to_vec(),
        Protocol::Toledo8217 => b"\x0270.500\r".to_vec(),
        Protocol::Doran => b"\x02GR  155.4 lb\r\n".to_vec(),
        Protocol::Seca460 => b"\x02A000705180005A\r\n\x03".to_vec(),
        Protocol::Dba310 => b"id=17;gen=0;age=30;hei=170.0;wei=70.5;bmi=24.4;pbf=28.1;over\n".to_vec(),
        _ => b"ST,+00070.50 kg\r\n".to_vec(),
    }
}

#[divan::bench(args = FAMILIES)]
fn family_floor(bencher: Bencher<'_, '_>, protocol: Protocol) {
    let frame = frame(protocol);
    bencher.counter(BytesCount::of_slice(&frame)).bench(|| {
        let frame = black_box(&frame[..]);
        let pieces = memchr_iter(b',', frame).count();
        (pieces, frame.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte)))
    });
}

#[divan::bench(args = FAMILIES)]
fn family(bencher: Bencher<'_, '_>, protocol: Protocol) {
    let frame = frame(protocol);
    let mut session = Session::new(
        protocol,
        Options {
            drop_repeats: false,
            ..Options::default()
        },
    );
    bencher.counter(BytesCount::of_slice(&frame)).bench_local(|| {
        session.handle_bytes(Tick(0), black_box(&frame));
        std::iter::from_fn(|| session.poll_event()).last()
    });
}

/// A weight and the composition that belongs to it.
#[divan::bench]
fn bluetooth(bencher: Bencher<'_, '_>) {
    let weight = [0x0e, 0x78, 0x3e, 0xea, 7, 5, 12, 18, 53, 54, 1, 0xee, 0, 0x26, 7];
    let composition = [
        0x98, 3, 0xc2, 0, 0xdf, 0x1a, 0x97, 1, 0xcc, 0x2f, 0xca, 0x21, 0xa8, 0x11,
    ];
    let mut joiner = Joiner::new(Options {
        drop_repeats: false,
        ..Options::default()
    });
    bencher.bench_local(|| {
        joiner.handle_value(Tick(0), Characteristic::Weight, black_box(&weight));
        joiner.handle_value(Tick(0), Characteristic::BodyComposition, black_box(&composition));
        std::iter::from_fn(|| joiner.poll_event()).last()
    });
}

/// Noise without a frame: random bytes for 0, otherwise so many bytes of a frame's beginning over and over.
///
/// Slower than the rest by design: of `bmh05108` each start is a frame by its form, up to 255 bytes long, that is summed, refused and
/// counted. Longer beginnings than these get past the head of a grammar, and each is read as far as a frame of the family can go.
#[divan::bench(args = NOISY, consts = [0, 1, 2])]
fn family_noise<const BEGINNING: usize>(bencher: Bencher<'_, '_>, protocol: Protocol) {
    let mut seed = 1_u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let noise: Vec<u8> = match BEGINNING {
        0 => (0..1 << 20).map(|_| random()).collect(),
        beginning => frame(protocol)[..beginning].repeat((1 << 20) / beginning),
    };
    let mut session = Session::new(protocol, Options::default());
    bencher
        .counter(BytesCount::of_slice(&noise))
        .bench_local(|| session.handle_bytes(Tick(0), black_box(&noise)));
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
