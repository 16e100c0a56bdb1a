//! The terminal as a dashboard: it knows what the broker tells it and nothing else, like any dashboard of a facility.

use std::{collections::HashMap, net::SocketAddr};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mqtt5::{ConnectOptions, MqttClient};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

/// Messages that may wait for the terminal. A scan has about ten; what does not fit is a progress step nobody could have seen.
const BACKLOG: usize = 1024;

/// Every topic of every agent, version 1 of the contract.
const TOPICS: &str = "scanbridge/1/+/+/+/+";

/// A subscription to the live progress of all scanners.
pub(crate) struct Dashboard {
    client: MqttClient,
    messages: mpsc::Receiver<Message>,
}

/// One message of the live progress.
#[derive(Debug)]
pub(crate) struct Message {
    /// The scanner's name, `_` for the agent itself.
    pub(crate) scanner: String,
    /// `progress`, `event`, …
    pub(crate) channel: String,
    /// The payload; null for a retained topic that was emptied.
    pub(crate) body: Value,
}

impl Dashboard {
    /// Subscribes.
    ///
    /// # Errors
    /// If the broker refuses the connection or the subscription.
    pub(crate) async fn connect(broker: SocketAddr) -> mqtt5::Result<Self> {
        let (sender, messages) = mpsc::channel(BACKLOG);
        let client = MqttClient::new("demo-dashboard");
        client
            .connect_with_options(
                &format!("mqtt://{broker}"),
                ConnectOptions::new("demo-dashboard".to_owned()),
            )
            .await?;
        client
            .subscribe(TOPICS, move |message| {
                if let Some(message) = Message::read(&message.topic, &message.payload) {
                    // A full channel means that the terminal is behind: it catches up with the next step.
                    let _ = sender.try_send(message);
                }
            })
            .await?;
        Ok(Self { client, messages })
    }

    /// The next message; `None` when the connection is gone for good. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// Says good-bye to the broker.
    pub(crate) async fn close(self) {
        // The broker goes away with the demo anyway.
        let _ = self.client.disconnect().await;
    }
}

impl Message {
    fn read(topic: &str, payload: &[u8]) -> Option<Self> {
        let mut segments = topic.rsplit('/');
        let channel = segments.next()?.to_owned();
        let scanner = segments.next()?.to_owned();
        let body = if payload.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(payload).ok()?
        };
        Some(Self { scanner, channel, body })
    }

    fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }
}

/// How many results were announced so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// On the agent's disk.
    pub(crate) stored: usize,
    /// In the hub.
    pub(crate) uploaded: usize,
}

/// Draws a bar for each running scan and one line for each that ended, and counts results.
pub(crate) struct Screen {
    lines: Lines,
    running: HashMap<String, ProgressBar>,
    style: ProgressStyle,
    tally: watch::Sender<Tally>,
}

/// Prints lines above the bars, so that they do not tear them.
#[derive(Clone)]
pub(crate) struct Lines(MultiProgress);

impl Lines {
    /// Prints a line.
    pub(crate) fn print(&self, text: &str) {
        if self.0.is_hidden() {
            print_line(text);
        } else {
            // The terminal is gone when this fails; there is nobody to tell.
            let _ = self.0.println(text);
        }
    }
}

impl Screen {
    /// An empty screen on stderr; without a terminal only lines are printed.
    ///
    /// # Panics
    /// Never: the template is a constant that a test parses.
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{prefix:10} {bar:32.cyan/blue} {pos:>3} %  {msg}")
            .expect("a constant template that a test parses");
        Self {
            lines: Lines(MultiProgress::new()),
            running: HashMap::new(),
            style,
            tally: watch::Sender::default(),
        }
    }

    /// What prints lines on this screen.
    pub(crate) fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// How many results were announced, as it changes.
    pub(crate) fn tally(&self) -> watch::Receiver<Tally> {
        self.tally.subscribe()
    }

    /// Shows one message.
    pub(crate) fn show(&mut self, message: &Message) {
        match message.channel.as_str() {
            "progress" => self.show_progress(message),
            "event" => self.show_event(message),
            _ => {}
        }
    }

    fn show_progress(&mut self, message: &Message) {
        let bar = self.running.entry(message.scanner.clone()).or_insert_with(|| {
            let bar = self.lines.0.add(ProgressBar::new(100).with_style(self.style.clone()));
            bar.set_prefix(message.scanner.clone());
            bar
        });
        bar.set_position(message.body["progress"].as_u64().unwrap_or(0));
        bar.set_message(message.text("message").to_owned());
    }

    fn show_event(&mut self, message: &Message) {
        let kind = message.text("kind");
        if matches!(kind, "completed" | "failed" | "cancelled")
            && let Some(bar) = self.running.remove(&message.scanner)
        {
            bar.finish_and_clear();
        }
        self.tally.send_modify(|tally| match kind {
            "completed" => tally.stored += 1,
            "uploaded" => tally.uploaded += 1,
            _ => {}
        });
        let scan = message.text("scan");
        let line = match kind {
            "uploaded" => format!("  ✓ {}  reading is in the hub    scan {scan}", message.scanner),
            "failed" => format!("  ✗ {}  {:<24} scan {scan}", message.scanner, message.text("code")),
            "set_aside" => format!("  ! {}  set aside, bytes are kept scan {scan}", message.scanner),
            _ => return,
        };
        self.lines.print(&line);
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::print_stderr, reason = "the demo talks to a person")]
fn print_line(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_of_the_bars_parses() {
        let _ = Screen::new();
    }

    #[test]
    fn topics_are_read_from_their_end() {
        let message = Message::read("scanbridge/1/gym-7/front-desk/bay-1/progress", br#"{"progress":62}"#).unwrap();
        assert_eq!(
            (message.scanner.as_str(), message.channel.as_str()),
            ("bay-1", "progress")
        );
        assert_eq!(Message::read("a/b/_/alert-x", b"").unwrap().body, Value::Null);
    }
}
