//! Whether the hub holds exactly what was published or measured: asked over HTTP, as an integrator would.

use std::{collections::BTreeMap, fmt, fs, io, net::SocketAddr, path::Path, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Client;
use scan_model::Metric;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::playlist::{Fate, Track};

/// Longest time the last readings may take from the scanner to the hub.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// The viewer's secret cannot be read.
    #[error("cannot read the viewer's secret")]
    Secret(#[source] io::Error),
    /// The hub does not answer, or not in its own words.
    #[error("cannot ask the hub")]
    Hub(#[from] reqwest::Error),
    /// The hub refuses.
    #[error("the hub answers {status}: {body}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it says.
        body: String,
    },
}

/// What became of each record of the playlist, and what should have.
#[derive(Debug)]
pub struct Verdict {
    told: &'static str,
    rows: Vec<Row>,
    strangers: usize,
}

#[derive(Debug)]
struct Row {
    id: String,
    model: String,
    expected: &'static str,
    values: usize,
    differences: Vec<String>,
}

impl Verdict {
    /// Waits until the hub holds as many complete readings as the playlist promises, then compares each value, digit by digit. What is
    /// expected was `told`: `published`, or `measured`.
    ///
    /// # Errors
    /// [`VerdictError`] if the hub cannot be asked. Differences are no error; they stand in the verdict.
    pub async fn reach(
        tracks: &[Track],
        told: &'static str,
        hub: SocketAddr,
        secret: &Path,
    ) -> Result<Self, VerdictError> {
        let secret = fs::read_to_string(secret).map_err(VerdictError::Secret)?;
        let promised = tracks
            .iter()
            .filter(|track| matches!(track.fate, Fate::Reading(_)))
            .count();
        let http = Client::new();
        let start = Instant::now();
        loop {
            let readings = readings(&http, hub, &secret).await?;
            let complete = readings
                .iter()
                .filter(|reading| reading["status"] == "complete")
                .count();
            if complete >= promised || start.elapsed() > PATIENCE {
                return Ok(Self::compare(tracks, told, readings));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether everything is as it was told.
    pub fn is_good(&self) -> bool {
        self.strangers == 0 && self.rows.iter().all(|row| row.differences.is_empty())
    }

    fn compare(tracks: &[Track], told: &'static str, mut readings: Vec<Value>) -> Self {
        let rows = tracks
            .iter()
            .map(|track| {
                // A repeat has the bytes of its first; what the first became is said there.
                let found = match track.fate {
                    Fate::Repeat => None,
                    _ => take(&mut readings, track),
                };
                let (expected, values, differences) = judge(&track.fate, told, found.as_ref());
                Row {
                    id: track.id.clone(),
                    model: track.model.clone(),
                    expected,
                    values,
                    differences,
                }
            })
            .collect();
        Self {
            told,
            rows,
            strangers: readings.len(),
        }
    }
}

/// The reading that was made of it.
fn take(readings: &mut Vec<Value>, track: &Track) -> Option<Value> {
    let at = readings.iter().position(|reading| is_of(track, reading))?;
    Some(readings.swap_remove(at))
}

/// By the bytes; where they are not known, by the weight, which tells those apart who step on.
fn is_of(track: &Track, reading: &Value) -> bool {
    match &track.fate {
        Fate::Reading(values) if track.bytes.is_empty() => {
            let weight = Metric::BODY_WEIGHT.rest_name();
            values.get(&weight) == digits(&reading["measurements"], &weight).as_ref()
        }
        _ => {
            let raw = reading["raw"]
                .as_str()
                .and_then(|raw| BASE64_STANDARD.decode(raw).ok())
                .unwrap_or_default();
            trimmed(&raw) == trimmed(&track.bytes)
        }
    }
}

fn digits(measurements: &Value, name: &str) -> Option<String> {
    measurements.get(name).map(Value::to_string)
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_end()
}

fn judge(fate: &Fate, told: &str, found: Option<&Value>) -> (&'static str, usize, Vec<String>) {
    let none_wanted = |word| {
        (
            word,
            0,
            found
                .map(|_| "a reading was made of it".to_owned())
                .into_iter()
                .collect(),
        )
    };
    match (fate, found) {
        (Fate::Reading(values), Some(reading)) => ("reading", values.len(), differences(values, told, reading)),
        (Fate::Reading(values), None) => ("reading", values.len(), vec!["the hub does not have it".to_owned()]),
        (Fate::Rejected, _) => none_wanted("rejected"),
        (Fate::Repeat, _) => none_wanted("repeat"),
        (Fate::NotAMeasurement, _) => none_wanted("no measurement"),
    }
}

/// Every expected value with its digits, and nothing else.
fn differences(expected: &BTreeMap<String, String>, told: &str, reading: &Value) -> Vec<String> {
    let empty = serde_json::Map::new();
    let held = reading["measurements"].as_object().unwrap_or(&empty);
    let mut differences = Vec::new();
    for (name, value) in expected {
        match held.get(name).map(Value::to_string) {
            Some(found) if found == *value => {}
            Some(found) => differences.push(format!("{name}: {told} {value}, the hub holds {found}")),
            None => differences.push(format!("{name}: {told} {value}, the hub holds nothing")),
        }
    }
    for name in held.keys().filter(|name| !expected.contains_key(*name)) {
        differences.push(format!("{name}: not {told}, and the hub holds it"));
    }
    differences
}

async fn readings(http: &Client, hub: SocketAddr, secret: &str) -> Result<Vec<Value>, VerdictError> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "viewer"),
        ("client_secret", secret),
    ];
    let token = json(
        http.post(format!("http://{hub}/oauth/token"))
            .form(&form)
            .send()
            .await?,
    )
    .await?;
    let token = token["access_token"].as_str().unwrap_or_default();
    let url = format!("http://{hub}/rest/v2.10/readings?fields=id,status,measurements,raw&pagesize=500");
    match json(http.get(url).bearer_auth(token).send().await?).await? {
        Value::Array(readings) => Ok(readings),
        other => Err(VerdictError::Refused {
            status: 200,
            body: other.to_string(),
        }),
    }
}

async fn json(answer: reqwest::Response) -> Result<Value, VerdictError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.json().await?);
    }
    Err(VerdictError::Refused {
        status: status.as_u16(),
        body: answer.text().await?,
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<40} {:<9} {:<15} {:>6}  result",
            "record", "model", "expected", "values"
        )?;
        for row in &self.rows {
            let result = if row.differences.is_empty() {
                format!("as {}", self.told)
            } else {
                "DIFFERENT".to_owned()
            };
            writeln!(
                f,
                "{:<40} {:<9} {:<15} {:>6}  {result}",
                row.id, row.model, row.expected, row.values
            )?;
            for difference in &row.differences {
                writeln!(f, "    {difference}")?;
            }
        }
        if self.strangers > 0 {
            writeln!(
                f,
                "the hub holds {} readings that no record accounts for",
                self.strangers
            )?;
        }
        let values: usize = self.rows.iter().map(|row| row.values).sum();
        let good = if self.is_good() { "all" } else { "not" };
        write!(
            f,
            "{} records, {values} values: {good} as {}",
            self.rows.len(),
            self.told
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn track(fate: Fate) -> Track {
        Track {
            id: "case".into(),
            model: "MC-780".into(),
            bytes: b"{0,16\r\n".to_vec(),
            fate,
        }
    }

    fn published(value: &str) -> Fate {
        Fate::Reading(BTreeMap::from([("fatmass".to_owned(), value.to_owned())]))
    }

    fn held(measurements: &str) -> Value {
        let measurements: Value = serde_json::from_str(measurements).unwrap();
        json!({"raw": BASE64_STANDARD.encode(b"{0,16"), "measurements": measurements})
    }

    #[test]
    fn one_digit_less_is_a_difference() {
        let exact = Verdict::compare(
            &[track(published("24.0"))],
            "published",
            vec![held(r#"{"fatmass":24.0}"#)],
        );
        assert!(exact.is_good(), "{exact}");
        let rounded = Verdict::compare(
            &[track(published("24.0"))],
            "published",
            vec![held(r#"{"fatmass":24}"#)],
        );
        assert!(!rounded.is_good());
        assert!(rounded.to_string().contains("published 24.0, the hub holds 24"));
    }

    #[test]
    fn a_missing_a_forbidden_and_an_unknown_reading_are_differences() {
        assert!(!Verdict::compare(&[track(published("24.0"))], "published", vec![]).is_good());
        assert!(!Verdict::compare(&[track(Fate::Rejected)], "published", vec![held("{}")]).is_good());
        assert!(!Verdict::compare(&[], "published", vec![held("{}")]).is_good());
        assert!(
            !Verdict::compare(
                &[track(published("24.0"))],
                "published",
                vec![held(r#"{"fatmass":24.0,"bonemass":3.0}"#)]
            )
            .is_good()
        );
    }
    #[test]
    fn without_bytes_the_weight_tells_whose_reading_it_is() {
        let person = |weight: &str| Track {
            bytes: Vec::new(),
            ..track(Fate::Reading(BTreeMap::from([(
                "bodyweight".to_owned(),
                weight.to_owned(),
            )])))
        };
        let readings = vec![held(r#"{"bodyweight":89.4}"#), held(r#"{"bodyweight":64.1}"#)];
        let both = Verdict::compare(&[person("64.1"), person("89.4")], "measured", readings.clone());
        assert!(both.is_good(), "{both}");
        let twice = Verdict::compare(&[person("64.1"), person("64.1")], "measured", readings);
        assert!(!twice.is_good());
    }
}
