//! A scanner and a bridge that talk without a line between them: what one sends the other has at once.

use firmware_protocol::*;

use crate::sample;

pub(crate) type Store = RamStore<4, 1200>;

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(crate) fn device(seed: u32) -> Device<Store> {
    Device::new(sample::identity(7), RamStore::new(), LineConfig::new(seed), at(0))
}

pub(crate) fn host(seed: u32) -> Host {
    Host::new(LineConfig::new(seed), at(0))
}

/// What both sides heard.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) at_device: Vec<DeviceEvent>,
    /// Events of the host in words, results as `result 7-3`.
    pub(crate) at_host: Vec<String>,
    /// What the scanner sent.
    pub(crate) from_device: Vec<u8>,
}

/// Lets both talk at one moment until nobody has anything to say. The host stores what it gets.
pub(crate) fn talk<S: ResultStore>(device: &mut Device<S>, host: &mut Host, now: Instant) -> Heard {
    talk_by_two_clocks(device, host, (now, now), true)
}

/// The same with a host whose disk takes nothing.
pub(crate) fn talk_unstored(device: &mut Device<Store>, host: &mut Host, now: Instant) -> Heard {
    talk_by_two_clocks(device, host, (now, now), false)
}

/// Lets both talk at one moment, by the clock of each. The host stores what it gets if `stores`.
pub(crate) fn talk_by_two_clocks<S: ResultStore>(
    device: &mut Device<S>,
    host: &mut Host,
    (at_device, at_host): (Instant, Instant),
    stores: bool,
) -> Heard {
    let mut heard = Heard::default();
    loop {
        let mut quiet = true;
        device.handle_timeout(at_device);
        host.handle_timeout(at_host);
        heard.at_device.extend(std::iter::from_fn(|| device.poll_event()));
        drain_host(host, &mut heard, stores);
        while let Some(frame) = device.poll_transmit(at_device) {
            quiet = false;
            heard.from_device.extend_from_slice(frame);
            host.handle_bytes(at_host, frame);
            drain_host(host, &mut heard, stores);
        }
        while let Some(frame) = host.poll_transmit(at_host) {
            quiet = false;
            device.handle_bytes(at_device, frame);
            heard.at_device.extend(std::iter::from_fn(|| device.poll_event()));
        }
        if quiet {
            return heard;
        }
    }
}

/// Takes all events of the host, which stores the results among them if `stores`.
pub(crate) fn drain_host(host: &mut Host, heard: &mut Heard, stores: bool) {
    loop {
        let mut got = None;
        let words = match host.poll_event() {
            None => return,
            Some(HostEvent::Connected(identity)) => format!("connected {}", identity.boot),
            Some(HostEvent::Disconnected(reason)) => format!("disconnected {reason:?}"),
            Some(HostEvent::Incompatible(versions)) => format!("incompatible {versions}"),
            Some(HostEvent::Progress(progress)) => format!("{} {}", progress.stage.word(), progress.percent),
            Some(HostEvent::Ended { ending, .. }) => format!("{ending:?}"),
            Some(HostEvent::Fault { fault, .. }) => fault.word().to_owned(),
            Some(HostEvent::Log { text, .. }) => text.as_str().to_owned(),
            Some(HostEvent::Headless(bytes)) => format!("headless {bytes:?}"),
            Some(HostEvent::Result(received)) => {
                got = Some(received.key);
                let kind = if received.record.is_ok() { "result" } else { "damaged" };
                format!("{kind} {}", received.key.result)
            }
        };
        heard.at_host.push(words);
        if let Some(key) = got {
            if stores {
                host.confirm_stored(key);
            } else {
                host.forget(key);
            }
        }
    }
}

/// Puts a result of 100 values into the scanner's memory.
pub(crate) fn keep(device: &mut Device<Store>, number: u32) -> ResultKey {
    let result = ResultNumber { boot: 7, number };
    device.store_mut().append(result, &sample::record(result, 100)).unwrap();
    ResultKey {
        device: sample::identity(7).device,
        result,
    }
}
