//! The board: two UARTs, a clock, reset. All `unsafe` of the firmware is here.

use core::{
    fmt,
    panic::PanicInfo,
    sync::atomic::{AtomicU32, Ordering},
};

use cortex_m::peripheral::{SCB, SYST, syst::SystClkSource};
use cortex_m_rt::exception;
use firmware_protocol::Instant;

use crate::flash::Flash;

/// Ticks of the system clock in a millisecond: AN386 runs at 25 MHz.
const TICKS_PER_MS: u32 = 25_000;

static MILLIS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    MILLIS.store(MILLIS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Milliseconds since the start, also beyond 49 days.
pub struct Clock {
    last: u32,
    wraps: u64,
}

impl Clock {
    /// Starts the clock.
    pub fn start(peripherals: cortex_m::Peripherals) -> Self {
        let mut syst: SYST = peripherals.SYST;
        syst.set_clock_source(SystClkSource::Core);
        syst.set_reload(TICKS_PER_MS - 1);
        syst.clear_current();
        syst.enable_counter();
        syst.enable_interrupt();
        Self { last: 0, wraps: 0 }
    }

    /// The time since the start.
    pub fn now(&mut self) -> Instant {
        let millis = MILLIS.load(Ordering::Relaxed);
        self.wraps += u64::from(millis < self.last);
        self.last = millis;
        Instant::from_millis((self.wraps << 32) + u64::from(millis))
    }
}

/// A CMSDK APB UART (Arm DDI 0479, section 4.3), polled. A board with a real line takes the bytes in an interrupt: at 115,200
/// baud one comes every 87 µs, and this UART holds a single one.
pub struct Uart(*mut u32);

const DATA: usize = 0;
const STATE: usize = 1;
const CTRL: usize = 2;
const BAUDDIV: usize = 4;
const TX_FULL: u32 = 1;
const RX_FULL: u32 = 2;

impl Uart {
    /// The line to the bridge: UART0, 115,200 8N1.
    pub fn link() -> Self {
        Self::open(0x4000_4000)
    }

    /// The technician's console: UART1, 115,200 8N1.
    pub fn console() -> Self {
        Self::open(0x4000_5000)
    }

    fn open(base: usize) -> Self {
        let uart = Self(base as *mut u32);
        uart.store(BAUDDIV, TICKS_PER_MS * 1000 / 115_200);
        uart.store(CTRL, 0b11);
        uart
    }

    /// A byte that has arrived.
    pub fn read(&mut self) -> Option<u8> {
        (self.load(STATE) & RX_FULL != 0).then(|| self.load(DATA) as u8)
    }

    /// Whether a byte can be written without waiting.
    pub fn has_room(&self) -> bool {
        self.load(STATE) & TX_FULL == 0
    }

    /// Writes a byte, and waits for room if there is none.
    pub fn write(&mut self, byte: u8) {
        while !self.has_room() {}
        self.store(DATA, u32::from(byte));
    }

    fn load(&self, register: usize) -> u32 {
        // SAFETY: the address is that of a UART of this board, its registers are aligned words, and reading them is allowed
        // at any time.
        unsafe { self.0.add(register).read_volatile() }
    }

    fn store(&self, register: usize, value: u32) {
        // SAFETY: as above; this type is the only user of its UART.
        unsafe { self.0.add(register).write_volatile(value) }
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.write(byte));
        Ok(())
    }
}

/// The memory that stands for flash: sixteen sectors of 4 KiB in the board's PSRAM, which a reset does not clear.
pub struct MappedFlash;

impl MappedFlash {
    const START: usize = 0x2100_0000;

    fn cell(address: usize) -> *mut u8 {
        assert!(address < Self::SECTOR * Self::SECTORS, "outside of flash");
        (Self::START + address) as *mut u8
    }
}

impl Flash for MappedFlash {
    const SECTOR: usize = 4096;
    const SECTORS: usize = 16;

    fn read(&self, address: usize, into: &mut [u8]) {
        for (at, byte) in into.iter_mut().enumerate() {
            // SAFETY: `cell` is within the PSRAM, where nothing else lives.
            *byte = unsafe { Self::cell(address + at).read_volatile() };
        }
    }

    fn program(&mut self, address: usize, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            let cell = Self::cell(address + at);
            // SAFETY: as above.
            unsafe { cell.write_volatile(cell.read_volatile() & byte) };
        }
    }

    fn erase(&mut self, sector: usize) {
        for at in 0..Self::SECTOR {
            // SAFETY: as above.
            unsafe { Self::cell(sector * Self::SECTOR + at).write_volatile(0xFF) };
        }
    }
}

/// Measures how deep the calls go that follow.
pub struct StackMeter {
    top: *const u32,
}

unsafe extern "C" {
    static mut _stack_end: u32;
}

impl StackMeter {
    const PAINT: u32 = 0xCCCC_CCCC;

    /// Paints the free memory below the stack as it is now.
    #[inline(never)]
    pub fn start() -> Self {
        cortex_m::interrupt::free(|_| {
            // Below the frame of this function.
            let top = cortex_m::register::msp::read() as *const u32;
            let mut at = &raw mut _stack_end;
            while at.cast_const() < top {
                // SAFETY: aligned addresses of this board's RAM between the statics and the stack; interrupts are off.
                unsafe { at.write_volatile(Self::PAINT) };
                at = at.wrapping_add(1);
            }
            Self { top }
        })
    }

    /// The most bytes of stack in use since then, below where it was.
    pub fn deepest(&self) -> usize {
        let mut at = (&raw const _stack_end).cast::<u32>();
        // SAFETY: as above; reading what may be in use as stack is harmless.
        while at < self.top && unsafe { at.read_volatile() } == Self::PAINT {
            at = at.wrapping_add(1);
        }
        self.top as usize - at as usize
    }
}

/// Starts the processor anew, as after a loss of power but for the memory that stands for flash.
pub fn reset() -> ! {
    SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    // A scanner that hangs loses scans. Results are safe in flash.
    reset()
}
