//! The device: orders in, answers and results out, with the time as an argument.

use std::collections::VecDeque;
use std::time::Duration;

use super::measurement::{Act, Beat, Scene, Tempo};
use super::model::PcModel;
use super::record;

/// Less than this between two orders breaks the instructions.
const GAP: Duration = Duration::from_millis(100);
/// More than this between two characters of an order makes the device forget it.
const CHARACTER: Duration = Duration::from_millis(250);
/// How often the answer to `F2` is repeated while somebody stands on the platform. Whether real ones repeat it is not documented.
const STILL_THERE: Duration = Duration::from_secs(5);
/// No order is longer.
const LONGEST_ORDER: usize = 64;

/// A simulated Tanita in PC mode. Time is the time since any start, the same for all calls, and never runs back.
#[derive(Debug)]
pub struct TanitaPc {
    model: PcModel,
    quirks: Quirks,
    tempo: Tempo,
    /// Who comes, one for each scan; the last one comes again and again.
    acts: VecDeque<Act>,
    /// Tenths of a kilogram.
    weight: u32,
    order: Vec<u8>,
    heard: Duration,
    /// When the last order was complete.
    last_order: Option<Duration>,
    in_pc_mode: bool,
    data: Data,
    state: State,
    /// Measurements started for the person who is on now.
    attempt: u32,
    occupied: bool,
    /// `F2` was asked and is answered when the person has stepped off.
    tells_step_off: bool,
    busy: u32,
    outgoing: VecDeque<String>,
    violations: Vec<Violation>,
}

/// Ways in which devices differ beyond their model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Has no PC mode at all: no order is answered.
    pub deaf: bool,
    /// `q` leaves the person's data in the device; only entering PC mode clears them.
    pub keeps_data: bool,
    /// `D?` is answered with `!`.
    pub tells_no_data: bool,
    /// So many orders are answered with `#` before the next one is obeyed.
    pub busy: u32,
}

/// Something that the host must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Sent an order less than 100 ms after the one before, which came so long ago.
    TooSoon(Duration),
    /// Sent an order while weight and impedance were being measured.
    WhileMeasuring,
}

#[derive(Debug)]
enum State {
    Waiting,
    Measuring {
        since: Duration,
        act: Act,
        weighs_alone: bool,
        scenes: VecDeque<Scene>,
    },
    /// The result stands, and the person still does.
    Showing {
        since: Duration,
        scenes: VecDeque<Scene>,
    },
}

/// What was set, each as the text that was sent.
#[derive(Debug, Default)]
pub(super) struct Data([Option<String>; 7]);

impl TanitaPc {
    /// A device that is switched on and works by its own keys. People come as `acts` say; the last of them comes again
    /// and again, and without any everybody behaves. `weight` is in tenths of a kilogram.
    pub fn new(model: PcModel, quirks: Quirks, tempo: Tempo, acts: &[Act], weight: u32) -> Self {
        Self {
            model,
            quirks,
            tempo,
            acts: acts.iter().copied().collect(),
            weight,
            order: Vec::new(),
            heard: Duration::ZERO,
            last_order: None,
            // The BC-418 has no other.
            in_pc_mode: model == PcModel::Bc418,
            data: Data::default(),
            state: State::Waiting,
            attempt: 0,
            occupied: false,
            tells_step_off: false,
            busy: quirks.busy,
            outgoing: VecDeque::new(),
            violations: Vec::new(),
        }
    }

