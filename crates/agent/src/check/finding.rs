//! One line of the check.

use std::{
    fmt,
    io::{self, Write as _},
};

/// What was found about a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    leg: String,
    verdict: Verdict,
    story: String,
    next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Works,
    Warns,
    Fails,
    Skipped,
}

impl Finding {
    /// It works.
    pub(super) fn ok(leg: impl Into<String>, story: impl Into<String>) -> Self {
        Self {
            leg: leg.into(),
            verdict: Verdict::Works,
            story: story.into(),
            next: None,
        }
    }

    /// It works, but should not stay so.
    pub(super) fn warning(leg: impl Into<String>, story: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warns,
            ..Self::ok(leg, story)
        }
    }

    /// It does not work, and this is what to do next.
    pub(super) fn fails(leg: impl Into<String>, story: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            leg: leg.into(),
            verdict: Verdict::Fails,
            story: story.into(),
            next: Some(next.into()),
        }
    }

    /// There is nothing to check.
    pub(super) fn skipped(leg: impl Into<String>, story: impl Into<String>) -> Self {
        Self {
            leg: leg.into(),
            verdict: Verdict::Skipped,
            story: story.into(),
            next: None,
        }
    }

    /// Whether it keeps the check from being good.
    pub(super) fn works(&self) -> bool {
        self.verdict != Verdict::Fails
    }

    /// Prints the line; what to do next on a line of its own.
    pub(super) fn print(&self) {
        // Who closed the pipe does not want to know.
        let _ = writeln!(io::stdout(), "{self}");
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Works => "ok",
            Verdict::Warns => "warn",
            Verdict::Fails => "FAILS",
            Verdict::Skipped => "-",
        };
        write!(f, "{verdict:<6} {:<14} {}", self.leg, self.story)?;
        match &self.next {
            Some(next) => write!(f, "\n       {:<14} next: {next}", ""),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_with_what_to_do_next() {
        let finding = Finding::fails("scanner bay-1", "port `/dev/ttyUSB0` is not there", "plug the cable in");
        assert_eq!(
            finding.to_string(),
            "FAILS  scanner bay-1  port `/dev/ttyUSB0` is not there\n                      next: plug the cable in"
        );
        assert!(!finding.works() && Finding::skipped("cloud", "").works());
    }
}
