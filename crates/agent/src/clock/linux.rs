//! The kernel's word on its clock.

/// Whether a time service keeps the kernel's clock right; `None` if the kernel does not say (a sandbox may forbid the question).
#[expect(unsafe_code, reason = "no maintained crate wraps adjtimex(2)")]
pub(super) fn kernel_is_synchronised() -> Option<bool> {
    // SAFETY: `timex` consists of integers alone, for which zero is a value; zero `modes` makes the call read-only.
    let mut clock: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live `timex` of this process, which the kernel fills and does not keep.
    let state = unsafe { libc::adjtimex(&raw mut clock) };
    (state >= 0).then_some(state != libc::TIME_ERROR && clock.status & libc::STA_UNSYNC == 0)
}