    /// Takes bytes from the host.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.advance(now);
        for &byte in bytes {
            if now.saturating_sub(self.heard) > CHARACTER {
                self.order.clear();
            }
            self.heard = now;
            match byte {
                b'\n' => {
                    let order = String::from_utf8_lossy(&self.order).trim().to_owned();
                    self.order.clear();
                    self.take_order(now, &order);
                }
                // An order that never ends is none.
                _ if self.order.len() < LONGEST_ORDER => self.order.push(byte),
                _ => {}
            }
        }
    }

    /// The next line that the device sends, with its line end.
    pub fn send(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.advance(now);
        let line = self.outgoing.pop_front()?;
        Some(format!("{line}\r\n").into_bytes())
    }

    /// When the device does something by itself.
    pub fn next_act(&self) -> Option<Duration> {
        match &self.state {
            State::Waiting => None,
            State::Measuring { since, scenes, .. } | State::Showing { since, scenes } => {
                scenes.front().map(|(at, _)| *since + *at)
            }
        }
    }

    /// What the host did and must not.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether sex, body type, height or age of somebody are in the device.
    pub fn holds_data(&self) -> bool {
        self.data.0[1..5].iter().any(Option::is_some)
    }

    /// Whether the host has taken the device over, and its own keys are dead.
    pub fn is_in_pc_mode(&self) -> bool {
        self.in_pc_mode
    }

    /// Somebody switches the device off and on.
    pub fn power_cycle(&mut self) {
        self.in_pc_mode = self.model == PcModel::Bc418;
        self.data = Data::default();
        self.state = State::Waiting;
        self.outgoing.clear();
        self.order.clear();
    }

    fn take_order(&mut self, now: Duration, order: &str) {
        let since_last = self.last_order.replace(now).map(|last| now.saturating_sub(last));
        if let Some(gap) = since_last.filter(|gap| *gap < GAP) {
            self.violations.push(Violation::TooSoon(gap));
        }
        if let State::Measuring { act, .. } = self.state {
            // A measurement that will never end by itself may be ended.
            if act != Act::NeverComes {
                self.violations.push(Violation::WhileMeasuring);
            }
        }
        if self.quirks.deaf {
            return;
        }
        if self.busy > 0 {
            self.busy -= 1;
            return self.say("#");
        }
        self.busy = self.quirks.busy;
        self.obey(now, order);
    }

    fn obey(&mut self, now: Duration, order: &str) {
        let (start, answer) = self.model.start();
        match order {
            "M1" if self.model != PcModel::Bc418 => {
                self.in_pc_mode = true;
                self.data = Data::default();
                self.stop();
                self.say("M1");
            }
            "M0" if self.model != PcModel::Bc418 => {
                self.in_pc_mode = false;
                self.say("M0");
            }
            "q" | "Q" if self.model != PcModel::Bc418 => {
                self.stop();
                if !self.quirks.keeps_data {
                    self.data = Data::default();
                }
                self.say(order);
            }
            "\u{1f}" if self.model == PcModel::Bc418 => {
                self.stop();
                self.data = Data::default();
                self.say("R");
            }
            "U0" if self.model == PcModel::Bc418 => self.say("U0"),
            _ if !self.in_pc_mode => self.say("!"),
            "D?" if self.quirks.tells_no_data || self.model == PcModel::Bc418 => self.say("!"),
            "D?" => self.outgoing.push_back(self.data.list()),
            "F0" if self.model == PcModel::Dc320 => {
                self.say("@");
                self.measure(now, true);
            }
            "F2" if self.model == PcModel::Dc320 => {
                self.tells_step_off = self.occupied;
                self.say(if self.occupied { "@" } else { "F2" });
                self.repeat_until_stepped_off(now);
            }
            _ if order == start && !self.data.is_complete() => self.say("E4"),
            _ if order == start => {
                self.say(answer);
                self.measure(now, false);
            }
            _ => {
                let answer = self.data.set(order, self.model);
                self.outgoing.push_back(answer);
            }
        }
    }

    /// Whoever was to be measured is not.
    fn stop(&mut self) {
        if matches!(self.state, State::Measuring { .. }) {
            self.next_person();
        }
        self.state = State::Waiting;
    }

    fn measure(&mut self, now: Duration, weighs_alone: bool) {
        let act = self.acts.front().copied().unwrap_or(Act::StepsOn);
        let scenes = act.play(self.model, weighs_alone, self.attempt, self.weight, self.tempo);
        self.attempt += 1;
        self.state = State::Measuring {
            since: now,
            act,
            weighs_alone,
            scenes: scenes.into(),
        };
        self.advance(now);
    }

    /// Does what is due.
    fn advance(&mut self, now: Duration) {
        while self.next_act().is_some_and(|at| at <= now) {
            let (State::Measuring { since, scenes, .. } | State::Showing { since, scenes }) = &mut self.state else {
                return;
            };
            let since = *since;
            let Some((at, beat)) = scenes.pop_front() else { return };
            match beat {
                Beat::Say(line) => self.say(line),
                Beat::LiveWeight(weight) => {
                    self.occupied |= weight > 0;
                    self.outgoing.push_back(format!("W0{}", record::tenths(weight)));
                }
                Beat::Fail(code) => {
                    self.say(code);
                    let tries_again = matches!(code, "E4" | "E7");
                    if !tries_again {
                        self.next_person();
                    }
                    self.show(since);
                }
                Beat::Result => {
                    let line = self.result(since + at);
                    self.outgoing.push_back(line);
                    self.occupied = true;
                    self.next_person();
                    self.show(since);
                }
                Beat::SteppedOff => {
                    self.occupied = false;
                    self.state = State::Waiting;
                    if std::mem::take(&mut self.tells_step_off) {
                        self.say("F2");
                    }
                }
            }
        }
    }

    fn show(&mut self, since: Duration) {
        if let State::Measuring { scenes, .. } = &mut self.state {
            let scenes = std::mem::take(scenes);
            self.state = State::Showing { since, scenes };
        }
    }

    /// Says again and again that somebody stands there, for as long as somebody does.
    fn repeat_until_stepped_off(&mut self, now: Duration) {
        let State::Showing { since, scenes } = &mut self.state else {
            return;
        };
        scenes.retain(|(_, beat)| *beat == Beat::SteppedOff);
        let Some(stepped_off) = scenes.pop_back() else { return };
        let mut at = now.saturating_sub(*since) + STILL_THERE;
        while at < stepped_off.0 {
            scenes.push_back((at, Beat::Say("@")));
            at += STILL_THERE;
        }
        scenes.push_back(stepped_off);
    }

    fn next_person(&mut self) {
        self.attempt = 0;
        if self.acts.len() > 1 {
            self.acts.pop_front();
        }
    }

    fn result(&self, at: Duration) -> String {
        let State::Measuring { act, weighs_alone, .. } = self.state else {
            return String::new();
        };
        if weighs_alone {
            return format!("F0{}", record::tenths(self.weight));
        }
        let mut data = Data(self.data.0.clone());
        if act == Act::SomebodyElse {
            data.0[5] = Some("0000000001".to_owned());
            data.0[4] = Some("77".to_owned());
        }
        let line = record::line(self.model, &data, self.weight, at.as_secs() / 60);
        if act == Act::DamagedResult {
            // A nine in the middle that was another digit, or another digit that was a nine.
            let middle = line.len() / 2;
            let at = line[middle..]
                .find(|c: char| c.is_ascii_digit())
                .map_or(middle, |at| middle + at);
            let damaged = if line.as_bytes()[at] == b'9' { "1" } else { "9" };
            return format!("{}{damaged}{}", &line[..at], &line[at + 1..]);
        }
        line
    }

    fn say(&mut self, line: &str) {
        self.outgoing.push_back(line.to_owned());
    }
}

