//! Words of the contract and the values they stand for.

use crate::{Assignment, PerformerStatus, Stage, Status};

/// A value that the wire, a query or a store spells as one lower-case word; the same word that serde uses.
pub trait Word: Copy + PartialEq + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The word.
    fn word(self) -> &'static str;

    /// The value of a word; `None` if there is none.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.word() == word)
    }
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal,)+ }) => {
        impl Word for $type {
            const ALL: &'static [Self] = &[$(Self::$variant,)+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words!(Status {
    Created = "created",
    Claimed = "claimed",
    Scanning = "scanning",
    Uploading = "uploading",
    Complete = "complete",
    Failed = "failed",
    Cancelled = "cancelled",
    Expired = "expired",
});

words!(Stage {
    Queued = "queued",
    Preparing = "preparing",
    WaitingForMember = "waiting_for_member",
    Weighing = "weighing",
    Measuring = "measuring",
    ReadingResults = "reading_results",
    Uploading = "uploading",
    Done = "done",
});

words!(PerformerStatus {
    Offline = "offline",
    Idle = "idle",
    Busy = "busy",
    Error = "error",
    Maintenance = "maintenance",
});

words!(Assignment {
    Assigned = "assigned",
    Unassigned = "unassigned",
    Guest = "guest",
});

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Word + serde::Serialize>() {
        for &value in T::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), value.word());
            assert!(T::from_word(value.word()) == Some(value));
        }
    }

    #[test]
    fn words_are_those_of_serde() {
        check::<Status>();
        check::<Stage>();
        check::<PerformerStatus>();
        check::<Assignment>();
    }
}
