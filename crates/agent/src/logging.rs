//! The log: one line an event, on stderr.

use std::io::{self, IsTerminal as _, Write as _};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    Layer as _,
    filter::{ParseError, Targets},
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Starts the log of this process. `filter` is a level, or levels by room: `info`, `warn,uploader=debug`.
///
/// For people at a terminal it has times and colours; for a service manager's journal, which has its own clock, each line
/// starts with its priority instead (`<4>`), as sd-daemon(3) describes.
///
/// # Errors
/// The filter is not one.
///
/// # Panics
/// If the process has a subscriber already.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let filter: Targets = filter.parse()?;
    let lines = fmt::layer();
    let lines = if std::env::var_os("JOURNAL_STREAM").is_some() {
        lines
            .without_time()
            .with_level(false)
            .with_ansi(false)
            .with_writer(Journal)
            .boxed()
    } else {
        lines
            .with_ansi(io::stderr().is_terminal())
            .with_writer(io::stderr)
            .boxed()
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(())
}

/// Writes to stderr with a priority in front of each event.
struct Journal;

impl<'a> MakeWriter<'a> for Journal {
    type Writer = io::StderrLock<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        io::stderr().lock()
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        let mut stderr = self.make_writer();
        // A log that cannot be written has nobody to complain to.
        let _ = stderr.write_all(priority(*meta.level()));
        stderr
    }
}

fn priority(level: Level) -> &'static [u8] {
    match level {
        Level::ERROR => b"<3>",
        Level::WARN => b"<4>",
        Level::INFO => b"<6>",
        Level::DEBUG | Level::TRACE => b"<7>",
    }
}
