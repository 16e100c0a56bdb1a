//! A cloud that is not ours: raw JSON as in the published examples, a list of readings, and faults on demand.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};

use crate::fake_http::{FakeHttp, Reply, Request};

pub(crate) const TOKEN: &str = "POST /oauth/token";
pub(crate) const INDEX: &str = "GET /rest/v2.10";
pub(crate) const REGISTER: &str = "POST /rest/v2.10/scanperformers";
pub(crate) const HEARTBEAT: &str = "PUT /rest/v2.10/scanperformers/{id}";
pub(crate) const FIND: &str = "GET /rest/v2.10/readings";
pub(crate) const READ: &str = "GET /rest/v2.10/readings/{id}";
pub(crate) const CREATE: &str = "POST /rest/v2.10/readings";
pub(crate) const MEASURE: &str = "POST /rest/v2.10/readings/{id}/measurements";
pub(crate) const COMPLETE: &str = "PUT /rest/v2.10/readings/{id}";

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The call is answered so and nothing is done.
    Instead(Reply),
    /// What was asked is done, and the answer is this.
    After(Reply),
}

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) externalid: String,
    pub(crate) status: &'static str,
    /// The measurements' bytes as they came.
    pub(crate) measurements: String,
    /// The body that created it.
    pub(crate) body: Value,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) readings: Vec<Stored>,
    pub(crate) performers: Vec<String>,
    pub(crate) one_call: bool,
    faults: HashMap<&'static str, VecDeque<Fault>>,
    always: HashMap<&'static str, Fault>,
}

pub(crate) struct FakeCloud {
    pub(crate) http: FakeHttp,
    state: Arc<Mutex<State>>,
}

impl FakeCloud {
    pub(crate) async fn start(one_call: bool) -> Self {
        Self::start_at("127.0.0.1:0", one_call).await
    }

