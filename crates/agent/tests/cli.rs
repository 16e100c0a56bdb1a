//! The program as service managers, scripts and people see it: exit codes, streams, signals.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its world fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SCANNER: &str = "[[scanner]]\nid = \"bay-1\"\nport = \"/dev/no-such-port\"\n";

/// A directory with a configuration whose data directory lies beside it.
struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new(rest: &str) -> Self {
        let desk = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let data_dir = desk.data_dir();
        let agent = format!(
            "[agent]\nfacility = \"gym-7\"\nname = \"front-desk\"\ndata_dir = '{}'\n",
            data_dir.display()
        );
        fs::write(desk.config(), format!("{agent}{rest}")).unwrap();
        desk
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("scanbridge.toml")
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, command: &str) -> Command {
        let mut program = program();
        program.arg(command).arg("--config").arg(self.config());
        program
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scanbridge"));
    program
        .env_remove("SCANBRIDGE_LOG")
        .env_remove("JOURNAL_STREAM")
        .env_remove("NOTIFY_SOCKET");
    program
}

fn ends_with(code: i32, output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout: {out}\nstderr: {err}");
    (out, err)
}

#[test]
fn help_says_what_the_exit_codes_mean() {
    let (out, _) = ends_with(0, &program().arg("--help").output().unwrap());
    assert!(out.contains("78  the configuration is missing or wrong"), "{out}");
    let (out, _) = ends_with(0, &program().arg("--version").output().unwrap());
    assert_eq!(out.trim(), concat!("scanbridge ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_ends_with_64() {
    for arguments in [&["walk"][..], &[], &["run", "--speed", "9600"]] {
        ends_with(64, &program().args(arguments).output().unwrap());
    }
    let desk = Desk::new(SCANNER);
    let (_, err) = ends_with(64, &desk.command("run").args(["--log", "a=b=c"]).output().unwrap());
    assert!(err.contains("next: give `--log` a level"), "{err}");
}

#[test]
fn a_missing_configuration_ends_with_78_and_names_the_file() {
    let missing = Path::new("/nonexistent/scanbridge.toml");
    for command in ["run", "check"] {
        let (out, err) = ends_with(
            78,
            &program().args([command, "--config"]).arg(missing).output().unwrap(),
        );
        assert!(
            err.contains("cannot read the configuration file `/nonexistent/scanbridge.toml`"),
            "{err}"
        );
        assert_eq!(out, "");
    }
}

#[test]
fn a_wrong_configuration_ends_with_78_and_opens_nothing() {
    let desk = Desk::new(&SCANNER.replace("port =", "prot ="));
    let (_, err) = ends_with(78, &desk.command("run").output().unwrap());
    let place = format!("{}:7: `scanner[0].prot`: unknown field", desk.config().display());
    assert!(err.contains(&place) && err.contains("next: "), "{err}");
    assert!(!desk.data_dir().exists());
}

#[test]
fn a_data_directory_that_cannot_be_one_ends_with_73() {
    let desk = Desk::new(SCANNER);
    fs::write(desk.data_dir(), "in the way").unwrap();
    let (_, err) = ends_with(73, &desk.command("run").output().unwrap());
    assert!(
        err.contains(&desk.data_dir().display().to_string()) && err.contains("next: check `data_dir`"),
        "{err}"
    );
}

#[test]
fn check_names_the_port_that_is_missing_and_what_to_do() {
    let desk = Desk::new(SCANNER);
    let (out, err) = ends_with(1, &desk.command("check").output().unwrap());
    assert!(out.contains("ok     configuration"), "{out}");
    assert!(out.contains("FAILS  scanner bay-1  port `/dev/no-such-port`"), "{out}");
    assert!(out.contains("next: plug the cable in"), "{out}");
    assert_eq!(err, "");
    assert!(!desk.data_dir().exists(), "a check makes nothing");
}

#[test]
fn check_names_a_damaged_store_and_where_it_lies_now() {
    let desk = Desk::new(SCANNER);
    let outbox = desk.data_dir().join("outbox");
    fs::create_dir_all(&outbox).unwrap();
    fs::write(desk.data_dir().join("seal.key"), [7; 32]).unwrap();
    fs::write(outbox.join("outbox.db"), "no store of results at all".repeat(300)).unwrap();
    let (out, _) = ends_with(1, &desk.command("check").output().unwrap());
    assert!(
        out.contains("FAILS  disk") && out.contains("outbox.db.damaged-"),
        "{out}"
    );
}

#[cfg(unix)]
mod running {
    use std::{
        io::{BufRead as _, BufReader, Read as _, Write as _},
        net::TcpStream,
        os::unix::net::UnixDatagram,
        process::{Child, Stdio},
        time::Duration,
    };

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    /// Nothing here takes longer on any machine that works.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A running agent with a service manager that listens.
    struct Agent {
        child: Child,
        manager: UnixDatagram,
    }

    impl Agent {
        fn start(desk: &Desk) -> Self {
            let socket = desk.dir.path().join("notify");
            let manager = UnixDatagram::bind(&socket).unwrap();
            manager.set_read_timeout(Some(PATIENCE)).unwrap();
            let child = desk
                .command("run")
                .env("NOTIFY_SOCKET", &socket)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let agent = Self { child, manager };
            assert_eq!(agent.told(), "READY=1");
            agent
        }

        /// The next thing the service manager is told.
        fn told(&self) -> String {
            let mut buffer = [0; 256];
            let length = self.manager.recv(&mut buffer).expect("told within the deadline");
            String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
        }

        fn stop(mut self, signal: Signal) -> Output {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
            assert_eq!(self.told(), "STOPPING=1");
            let mut stderr = Vec::new();
            self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
            Output {
                status: self.child.wait().unwrap(),
                stdout: Vec::new(),
                stderr,
            }
        }
    }

    #[test]
    fn a_signal_ends_a_ready_agent_with_0() {
        for signal in [Signal::TERM, Signal::INT] {
            let desk = Desk::new(SCANNER);
            let (_, err) = ends_with(0, &Agent::start(&desk).stop(signal));
            assert!(err.contains("asked to stop") && err.contains("stopped"), "{err}");
        }
    }

    #[test]
    fn a_second_agent_is_refused_with_75_and_told_the_process_of_the_first() {
        let desk = Desk::new(SCANNER);
        let first = Agent::start(&desk);
        let (_, err) = ends_with(75, &desk.command("run").output().unwrap());
        assert!(err.contains(&format!("process {}", first.child.id())), "{err}");
        let (out, _) = ends_with(1, &desk.command("check").output().unwrap());
        assert!(
            out.contains(&format!("an agent is running (process {})", first.child.id())),
            "{out}"
        );
        ends_with(0, &first.stop(Signal::TERM));
    }

    #[test]
    fn only_the_owner_can_look_into_the_data_directory() {
        use std::os::unix::fs::PermissionsExt as _;

        let desk = Desk::new(SCANNER);
        ends_with(0, &Agent::start(&desk).stop(Signal::TERM));
        let mode = fs::metadata(desk.data_dir()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn health_shows_every_leg_while_the_agent_lives() {
        let desk = Desk::new(&format!("{SCANNER}[local_api]\nlisten = \"127.0.0.1:0\"\n"));
        let mut agent = Agent::start(&desk);
        let mut log = BufReader::new(agent.child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let line = log.find(|line| line.contains("the local API listens")).unwrap();
        let address = line.split("address=").nth(1).unwrap().trim();
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let body: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(body["legs"]["cloud"]["state"], "not_configured");
        assert_eq!(body["scanners"]["bay-1"]["activity"], "offline");
        kill_process(Pid::from_child(&agent.child), Signal::TERM).unwrap();
        assert!(agent.child.wait().unwrap().success());
    }
}
