//! The sets of one-byte codes that both sides know, and what may happen to them.
//!
//! Every set may grow at its end and never changes otherwise. A receiver that does not know a code keeps it as `Other`, so an
//! older bridge reads a newer scanner's messages.

/// Declares an enumeration that travels as one byte, with a word for programs and an open end.
macro_rules! codes {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $code:literal $word:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$doc])* $variant, )+
            /// A code of a version newer than this one.
            Other(u8),
        }

        impl $name {
            /// Every code this version knows, in the order of the numbers.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The meaning of a code from the wire.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $( $code => Self::$variant, )+
                    other => Self::Other(other),
                }
            }

            /// The code on the wire.
            pub const fn code(self) -> u8 {
                match self {
                    $( Self::$variant => $code, )+
                    Self::Other(code) => code,
                }
            }

            /// A word for programs, in snake case; `other` for a code of a newer version.
            pub const fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(_) => "other",
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                u8::deserialize(deserializer).map(Self::from_code)
            }
        }
    };
}

codes! {
    /// What a scanner does at the moment, in the order in which it happens.
    Stage {
        /// Getting ready: zeroing the load cells, homing the turntable.
        Preparing = 1 "preparing",
        /// Ready, and nobody is on it.
        WaitingForPerson = 2 "waiting_for_person",
        /// The weight is settling.
        Weighing = 3 "weighing",
        /// Impedance measurement, or the turn of a 3D scanner.
        Measuring = 4 "measuring",
        /// The raw values are there, the result is being computed.
        Calculating = 5 "calculating",
    }
}

codes! {
    /// How much is to be measured.
    ScanKind {
        /// Weight alone: no current flows.
        Weight = 1 "weight",
        /// Weight and impedance.
        BodyComposition = 2 "body_composition",
        /// Girths, lengths and volume by an optical scanner.
        Shape = 3 "shape",
    }
}

codes! {
    /// Sex, as the estimation formulas know it.
    Sex {
        /// Male.
        Male = 1 "male",
        /// Female.
        Female = 2 "female",
    }
}

codes! {
    /// Which of the maker's estimation formulas is used.
    BodyType {
        /// Most people.
        Standard = 0 "standard",
        /// Trains hard and often.
        Athlete = 2 "athlete",
        /// The scanner decides.
        Auto = 5 "auto",
    }
}

codes! {
    /// A path of the current through the body.
    Segment {
        /// Left foot to left hand.
        LeftSide = 0 "left_side",
        /// Right leg.
        RightLeg = 1 "right_leg",
        /// Left leg.
        LeftLeg = 2 "left_leg",
        /// Right arm.
        RightArm = 3 "right_arm",
        /// Left arm.
        LeftArm = 4 "left_arm",
        /// Foot to foot.
        BothLegs = 5 "both_legs",
        /// Hands to feet.
        WholeBody = 6 "whole_body",
    }
}

codes! {
    /// A measuring frequency.
    Frequency {
        /// 1 kHz.
        Khz1 = 0 "1khz",
        /// 5 kHz.
        Khz5 = 1 "5khz",
        /// 50 kHz, the frequency of phase angles.
        Khz50 = 2 "50khz",
        /// 250 kHz.
        Khz250 = 3 "250khz",
        /// 500 kHz.
        Khz500 = 4 "500khz",
        /// 1 MHz.
        Khz1000 = 5 "1000khz",
        /// The lower frequency of dual-frequency scanners, 6.25 kHz where it is known.
        Low = 6 "low",
    }
}

codes! {
    /// Whether a record holds all that the scan was to bring.
    Completeness {
        /// Everything.
        Full = 0 "full",
        /// Whole-body values are good; those of the segments are missing.
        NoSegments = 1 "no_segments",
        /// The weight is good; everything that needs a current is missing.
        WeightOnly = 2 "weight_only",
    }
}

codes! {
    /// What is wrong with a scanner or with the measurement it tried.
    Fault {
        /// A fault of the electronics.
        Internal = 0 "internal",
        /// More than the scanner can weigh.
        Overload = 1 "overload",
        /// No good contact with feet or hands, or a value no body has.
        Impedance = 2 "impedance",
        /// The zero point could not be set: something is on the platform.
        ZeroPoint = 3 "zero_point",
        /// The person got off, or moved too much.
        PersonMoved = 4 "person_moved",
        /// Nobody stepped on in time.
        NobodyCame = 5 "nobody_came",
        /// The values contradict each other: nothing could be computed.
        Calculation = 6 "calculation",
        /// Settings or calibration in memory are damaged.
        Memory = 7 "memory",
        /// Less than the empty platform: something was taken off after zeroing.
        NegativeLoad = 8 "negative_load",
        /// The memory for unconfirmed results is full: no scan can start until the bridge confirms some.
        StoreFull = 9 "store_full",
        /// A camera, light or laser of an optical scanner.
        Optics = 10 "optics",
        /// The turntable or lift.
        Motion = 11 "motion",
        /// Too hot or too cold to measure.
        Temperature = 12 "temperature",
        /// The supply or the battery.
        Power = 13 "power",
    }
}

codes! {
    /// Why a scanner does not start a scan it was asked for.
    Refusal {
        /// Another scan is running.
        Busy = 1 "busy",
        /// It cannot do this kind of scan, or it cannot be started from outside.
        NotSupported = 2 "not_supported",
        /// It needs more of the person's data.
        SubjectIncomplete = 3 "subject_incomplete",
        /// One of the person's data lies outside of what it can compute with.
        SubjectOutOfRange = 4 "subject_out_of_range",
        /// A current is to flow, and nobody asked the person about pacemakers and pregnancy.
        NotScreened = 5 "not_screened",
        /// No room for another unconfirmed result.
        StoreFull = 6 "store_full",
        /// It is out of order: see the fault it reported.
        Faulty = 7 "faulty",
    }
}

codes! {
    /// Weight of a line in the scanner's log.
    LogLevel {
        /// Somebody has to come.
        Error = 1 "error",
        /// Unusual, and it goes on.
        Warning = 2 "warning",
        /// Normal life.
        Info = 3 "info",
        /// For the people who build the scanner.
        Debug = 4 "debug",
    }
}
