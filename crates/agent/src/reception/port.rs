//! A scanner's port in a performer's words.

use scan_model::{
    Name,
    board::{Activity, Severity},
};
use scanner_driver::PortState;

use crate::keeper::{BoardKeeper, set_activity};

/// Alert: another program has the port.
const HELD: &str = "port-held";
/// Alert: the port does not do the settings that the configuration asks for, or the scanner has others.
const SETTINGS: &str = "settings-differ";

/// Shows what a scanner does. `scanning`: a scan runs. `device_error`: the device itself reports one.
pub(super) fn show(scanner: &Name, port: &PortState, scanning: bool, device_error: bool, board: &BoardKeeper) {
    let (activity, code) = match port {
        _ if scanning => (Activity::Busy, None),
        PortState::Open { is_noise: true, .. } => (Activity::Error, port.code()),
        PortState::Open { .. } if device_error => (Activity::Error, Some("device_error")),
        PortState::Open { .. } => (Activity::Idle, None),
        PortState::Starting | PortState::Lost { .. } | PortState::Missing { .. } => (Activity::Offline, port.code()),
        PortState::Held { .. }
        | PortState::Denied { .. }
        | PortState::Unsupported { .. }
        | PortState::Failed { .. } => (Activity::Error, port.code()),
    };
    board.scanner(scanner, |shown| {
        set_activity(shown, activity, code);
        if let PortState::Open { settings, .. } = port {
            shown.serial_settings = Some(settings.to_string());
        }
    });
    let alert = match port {
        PortState::Held { .. } => Some(HELD),
        PortState::Unsupported { .. } | PortState::Open { is_noise: true, .. } => Some(SETTINGS),
        _ => None,
    };
    for code in [HELD, SETTINGS] {
        if alert == Some(code) {
            board.raise_at(scanner, code, Severity::Error, &port.to_string());
        } else {
            board.clear_at(scanner, code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::test_board;

    #[test]
    fn a_port_that_another_program_has_is_an_alert_until_it_is_free() {
        let (board, bay) = (test_board(), "bay-1".parse().unwrap());
        let held = PortState::Held {
            by: Vec::new(),
            detail: "`/dev/ttyUSB0` is held by ModemManager (812)".to_owned(),
        };
        show(&bay, &held, false, false, &board);
        let shown = board.now();
        assert_eq!(
            (shown.scanners[&bay].activity, shown.scanners[&bay].code.as_deref()),
            (Activity::Error, Some("port_held"))
        );
        assert!(shown.alerts[HELD].message.contains("bay-1") && shown.alerts[HELD].message.contains("ModemManager"));
        show(
            &bay,
            &PortState::Missing { detail: String::new() },
            false,
            false,
            &board,
        );
        let shown = board.now();
        assert_eq!(
            (shown.scanners[&bay].activity, shown.alerts.len()),
            (Activity::Offline, 0)
        );
    }

    #[test]
    fn a_scanner_that_nobody_understands_is_an_error_and_an_alert_until_it_is_understood() {
        let (board, bay) = (test_board(), "bay-1".parse().unwrap());
        let open = |is_noise| PortState::Open {
            path: "/dev/ttyUSB0".into(),
            settings: "9600 8N1".parse().unwrap(),
            is_noise,
        };
        show(&bay, &open(true), false, false, &board);
        let shown = board.now();
        assert_eq!(
            (shown.scanners[&bay].activity, shown.scanners[&bay].code.as_deref()),
            (Activity::Error, Some("not_understood"))
        );
        let message = &shown.alerts[SETTINGS].message;
        assert!(
            message.contains("9600 8N1") && message.contains("scandiag"),
            "{message}"
        );
        show(&bay, &open(false), false, false, &board);
        let shown = board.now();
        assert_eq!((shown.scanners[&bay].activity, shown.alerts.len()), (Activity::Idle, 0));
    }

    #[test]
    fn a_free_port_does_not_clear_the_alert_of_another_scanner() {
        let board = test_board();
        let held = PortState::Held {
            by: Vec::new(),
            detail: String::new(),
        };
        show(&"bay-1".parse().unwrap(), &held, false, false, &board);
        show(&"bay-10".parse().unwrap(), &PortState::Starting, false, false, &board);
        assert!(board.now().alerts.contains_key(HELD));
    }
}