    pub(crate) async fn start_at(address: &str, one_call: bool) -> Self {
        let state = Arc::new(Mutex::new(State {
            one_call,
            ..State::default()
        }));
        let handler = state.clone();
        let answer = move |request: &Request| handler.lock().unwrap().answer(request);
        Self {
            http: FakeHttp::start_at(address, answer).await.unwrap(),
            state,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next such call goes wrong so; several faults one after the other.
    pub(crate) fn fault(&self, line: &'static str, fault: Fault) {
        self.state().faults.entry(line).or_default().push_back(fault);
    }

    /// Every such call goes wrong so until it is [healed](Self::heal).
    pub(crate) fn break_down(&self, line: &'static str, reply: Reply) {
        self.state().always.insert(line, Fault::Instead(reply));
    }

    pub(crate) fn heal(&self) {
        self.state().always.clear();
    }

    /// Calls about readings, in the order they came.
    pub(crate) fn reading_calls(&self) -> Vec<String> {
        let calls = self.http.requests().iter().map(call).collect::<Vec<_>>();
        calls.into_iter().filter(|line| line.contains("/readings")).collect()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.http
            .requests()
            .iter()
            .filter(|request| call(request) == line)
            .count()
    }

    /// The bodies of such calls.
    pub(crate) fn bodies(&self, line: &str) -> Vec<String> {
        let requests = self.http.requests().into_iter();
        requests
            .filter(|request| call(request) == line)
            .map(|request| request.body)
            .collect()
    }

    /// How many readings there are of each `externalid` that are complete.
    pub(crate) fn complete(&self) -> Vec<String> {
        let state = self.state();
        let complete = state.readings.iter().filter(|reading| reading.status == "complete");
        complete.map(|reading| reading.externalid.clone()).collect()
    }
}

/// The call with its id left out.
fn call(request: &Request) -> String {
    let line = request.line();
    let words: Vec<_> = line
        .split('/')
        .map(|word| if word.parse::<u64>().is_ok() { "{id}" } else { word })
        .collect();
    words.join("/")
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let call = call(request);
        let fault = self.faults.get_mut(call.as_str()).and_then(VecDeque::pop_front);
        match fault.or_else(|| self.always.get(call.as_str()).cloned()) {
            Some(Fault::Instead(reply)) => reply,
            Some(Fault::After(reply)) => {
                self.act(&call, request);
                reply
            }
            None => self.act(&call, request),
        }
    }

    fn act(&mut self, call: &str, request: &Request) -> Reply {
        let id = request
            .target
            .split(['/', '?'])
            .filter_map(|word| word.parse::<usize>().ok())
            .next_back();
        match call {
            TOKEN => Reply::json(
                200,
                r#"{"access_token":"at_7Qd0mN3vX2yZ","token_type":"bearer","expires_in":1800,"refresh_token":"rt_pL81cWbR5tKe"}"#,
            ),
            INDEX => {
                let walkup = if self.one_call { "one-call" } else { "steps" };
                Reply::json(
                    200,
                    format!(r#"{{"version":"2.10","walkup":"{walkup}","batch":true,"idempotency":true}}"#),
                )
            }
            REGISTER => {
                let body: Value = serde_json::from_str(&request.body).unwrap();
                let externalid = body["externalid"].as_str().unwrap().to_owned();
                let known = self.performers.iter().position(|known| *known == externalid);
                let at = known.unwrap_or_else(|| {
                    self.performers.push(externalid);
                    self.performers.len() - 1
                });
                Reply::json(
                    if known.is_some() { 200 } else { 201 },
                    json!({"id": at + 7, "facility": 3}).to_string(),
                )
            }
            HEARTBEAT if id.unwrap() - 7 < self.performers.len() => Reply::json(200, r#"{"id":7,"status":"idle"}"#),
            FIND => {
                let wanted = request.target.split(['=', '&']).nth(1).unwrap();
                let found: Vec<_> = (0..self.readings.len())
                    .filter(|&at| self.readings[at].externalid == wanted)
                    .collect();
                let found: Vec<_> = found.into_iter().map(|at| self.entity(at)).collect();
                Reply::json(200, Value::from(found).to_string())
            }
            CREATE => self.create(request),
            READ | MEASURE | COMPLETE if id.unwrap() - 9041 < self.readings.len() => {
                let at = id.unwrap() - 9041;
                if call == MEASURE {
                    self.readings[at].measurements = request.body.clone();
                    return Reply::json(200, r#"{"success":true,"added":9,"unchanged":0,"warnings":[]}"#);
                }
                if call == COMPLETE {
                    assert!(
                        !self.readings[at].measurements.is_empty(),
                        "completed without measurements"
                    );
                    self.readings[at].status = "complete";
                }
                Reply::json(200, self.entity(at).to_string())
            }
            _ => error(404, "not_found"),
        }
    }

    fn create(&mut self, request: &Request) -> Reply {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let performer = body["scanperformer"].as_u64().unwrap();
        if performer as usize - 7 >= self.performers.len() {
            let body =
                r#"{"success":false,"error":"No such performer.","code":"validation_failed","field":"scanperformer"}"#;
            return Reply::json(422, body);
        }
        let externalid = body["externalid"].as_str().unwrap().to_owned();
        if let Some(at) = self
            .readings
            .iter()
            .position(|reading| reading.externalid == externalid)
        {
            return Reply::json(200, self.entity(at).to_string());
        }
        let whole = body["status"] == "complete";
        if whole && !self.one_call {
            return error(422, "walkup_not_offered");
        }
        let measurements = request
            .body
            .split_once(r#""measurements":"#)
            .map(|(_, rest)| rest.split_once('}').unwrap().0);
        self.readings.push(Stored {
            externalid,
            status: if whole { "complete" } else { "created" },
            measurements: measurements.map(|text| format!("{text}}}")).unwrap_or_default(),
            body,
        });
        Reply::json(201, self.entity(self.readings.len() - 1).to_string())
    }

    fn entity(&self, at: usize) -> Value {
        let reading = &self.readings[at];
        let assignment = if reading.body["subject"].is_null() {
            "unassigned"
        } else {
            "assigned"
        };
        json!({"id": at + 9041, "externalid": reading.externalid, "status": reading.status, "assignment": assignment,
               "member": null, "expires": "2025-03-04T10:24:00Z"})
    }
}

/// An error in the published shape.
pub(crate) fn error(status: u16, code: &str) -> Reply {
    Reply::json(
        status,
        json!({"success": false, "error": "No.", "code": code, "status": status}).to_string(),
    )
}
