//! `scandiag ports`: the serial ports of this machine.

use std::error::Error;

use scanner_driver::{PortInfo, PortKind, UsbIdentity, list_ports};

use crate::{cli::Ports, exit::Code, output};

/// Lists the ports.
///
/// # Errors
/// If the system's list cannot be read.
pub(crate) fn run(arguments: &Ports) -> Result<Code, Box<dyn Error>> {
    let ports = list_ports()?;
    if arguments.json {
        output::json(&ports)?;
        return Ok(Code::Ok);
    }
    for port in &ports {
        output::line(&describe(port))?;
    }
    if ports.is_empty() {
        output::note("this machine has no serial port; is the cable or the USB adapter plugged in?");
    }
    Ok(Code::Ok)
}

fn describe(port: &PortInfo) -> String {
    let mut text = format!("{:<16} {}", port.path.display(), kind(&port.kind));
    if let Some(driver) = &port.driver {
        text.push_str(&format!("  driver {driver}"));
    }
    if !port.held_by.is_empty() {
        let holders: Vec<_> = port.held_by.iter().map(ToString::to_string).collect();
        text.push_str(&format!("  in use by {}", holders.join(", ")));
    }
    if let Some(link) = &port.by_id {
        text.push_str(&format!("\n{:16} {}", "", link.display()));
    }
    text
}

fn kind(kind: &PortKind) -> String {
    match kind {
        PortKind::Usb(usb) => usb_identity(usb),
        PortKind::Bluetooth => "Bluetooth".to_owned(),
        PortKind::Pci => "PCI".to_owned(),
        PortKind::Other => "on board".to_owned(),
    }
}

fn usb_identity(usb: &UsbIdentity) -> String {
    let mut text = format!("USB {:04x}:{:04x}", usb.vid, usb.pid);
    for part in [&usb.manufacturer, &usb.product].into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    if let Some(serial) = &usb.serial {
        text.push_str(&format!(" serial {serial}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use scanner_driver::Holder;

    use super::*;

    #[test]
    fn a_port_is_described_with_all_a_technician_asks_for() {
        let port = PortInfo {
            path: "/dev/ttyUSB0".into(),
            kind: PortKind::Usb(UsbIdentity {
                vid: 0x0403,
                pid: 0x6001,
                serial: Some("A5".into()),
                manufacturer: Some("FTDI".into()),
                product: Some("FT232R".into()),
            }),
            by_id: Some("/dev/serial/by-id/usb-FTDI_FT232R-if00-port0".into()),
            driver: Some("ftdi_sio".into()),
            held_by: vec![Holder {
                pid: 812,
                name: "scanbridge".into(),
            }],
        };
        assert_eq!(
            describe(&port),
            "/dev/ttyUSB0     USB 0403:6001 FTDI FT232R serial A5  driver ftdi_sio  in use by scanbridge (process 812)\n                 /dev/serial/by-id/usb-FTDI_FT232R-if00-port0"
        );
    }
}
