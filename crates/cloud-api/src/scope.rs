//! What a token may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One right of an app. Source: the vendor's authentication page lists exactly these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read raw measurement data and health ranges.
    MeasurementAnalysis,
    /// Read goals and the latest measurements.
    GoalAnalysis,
    /// Read dashboard data; use the plain frame.
    FrontEnd,
    /// Edit performers, edit readings, add measurements.
    ScanPerformer,
    /// Create readings, watch their progress.
    ScanCreator,
    /// Add scan licences.
    ScanLicenser,
    /// Create accumulations, add counts.
    ActivityOffload,
    /// Read facility statistics and usage history.
    Reporting,
    /// Read and write the facility profile, create members.
    UserManagement,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 9] = [
        Self::MeasurementAnalysis,
        Self::GoalAnalysis,
        Self::FrontEnd,
        Self::ScanPerformer,
        Self::ScanCreator,
        Self::ScanLicenser,
        Self::ActivityOffload,
        Self::Reporting,
        Self::UserManagement,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MeasurementAnalysis => "measurement_analysis",
            Self::GoalAnalysis => "goal_analysis",
            Self::FrontEnd => "front_end",
            Self::ScanPerformer => "scan_performer",
            Self::ScanCreator => "scan_creator",
            Self::ScanLicenser => "scan_licenser",
            Self::ActivityOffload => "activity_offload",
            Self::Reporting => "reporting",
            Self::UserManagement => "user_management",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scope")]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| UnknownScope(word.to_owned()))
    }
}

/// A set of scopes. Printed and parsed as the wire has it: separated by spaces; commas are accepted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// Whether at least one of `scopes` is in the set.
    #[must_use]
    pub fn contains_any(self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|&scope| self.contains(scope))
    }

    /// Whether every scope of `other` is in the set.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |&scope| self.contains(scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | bit(scope)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect()
    }
}

fn bit(scope: Scope) -> u16 {
    1 << scope as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_with_spaces_or_commas_and_written_with_spaces() {
        let scopes: Scopes = "scan_creator,scan_performer  reporting".parse().unwrap();
        assert_eq!(scopes.to_string(), "scan_performer scan_creator reporting");
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
        assert_eq!("scan_creator root".parse::<Scopes>(), Err(UnknownScope("root".into())));
    }

    #[test]
    fn words_of_serde_and_of_display_are_the_same() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
    }
}
