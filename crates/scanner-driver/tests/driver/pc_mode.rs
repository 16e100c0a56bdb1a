//! A scanner in PC mode on a pseudo-terminal.

use std::num::NonZeroU32;

use scan_model::{
    Decimal,
    subject::{Gender, Subject},
};
use scanner_driver::{Config, Driver, PortState};
use scanner_protocol::{Command, Event, PcDialect, Protocol, StartScan, Ticket};
use scansim::tanita_pc::{PcModel, PcScanner, Quirks, TanitaPc, Tempo, Violation};
use scansim::{Pace, Player};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Bay, DEADLINE};

#[tokio::test]
async fn a_scan_is_started_measured_and_the_scanner_is_given_back_when_the_driver_stops() {
    let bay = Bay::new();
    let line = scansim::Line::pty(&bay.link).expect("line");
    let baud = NonZeroU32::new(9600).map_or(Pace::Unlimited, Pace::Baud);
    let device = TanitaPc::new(PcModel::Dc320, Quirks::default(), Tempo::default().faster(50), &[], 805);
    let mut simulated = PcScanner::new(Player::new(line, baud), device);

    let config = Config {
        protocol: Protocol::TanitaPc,
        pc_dialect: PcDialect::Dc320,
        ..bay.config()
    };
    let (driver, mut scanner) = Driver::new(&config);
    let stop = CancellationToken::new();
    let task = tokio::spawn(driver.run(stop.clone()));

    let scan = async {
        scanner.state.wait_for(PortState::is_open).await.expect("driver");
        let subject = Subject {
            gender: Some(Gender::Female),
            age: Some(Decimal::from(41)),
            height: Some(Decimal::new(1655, 1)),
            ..Subject::default()
        };
        let start = StartScan {
            subject,
            ticket: Ticket::from_random(7),
            goal_body_fat: None,
            current_is_safe: true,
        };
        scanner.commander.send(Command::Start(start)).await.expect("obeyed");
        loop {
            match scanner.events.recv().await.expect("an event").event {
                Event::Stage { .. } | Event::Prompt(_) => {}
                Event::Record(record) => break record,
                other => panic!("{other:?} instead of a record"),
            }
        }
    };
    let record = tokio::select! {
        record = timeout(DEADLINE, scan) => record.expect("in time"),
        failed = obey(&mut simulated) => panic!("{failed}"),
    };
    assert_eq!(
        (&record.flags[..], record.subject.gender),
        (&[][..], Some(Gender::Female))
    );

    stop.cancel();
    tokio::select! {
        ended = timeout(DEADLINE, task) => ended.expect("in time").expect("driver"),
        failed = obey(&mut simulated) => panic!("{failed}"),
    }
    let device = simulated.device();
    assert!(!device.holds_data() && !device.is_in_pc_mode());
    // How late this machine reads an order says nothing about when it was sent.
    assert!(!device.violations().contains(&Violation::WhileMeasuring));
}

/// Plays the scanner until its line fails.
async fn obey(scanner: &mut PcScanner) -> scansim::LineError {
    loop {
        if let Err(error) = scanner.step().await {
            return error;
        }
    }
}
