//! Who else may read the data directory, in which the key of the sealed results lies.

#[cfg(any(windows, test))]
mod sddl;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(super) use windows::doubt;

/// What speaks against the rights of the directory. On Unix the agent makes it, and the key in it, for its own user alone.
#[cfg(not(windows))]
pub(super) const fn doubt(_dir: &std::path::Path) -> Option<String> {
    None
}
