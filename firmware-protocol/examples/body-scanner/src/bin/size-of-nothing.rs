//! What a firmware without the link takes: the same loop as `size-of-link`, and nothing in it.
#![no_std]
#![no_main]

use body_scanner::board::{Clock, Uart};
use cortex_m_rt::entry;

#[entry]
fn main() -> ! {
    let mut clock = Clock::start(cortex_m::Peripherals::take().expect("taken once"));
    let mut uart = Uart::link();
    loop {
        if let Some(byte) = uart.read() {
            uart.write(byte ^ clock.now().micros() as u8);
        }
    }
}
