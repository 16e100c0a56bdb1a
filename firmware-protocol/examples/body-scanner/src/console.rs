//! The technician's console on the second UART: people and faults on command, one line each.

use heapless::String;

/// What somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `step on`: somebody steps on.
    StepOn,
    /// `step off`: the person steps off.
    StepOff,
    /// `every N`: somebody comes every N seconds; 0 for nobody.
    Every(u32),
    /// `go N`: scans go on for N milliseconds and stand still then.
    Go(u32),
    /// `contact`: the next scan finds no good contact.
    Contact,
    /// `drop N`: the next N bytes of results are swallowed.
    Drop(u32),
    /// `flip N`: a bit is turned in each of the next N bytes of results.
    Flip(u32),
    /// `mute N`: the cable is out for N milliseconds.
    Mute(u32),
    /// `cut N`: once the next result leaves, the cable is out for N milliseconds.
    Cut(u32),
    /// `deaf N`: once the next result leaves, nothing of the bridge is heard for N milliseconds; 0 ends it.
    Deaf(u32),
    /// `damage`: a bit of the newest unconfirmed record turns in flash.
    Damage,
    /// `reset`: the power fails for a moment.
    Reset,
    /// `report`: results since the start and those that wait, bytes of results that faults of the line struck, sizes, stack.
    Report,
    /// `values`: what was measured last, each value by its name.
    Values,
}

/// Collects a line.
#[derive(Debug, Default)]
pub struct Console {
    line: String<32>,
}

impl Console {
    /// Takes a byte; a line feed gives the command, or `Err` if it is none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Command, ()>> {
        if byte != b'\n' {
            // A line that is too long is no command, and stays none without its end.
            let _ = self.line.push(char::from(byte));
            return None;
        }
        let command = parse(self.line.trim_end());
        self.line.clear();
        Some(command.ok_or(()))
    }
}

fn parse(line: &str) -> Option<Command> {
    let (word, number) = line.split_once(' ').unwrap_or((line, ""));
    let number = number.parse();
    Some(match (word, number) {
        ("step", _) if line == "step on" => Command::StepOn,
        ("step", _) if line == "step off" => Command::StepOff,
        ("every", Ok(seconds)) => Command::Every(seconds),
        ("go", Ok(millis)) => Command::Go(millis),
        ("contact", _) => Command::Contact,
        ("drop", Ok(bytes)) => Command::Drop(bytes),
        ("flip", Ok(bytes)) => Command::Flip(bytes),
        ("mute", Ok(millis)) => Command::Mute(millis),
        ("cut", Ok(millis)) => Command::Cut(millis),
        ("deaf", Ok(millis)) => Command::Deaf(millis),
        ("damage", _) => Command::Damage,
        ("reset", _) => Command::Reset,
        ("report", _) => Command::Report,
        ("values", _) => Command::Values,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_commands() {
        let mut console = Console::default();
        let mut typed = |line: &str| line.bytes().filter_map(|byte| console.push(byte)).last().unwrap();
        assert_eq!(typed("step on\r\n"), Ok(Command::StepOn));
        assert_eq!(typed("every 20\n"), Ok(Command::Every(20)));
        assert_eq!(typed("go 1300\n"), Ok(Command::Go(1300)));
        assert_eq!(typed("deaf 0\n"), Ok(Command::Deaf(0)));
        assert_eq!(typed("every\n"), Err(()));
        assert_eq!(typed("this line is far too long to be any command of ours\n"), Err(()));
        assert_eq!(typed("report\n"), Ok(Command::Report));
    }
}
