//! What others than the two sides read: a listener, and whoever prints.

use firmware_protocol::{frame::FrameReader, *};

use crate::{
    sample,
    talk::{at, device, host, keep, talk, talk_unstored},
};

#[test]
fn a_listener_reads_a_capture_without_taking_part() {
    let (mut device, mut host) = (device(1), host(2));
    keep(&mut device, 1);
    let heard = talk(&mut device, &mut host, at(0));
    let mut listener = Listener::new();
    let mut words = Vec::new();
    for byte in b"noise\0".iter().chain(&heard.from_device) {
        match listener.push(*byte) {
            Some(firmware_protocol::Heard::Noise(_)) => words.push("noise".to_owned()),
            Some(firmware_protocol::Heard::Message(DeviceMessage::Identity(identity))) => {
                words.push(identity.model.as_str().to_owned());
            }
            Some(firmware_protocol::Heard::Result(_, bytes, record)) => {
                words.push(format!(
                    "{} bytes, {} items",
                    bytes.len(),
                    record.unwrap().items().count()
                ));
            }
            _ => {}
        }
    }
    assert_eq!(words, ["noise", "BC-1", "385 bytes, 100 items"]);
}

#[test]
fn no_byte_of_a_record_is_printed_for_debugging() {
    let (mut device, mut host) = (device(1), host(2));
    let mut listener = Listener::new();
    let result = keep(&mut device, 1).result;
    let record = sample::record(result, 100);
    let mut shown = String::new();
    let from_device = talk_unstored(&mut device, &mut host, at(0)).from_device;
    let mut reader = FrameReader::new();
    for byte in from_device {
        if let Some(heard) = listener.push(byte) {
            shown += &format!("{heard:?}");
        }
        if let Some(frame) = reader.push(byte) {
            shown += &format!("{frame:?}");
        }
    }
    let received = Received {
        key: keep(&mut device, 2),
        bytes: &record,
        record: Record::parse(&record),
    };
    let items = received.record.as_ref().unwrap().items();
    shown += &format!("{received:?} {items:?} {device:?} {host:?} {listener:?} {reader:?}");
    shown += &format!("{:?}", device.store_mut());
    assert!(shown.contains("385"), "{shown}");
    for bytes in record.windows(4) {
        let bytes = format!("{bytes:?}");
        assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{bytes} in {shown}");
    }
}
