//! What the link adds to `size-of-nothing`: a scanner's end with every call used, and a record writer.
#![no_std]
#![no_main]

use body_scanner::board::{Clock, Uart};
use core::hint::black_box;
use cortex_m_rt::entry;
use firmware_protocol::*;

/// The result of the size test lies nowhere: the store is the firmware's own and not measured.
struct NoStore;

impl ResultStore for NoStore {
    fn oldest(&self) -> Option<Waiting> {
        black_box(None)
    }

    fn read(&self, _: ResultNumber, _: usize, into: &mut [u8]) {
        black_box(into);
    }

    fn remove(&mut self, result: ResultNumber) -> bool {
        black_box(result).number == 1
    }
}

#[entry]
fn main() -> ! {
    let mut clock = Clock::start(cortex_m::Peripherals::take().expect("taken once"));
    let mut uart = Uart::link();
    let identity = Identity {
        device: DeviceId([1; 16]),
        boot: 1,
        uptime_ms: 0,
        maker: text("maker"),
        model: text("model"),
        serial: text("serial"),
        firmware: text("firmware"),
        capabilities: Capabilities::LIVE_STAGES,
    };
    let mut device = Device::new(identity, NoStore, LineConfig::new(black_box(1)), clock.now());
    loop {
        let now = clock.now();
        if let Some(byte) = uart.read() {
            device.handle_bytes(now, &[byte]);
        }
        device.handle_timeout(now);
        match device.poll_event() {
            Some(DeviceEvent::Start(start)) => {
                let mut buffer = [0; 64];
                let scan = ScanRef::Asked(start.scan);
                let header = RecordHeader {
                    result: ResultNumber {
                        boot: 1,
                        number: start.scan,
                    },
                    scan,
                    kind: start.kind,
                    completeness: Completeness::Full,
                    uptime_ms: 1,
                    clock: None,
                    subject: start.subject,
                };
                if let Ok(mut writer) = RecordWriter::new(&mut buffer, &header) {
                    let value = Decimal::new(black_box(805), 1);
                    let _ = writer.value(MetricId::BODY_WEIGHT, value);
                    let _ = writer.impedance(Impedance {
                        segment: Segment::LeftArm,
                        frequency: Frequency::Khz50,
                        resistance: value,
                        reactance: value,
                    });
                    black_box(writer.finish());
                }
                let _ = device.progress(Progress {
                    scan,
                    stage: Stage::Weighing,
                    percent: 0,
                });
            }
            Some(DeviceEvent::Cancel(scan)) => {
                let _ = device.ended(ScanRef::Asked(scan), Ending::Cancelled);
            }
            Some(DeviceEvent::Disconnected(_)) => {
                let _ = device.fault(Fault::Internal, 1);
                let _ = device.log(LogLevel::Info, "line");
            }
            other => {
                black_box(other);
            }
        }
        black_box(device.poll_timeout());
        while let Some(frame) = device.poll_transmit(now) {
            for &byte in frame {
                uart.write(byte);
            }
        }
    }
}