impl Data {
    /// Takes `D0` to `D6`; returns the answer.
    fn set(&mut self, order: &str, model: PcModel) -> String {
        let Some((digit, value)) = order
            .strip_prefix('D')
            .and_then(|rest| rest.split_at_checked(1))
            .and_then(|(digit, value)| Some((digit.parse::<usize>().ok()?, value)))
            .filter(|(digit, _)| *digit < 7)
        else {
            return "!".to_owned();
        };
        let number = value.trim_matches('"').parse::<f64>().ok();
        let is_in = |least: f64, most: f64| number.is_some_and(|number| (least..=most).contains(&number));
        let is_bc_418 = model == PcModel::Bc418;
        let valid = match digit {
            0 => value.len() == if is_bc_418 { 5 } else { 4 } && is_in(0.0, 10.0),
            1 => matches!(value, "1" | "2"),
            2 => matches!(value, "0" | "2"),
            3 => value.len() == 5 && is_in(90.0, 249.9) && value.contains('.') != is_bc_418,
            4 => value.len() == 2 && is_in(if is_bc_418 { 7.0 } else { 5.0 }, 99.0),
            5 if is_bc_418 => return "!".to_owned(),
            5 => {
                let digits = value.trim_matches('"');
                let is_quoted = value.len() == digits.len() + 2;
                is_quoted == (model == PcModel::Dc320)
                    && (10..=16).contains(&digits.len())
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            _ if is_bc_418 => return "!".to_owned(),
            _ => value.len() == 2 && is_in(5.0, 99.0),
        };
        if !valid {
            return format!("D{digit}!");
        }
        self.0[digit] = Some(value.trim_matches('"').to_owned());
        format!("D{digit}")
    }

    /// The answer to `D?`.
    fn list(&self) -> String {
        let items: Vec<_> = (0..7)
            .map(|digit| match &self.0[digit] {
                // The device does not pad what it repeats.
                Some(value) if digit == 0 => format!("D0{}", record::tenths(in_tenths(value))),
                Some(value) => format!("D{digit}{value}"),
                None if digit == 0 => "D000.0".to_owned(),
                None => format!("D{digit}!"),
            })
            .collect();
        items.join(",")
    }

    fn is_complete(&self) -> bool {
        self.0[1..5].iter().all(Option::is_some)
    }

    fn text(&self, digit: usize, unset: &str) -> String {
        self.0[digit].clone().unwrap_or_else(|| unset.to_owned())
    }

    pub(super) fn clothes(&self) -> u32 {
        in_tenths(&self.text(0, "0"))
    }

    pub(super) fn sex(&self) -> String {
        self.text(1, "1")
    }

    pub(super) fn body_type(&self) -> String {
        self.text(2, "0")
    }

    /// Tenths of a centimetre.
    pub(super) fn height(&self) -> u32 {
        in_tenths(&self.text(3, "170.0"))
    }

    /// Without a leading zero.
    pub(super) fn age(&self) -> String {
        self.text(4, "30").trim_start_matches('0').to_owned()
    }

    pub(super) fn number(&self) -> String {
        self.text(5, "0")
    }
}

fn in_tenths(text: &str) -> u32 {
    let (whole, tenths) = text.split_once('.').unwrap_or((text, "0"));
    whole.parse().unwrap_or(0) * 10 + tenths.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(acts: &[Act]) -> TanitaPc {
        TanitaPc::new(PcModel::Mc780, Quirks::default(), Tempo::default(), acts, 805)
    }

    /// Sends orders 100 ms apart from `start` on and returns what came back, without line ends.
    fn told(device: &mut TanitaPc, start: u64, orders: &[&str]) -> Vec<String> {
        let mut answers = Vec::new();
        for (at, order) in (start..).step_by(100).zip(orders) {
            let now = Duration::from_millis(at);
            device.receive(now, format!("{order}\r\n").as_bytes());
            answers.extend(all(device, now));
        }
        answers
    }

    fn all(device: &mut TanitaPc, now: Duration) -> Vec<String> {
        std::iter::from_fn(|| device.send(now))
            .map(|line| String::from_utf8(line).expect("ASCII").trim_end().to_owned())
            .collect()
    }

    #[test]
    fn the_published_dialogue_of_an_mc_780_ends_in_its_result() {
        let mut device = device(&[]);
        let orders = ["M1", "D11", "D20", "D3167.0", "D428", "G"];
        assert_eq!(told(&mut device, 0, &orders), ["M1", "D1", "D2", "D3", "D4", "G"]);
        let lines = all(&mut device, Duration::from_secs(60));
        assert!(
            lines.len() == 1 && lines[0].starts_with("{0,16,") && lines[0].contains(",Wk,80.5,"),
            "{lines:?}"
        );
        assert!(device.violations().is_empty());
    }

    #[test]
    fn a_dc_320_says_every_few_seconds_that_the_person_stands_there() {
        let mut device = TanitaPc::new(
            PcModel::Dc320,
            Quirks::default(),
            Tempo::default(),
            &[Act::StaysOn],
            805,
        );
        told(&mut device, 0, &["M1", "D11", "D20", "D3167.0", "D428", "G0"]);
        // The result comes after 26 s, and the person stays for 90.
        all(&mut device, Duration::from_secs(30));
        assert_eq!(told(&mut device, 30_000, &["F2"]), ["@"]);
        assert_eq!(all(&mut device, Duration::from_secs(41)), ["@", "@"]);
        let last = all(&mut device, Duration::from_secs(120));
        assert_eq!(last.last().map(String::as_str), Some("F2"));
        assert_eq!(last.len(), 16, "every five seconds up to 116.5 s: {last:?}");
    }

    #[test]
    fn what_is_set_is_told_and_bad_values_are_not_taken() {
        let mut device = device(&[]);
        let orders = [
            "D11",
            "M1",
            "D?",
            "D001.5",
            "D13",
            "D389.9",
            "D3175.4",
            "D4100",
            "D430",
            "D50000012345",
            "D?",
            "K9",
        ];
        assert_eq!(
            told(&mut device, 0, &orders),
            [
                "!",
                "M1",
                "D000.0,D1!,D2!,D3!,D4!,D5!,D6!",
                "D0",
                "D1!",
                "D3!",
                "D3",
                "D4!",
                "D4",
                "D5",
                "D01.5,D1!,D2!,D3175.4,D430,D50000012345,D6!",
                "!"
            ]
        );
    }

    #[test]
    fn a_measurement_without_data_is_refused() {
        assert_eq!(told(&mut device(&[]), 0, &["M1", "D11", "G"]), ["M1", "D1", "E4"]);
    }

    #[test]
    fn people_come_in_the_order_given_and_the_last_one_for_ever() {
        let mut device = device(&[Act::Overload, Act::StepsOn]);
        for (round, expected) in (0..).zip(["E1", "{0,16", "{0,16"]) {
            let start = round * 100_000;
            told(&mut device, start, &["M1", "D11", "D20", "D3167.0", "D428", "G"]);
            let lines = all(&mut device, Duration::from_millis(start + 60_000));
            assert!(lines.last().is_some_and(|line| line.starts_with(expected)), "{lines:?}");
        }
    }

    #[test]
    fn a_host_that_breaks_the_rules_is_noticed() {
        let mut device = device(&[]);
        device.receive(Duration::from_millis(0), b"M1\r\n");
        device.receive(Duration::from_millis(99), b"q\r\n");
        assert_eq!(device.violations(), [Violation::TooSoon(Duration::from_millis(99))]);
        told(&mut device, 1000, &["M1", "D11", "D20", "D3167.0", "D428", "G", "q"]);
        assert_eq!(device.violations().last(), Some(&Violation::WhileMeasuring));
    }

    #[test]
    fn an_order_in_pieces_counts_if_they_follow_each_other_quickly() {
        let mut device = device(&[]);
        for (at, piece) in [(0, "M"), (250, "1\r\n"), (1000, "M"), (1251, "1\r\n")] {
            device.receive(Duration::from_millis(at), piece.as_bytes());
        }
        assert_eq!(all(&mut device, Duration::from_secs(2)), ["M1", "!"]);
    }
}
