//! The part of the command line that makes a Tanita in PC mode.

use scansim::tanita_pc::{Act, PcModel, Quirks, TanitaPc, Tempo};

/// A Tanita that obeys a host, instead of a capture.
#[derive(Debug, clap::Args)]
pub(crate) struct PcArguments {
    /// Simulates this model in PC mode: MC-780, MC-980, DC-320, DC-430 or BC-418
    #[arg(long, value_name = "MODEL", group = "source")]
    tanita_pc: Option<PcModel>,

    /// What the person does, see below; given several times, one act for each scan, the last one for ever
    #[arg(long, value_name = "ACT", requires = "tanita_pc")]
    act: Vec<Act>,

    /// Does not answer: a scanner without PC mode, or one that is switched off
    #[arg(long, requires = "tanita_pc")]
    deaf: bool,

    /// Keeps the person's data when it is told to stop, until PC mode is entered again
    #[arg(long, requires = "tanita_pc")]
    keeps_data: bool,

    /// Does not tell which data are set
    #[arg(long, requires = "tanita_pc")]
    tells_no_data: bool,

    /// Says `#`, busy, so many times before it obeys an order
    #[arg(long, value_name = "N", default_value_t = 0)]
    busy: u32,
}

impl PcArguments {
    /// The simulated device, if one is asked for: what the person on it weighs in tenths of a kilogram, and how many times as fast
    /// everything happens.
    pub(crate) fn device(&self, weight: u32, tempo: u32) -> Option<TanitaPc> {
        let model = self.tanita_pc?;
        let quirks = Quirks {
            deaf: self.deaf,
            keeps_data: self.keeps_data,
            tells_no_data: self.tells_no_data,
            busy: self.busy,
        };
        let tempo = Tempo::default().faster(tempo);
        Some(TanitaPc::new(model, quirks, tempo, &self.act, weight))
    }
}
