//! What of a running scan waits to be sent.

use firmware_protocol::*;

use crate::talk::{at, device, host, talk};

#[test]
fn progress_that_waits_is_replaced_and_everything_else_keeps_its_order() {
    let (mut device, mut host) = (device(1), host(2));
    let scan = ScanRef::WalkUp(1);
    let progress = |percent| Progress {
        scan,
        stage: Stage::Weighing,
        percent,
    };
    assert_eq!(device.progress(progress(0)), Err(NotSent::NotConnected));
    talk(&mut device, &mut host, at(0));
    for percent in [10, 20, 30] {
        device.progress(progress(percent)).unwrap();
    }
    device.fault(Fault::Power, 3).unwrap();
    device.progress(progress(40)).unwrap();
    device.ended(scan, Ending::Failed(Fault::PersonMoved)).unwrap();
    assert_eq!(device.log(LogLevel::Info, "one too many"), Err(NotSent::Busy));
    let heard = talk(&mut device, &mut host, at(0)).at_host;
    assert_eq!(heard, ["weighing 30", "power", "weighing 40", "Failed(PersonMoved)"]);
}

#[test]
fn progress_that_is_under_way_is_not_replaced() {
    let (mut device, mut host) = (device(1), host(2));
    talk(&mut device, &mut host, at(0));
    let progress = |percent| Progress {
        scan: ScanRef::WalkUp(1),
        stage: Stage::Weighing,
        percent,
    };
    device.progress(progress(10)).unwrap();
    let under_way = device.poll_transmit(at(0)).unwrap().to_vec();
    device.progress(progress(20)).unwrap();
    device.progress(progress(30)).unwrap();
    host.handle_bytes(at(0), &under_way);
    assert_eq!(
        talk(&mut device, &mut host, at(0)).at_host,
        ["weighing 10", "weighing 30"]
    );
}
