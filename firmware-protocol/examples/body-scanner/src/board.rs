//! The board: two UARTs, a clock, reset. All `unsafe` of the firmware is here.

use core::{
    cell::RefCell,
    fmt,
    panic::PanicInfo,
    sync::atomic::{AtomicU32, Ordering},
};

use cortex_m::{
    interrupt::{InterruptNumber, Mutex},
    peripheral::{NVIC, SCB, SYST, syst::SystClkSource},
};
use cortex_m_rt::exception;
use firmware_protocol::{Instant, frame::crc32};
use heapless::Deque;

use crate::flash::Flash;

/// Ticks of the system clock in a millisecond: AN386 runs at 25 MHz.
const TICKS_PER_MS: u32 = 25_000;

/// How long a new scanner waits for somebody to say something: as long as for the first person.
const LISTENING_MS: u32 = 10_000;

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

/// A CMSDK APB UART (Arm DDI 0479, section 4.3). Arriving bytes are taken in an interrupt: at 115,200 baud one comes every
/// 87 µs, and this UART holds a single one.
pub struct Uart {
    registers: Registers,
    received: &'static Received,
}

/// What has arrived and was not read. Room for 44 ms of line, more than any turn of the main loop takes; what comes on top is
/// lost, as on any line, and sent again.
type Received = Mutex<RefCell<Deque<u8, 512>>>;

static LINK: Received = Mutex::new(RefCell::new(Deque::new()));
static CONSOLE: Received = Mutex::new(RefCell::new(Deque::new()));

/// Registers of a UART.
#[derive(Clone, Copy)]
struct Registers(*mut u32);

const UART0: Registers = Registers(0x4000_4000 as *mut u32);
const UART1: Registers = Registers(0x4000_5000 as *mut u32);

const DATA: usize = 0;
const STATE: usize = 1;
const CTRL: usize = 2;
const INTCLEAR: usize = 3;
const BAUDDIV: usize = 4;
const TX_FULL: u32 = 1;
const RX_FULL: u32 = 1 << 1;
const RX_INTERRUPT: u32 = 1 << 1;
const ENABLE_TX_RX_AND_RX_INTERRUPT: u32 = 0b1011;

impl Registers {
    fn load(self, register: usize) -> u32 {
        // SAFETY: the address is that of a UART of this board, its registers are aligned words, and reading them is allowed
        // at any time.
        unsafe { self.0.add(register).read_volatile() }
    }

    fn store(self, register: usize, value: u32) {
        // SAFETY: as above. Main loop and interrupt write different registers.
        unsafe { self.0.add(register).write_volatile(value) }
    }

    fn receive(self, received: &Received) {
        self.store(INTCLEAR, RX_INTERRUPT);
        cortex_m::interrupt::free(|section| {
            let mut received = received.borrow(section).borrow_mut();
            while self.load(STATE) & RX_FULL != 0 {
                let _ = received.push_back(self.load(DATA) as u8);
            }
        });
    }
}

/// The interrupts of the board that are in use, by their numbers.
#[derive(Clone, Copy)]
enum Interrupt {
    Uart0Receive = 0,
    Uart1Receive = 2,
}

// SAFETY: the numbers are those of the board (Arm DAI 0386, section 3.6).
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

#[exception]
unsafe fn DefaultHandler(interrupt: i16) {
    const LINK_RECEIVE: i16 = Interrupt::Uart0Receive as i16;
    const CONSOLE_RECEIVE: i16 = Interrupt::Uart1Receive as i16;
    match interrupt {
        LINK_RECEIVE => UART0.receive(&LINK),
        CONSOLE_RECEIVE => UART1.receive(&CONSOLE),
        _ => {}
    }
}

impl Uart {
    /// The line to the bridge: UART0, 115,200 8N1.
    pub fn link() -> Self {
        Self::open(UART0, Interrupt::Uart0Receive, &LINK)
    }

    /// The technician's console: UART1, 115,200 8N1.
    pub fn console() -> Self {
        Self::open(UART1, Interrupt::Uart1Receive, &CONSOLE)
    }

    fn open(registers: Registers, interrupt: Interrupt, received: &'static Received) -> Self {
        registers.store(BAUDDIV, TICKS_PER_MS * 1000 / 115_200);
        registers.store(CTRL, ENABLE_TX_RX_AND_RX_INTERRUPT);
        // SAFETY: no critical section relies on this interrupt being off.
        unsafe { NVIC::unmask(interrupt) };
        Self { registers, received }
    }

    /// A byte that has arrived.
    pub fn read(&mut self) -> Option<u8> {
        cortex_m::interrupt::free(|section| self.received.borrow(section).borrow_mut().pop_front())
    }

    /// Whether a byte has arrived.
    fn has_received(&self) -> bool {
        cortex_m::interrupt::free(|section| !self.received.borrow(section).borrow().is_empty())
    }

    /// Whether a byte can be written without waiting.
    pub fn has_room(&self) -> bool {
        self.registers.load(STATE) & TX_FULL == 0
    }

    /// Writes a byte, and waits for room if there is none.
    pub fn write(&mut self, byte: u8) {
        while !self.has_room() {}
        self.registers.store(DATA, u32::from(byte));
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

/// A number that is another one in each new scanner, for the count of its starts.
///
/// This board has no source of random numbers; one that has takes the number from there. Here two things are stirred: the tick at
/// which the first byte arrives on any of `lines`, which nobody outside counts (25 of them in a microsecond, and a bridge says
/// something four times a second), and what stands in free memory at power-on, which is noise in a chip and zeros in the emulator.
/// If no byte comes within [`LISTENING_MS`], that noise is all there is, and an emulated board has none.
pub fn random(lines: [&Uart; 2]) -> u32 {
    let mut noise = [0; 1024];
    for (at, byte) in noise.iter_mut().enumerate() {
        // SAFETY: the lower end of the free memory between the statics and the stack, which is far larger than this; whatever
        // bytes are there will do.
        *byte = unsafe { (&raw const _stack_end).cast::<u8>().add(at).read_volatile() };
    }
    while MILLIS.load(Ordering::Relaxed) < LISTENING_MS && !lines.iter().any(|line| line.has_received()) {}
    let tick = MILLIS.load(Ordering::Relaxed) * TICKS_PER_MS + (TICKS_PER_MS - SYST::get_current());
    noise[..4]
        .iter_mut()
        .zip(tick.to_le_bytes())
        .for_each(|(byte, tick)| *byte ^= tick);
    crc32(&noise)
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
