//! What happens on the platform once a measurement was started, second by second.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::model::PcModel;

/// What the person does, or what befalls the scanner meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Steps on when asked, stands still, steps off afterwards.
    StepsOn,
    /// Steps on while the zero point is being set: `E3`.
    TooEarly,
    /// Too heavy, or not alone: `E1`.
    Overload,
    /// Shoes, dry feet, no grips: `E2`.
    BadContact,
    /// Steps off in the middle of the measurement: `E2` too, for the contact is gone.
    StepsOff,
    /// Lifts the platform: `E9`.
    Lifts,
    /// Has sex, age or height that the result does not fit: `E7`, every time.
    WrongData,
    /// Has them wrong the first time only: `E7`, then a result.
    WrongDataOnce,
    /// Never comes. The device waits for ever.
    NeverComes,
    /// Steps on and stays on, for a minute and a half.
    StaysOn,
    /// All is well, but the result is sent under another number, as if it were another person's.
    SomebodyElse,
    /// All is well, but a digit of the result is damaged on the way.
    DamagedResult,
    /// The scanner breaks down: `E0`.
    InternalFault,
    /// The scanner forgot what was set: `E4`, then a result.
    ForgetsData,
    /// The scanner's memory of settings fails: `E8`.
    MemoryFault,
}

/// A name that is no act's.
#[derive(Debug, thiserror::Error)]
#[error("unknown act `{name}`: one of {}", Act::ALL.map(Act::name).join(", "))]
pub struct UnknownAct {
    name: String,
}

/// How long the parts of a measurement take.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// Setting the zero point.
    pub zeroing: Duration,
    /// From the zero point to the person's step.
    pub coming: Duration,
    /// Until the weight is stable.
    pub weighing: Duration,
    /// Measuring impedance.
    pub measuring: Duration,
    /// From the result to the person's step off.
    pub leaving: Duration,
}

/// Something that the device does during a measurement, and when, counted from its start.
pub(super) type Scene = (Duration, Beat);

/// One thing that the device does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Says something on the way.
    Say(&'static str),
    /// Says what is on the platform, in hundreds of grams.
    LiveWeight(u32),
    /// Ends with an error.
    Fail(&'static str),
    /// Ends with a result.
    Result,
    /// The person is off the platform.
    SteppedOff,
}

impl Act {
    /// Every act, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::StepsOn,
        Self::TooEarly,
        Self::Overload,
        Self::BadContact,
        Self::StepsOff,
        Self::Lifts,
        Self::WrongData,
        Self::WrongDataOnce,
        Self::NeverComes,
        Self::StaysOn,
        Self::SomebodyElse,
        Self::DamagedResult,
        Self::InternalFault,
        Self::ForgetsData,
        Self::MemoryFault,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::StepsOn => "steps-on",
            Self::TooEarly => "too-early",
            Self::Overload => "overload",
            Self::BadContact => "bad-contact",
            Self::StepsOff => "steps-off",
            Self::Lifts => "lifts",
            Self::WrongData => "wrong-data",
            Self::WrongDataOnce => "wrong-data-once",
            Self::NeverComes => "never-comes",
            Self::StaysOn => "stays-on",
            Self::SomebodyElse => "somebody-else",
            Self::DamagedResult => "damaged-result",
            Self::InternalFault => "internal-fault",
            Self::ForgetsData => "forgets-data",
            Self::MemoryFault => "memory-fault",
        }
    }

    /// What the device does when a measurement is started; `attempt` counts from 0 for the same person. A device that only weighs
    /// sends no current, so contact and data cannot be wrong.
    pub(super) fn play(
        self,
        model: PcModel,
        weighs_alone: bool,
        attempt: u32,
        weight: u32,
        tempo: Tempo,
    ) -> Vec<Scene> {
        let zeroed = tempo.zeroing;
        let on = zeroed + tempo.coming;
        let weighed = on + tempo.weighing;
        let measured = weighed + if weighs_alone { Duration::ZERO } else { tempo.measuring };
        let mut scenes = Vec::new();
        if model == PcModel::Dc320 {
            scenes.extend([
                (Duration::ZERO, Beat::Say("z0")),
                (zeroed, Beat::Say("z1")),
                (zeroed, Beat::LiveWeight(0)),
                (on, Beat::LiveWeight(weight / 2)),
                (weighed, Beat::LiveWeight(weight)),
            ]);
            if !weighs_alone {
                scenes.push((weighed, Beat::Say("I0")));
            }
        }
        let half = weighed + tempo.measuring / 2;
        let (end, last) = match self {
            Self::TooEarly => (zeroed / 2, Beat::Fail("E3")),
            Self::Overload => (weighed, Beat::Fail("E1")),
            Self::Lifts => (on, Beat::Fail("E9")),
            Self::InternalFault => (on, Beat::Fail("E0")),
            Self::MemoryFault => (Duration::ZERO, Beat::Fail("E8")),
            Self::ForgetsData if attempt == 0 && !weighs_alone => (Duration::ZERO, Beat::Fail("E4")),
            Self::BadContact | Self::StepsOff if !weighs_alone => (half, Beat::Fail("E2")),
            Self::WrongData if !weighs_alone => (measured, Beat::Fail("E7")),
            Self::WrongDataOnce if attempt == 0 && !weighs_alone => (measured, Beat::Fail("E7")),
            Self::NeverComes => {
                scenes.retain(|(at, _)| *at <= zeroed);
                return scenes;
            }
            _ => (measured, Beat::Result),
        };
        scenes.retain(|(at, _)| *at <= end);
        scenes.push((end, last));
        let stays = if self == Self::StaysOn {
            Duration::from_secs(90)
        } else {
            tempo.leaving
        };
        scenes.push((end + stays, Beat::SteppedOff));
        scenes
    }
}

impl Default for Tempo {
    /// As real ones take: half a minute in all.
    fn default() -> Self {
        Self {
            zeroing: Duration::from_secs(3),
            coming: Duration::from_secs(4),
            weighing: Duration::from_secs(4),
            measuring: Duration::from_secs(15),
            leaving: Duration::from_secs(3),
        }
    }
}

impl Tempo {
    /// The same, `times` as fast; 0 counts as 1.
    #[must_use]
    pub fn faster(self, times: u32) -> Self {
        let times = times.max(1);
        Self {
            zeroing: self.zeroing / times,
            coming: self.coming / times,
            weighing: self.weighing / times,
            measuring: self.measuring / times,
            leaving: self.leaving / times,
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Act {
    type Err = UnknownAct;

    fn from_str(name: &str) -> Result<Self, UnknownAct> {
        Self::ALL
            .into_iter()
            .find(|act| act.name() == name)
            .ok_or_else(|| UnknownAct { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back() {
        for act in Act::ALL {
            assert_eq!(act.to_string().parse::<Act>().ok(), Some(act));
        }
        let error = "dances".parse::<Act>().expect_err("no such act");
        assert!(
            error
                .to_string()
                .starts_with("unknown act `dances`: one of steps-on, too-early, ")
        );
    }

    #[test]
    fn every_act_but_staying_away_ends_once_and_in_order() {
        for act in Act::ALL {
            for model in PcModel::ALL {
                let scenes = act.play(model, false, 0, 805, Tempo::default());
                assert!(scenes.is_sorted_by_key(|(at, _)| *at), "{act} on {model}");
                let ends = scenes
                    .iter()
                    .filter(|(_, beat)| matches!(beat, Beat::Fail(_) | Beat::Result));
                assert_eq!(ends.count(), usize::from(act != Act::NeverComes), "{act} on {model}");
            }
        }
    }
}
