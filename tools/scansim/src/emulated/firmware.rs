//! The firmware's image, built by the example's own script.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../firmware-protocol/examples/body-scanner/build.sh"
);

/// What the script says where there is no compiler for the board.
const NO_COMPILER: i32 = 3;

/// The firmware of `firmware-protocol/examples/body-scanner`, built, and an emulator that can run it.
#[derive(Debug, Clone)]
pub struct Firmware {
    image: PathBuf,
}

/// Why there is no firmware.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// There is no emulator.
    #[error("qemu-system-arm is not installed: apt-get install qemu-system-arm")]
    NoEmulator,
    /// There is no compiler for the board's processor. Holds what the script says is to be installed.
    #[error("{0}")]
    NoCompiler(String),
    /// The script that builds it cannot be started: the sources are not where this program was built.
    #[error("cannot run `{SCRIPT}`")]
    Script(#[source] io::Error),
    /// It does not build. Holds what the compiler says.
    #[error("the firmware does not build:\n{0}")]
    Broken(String),
}

impl FirmwareError {
    /// Whether something has to be installed.
    pub const fn is_missing_part(&self) -> bool {
        matches!(self, Self::NoEmulator | Self::NoCompiler(_))
    }
}

impl Firmware {
    /// Builds the image, which takes a minute the first time and next to nothing after that. Blocks.
    ///
    /// # Errors
    /// [`FirmwareError`]; see [`FirmwareError::is_missing_part`].
    pub fn build() -> Result<Self, FirmwareError> {
        let emulator = Command::new("qemu-system-arm")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if emulator.is_err() {
            return Err(FirmwareError::NoEmulator);
        }
        let built = Command::new(SCRIPT)
            .stdin(Stdio::null())
            .output()
            .map_err(FirmwareError::Script)?;
        let said = String::from_utf8_lossy(&built.stderr).trim().to_owned();
        match built.status.code() {
            Some(0) => {
                let folder = String::from_utf8_lossy(&built.stdout);
                let image = Path::new(folder.trim()).join("body-scanner");
                Ok(Self { image })
            }
            Some(NO_COMPILER) => Err(FirmwareError::NoCompiler(said)),
            _ => Err(FirmwareError::Broken(said)),
        }
    }

    /// The image, an ELF file.
    pub fn image(&self) -> &Path {
        &self.image
    }
}
