//! A reading as it is answered, and who may see what of it (contract sections 5.2 and 5.3).

use cloud_api::Scope;
use serde_json::{Value, json};

use super::values::Stored;
use crate::{
    clock,
    oauth::token_cache::Caller,
    rest::{
        fields::{Entity, Field, object, scalar},
        list::{Column, Kind, column},
        performers::stored,
    },
    store::{filter::Scope as Rows, readings::ReadingRow},
};

/// What a creator may watch of its own readings; `expires` and `externalid` it gave or was told.
const CREATOR_FIELDS: [&str; 11] = [
    "id",
    "status",
    "progress",
    "stage",
    "message",
    "updated",
    "scanperformer",
    "member",
    "externalid",
    "expires",
    "attempt",
];

/// What a report needs: no values, no person but an id.
const REPORT_FIELDS: [&str; 19] = [
    "id",
    "member",
    "facility",
    "scanperformer",
    "assignment",
    "date",
    "status",
    "stage",
    "progress",
    "error",
    "attempt",
    "quality",
    "device",
    "created",
    "claimed",
    "started",
    "completed",
    "expires",
    "updated",
];

/// Fields that a list may be filtered and sorted by.
pub(super) const COLUMNS: [Column; 14] = [
    column("id", Kind::Id),
    column("member", Kind::Id),
    column("facility", Kind::Id),
    column("scanperformer", Kind::Id),
    column("externalid", Kind::Text),
    column("assignment", Kind::Text),
    column("status", Kind::Text),
    column("stage", Kind::Text),
    column("date", Kind::Instant),
    column("created", Kind::Instant),
    column("completed", Kind::Instant),
    column("expires", Kind::Instant),
    column("checksum", Kind::Text),
    column("updated", Kind::Instant),
];

/// Readings that the caller may see.
pub(super) fn rows(caller: &Caller) -> Rows {
    let mut any = Vec::new();
    if caller
        .scopes
        .contains_any(&[Scope::MeasurementAnalysis, Scope::Reporting])
    {
        any.push(caller.consented("facility"));
    }
    if caller.scopes.contains(Scope::ScanPerformer) {
        any.push(Rows::PerformedBy(caller.app));
    }
    if caller.scopes.contains(Scope::ScanCreator) {
        any.push(Rows::Is("app", caller.app));
    }
    Rows::Any(any)
}

/// Whether the caller may see this reading at all.
pub(super) fn is_visible(row: &ReadingRow, caller: &Caller) -> bool {
    opened_by(row, caller).next().is_some()
}

/// Whether the caller's performers hold the reading or may claim it, with the right to edit.
pub(super) fn may_edit(row: &ReadingRow, caller: &Caller) -> bool {
    row.performed && caller.scopes.contains(Scope::ScanPerformer)
}

/// The scopes by which the caller sees this very reading.
fn opened_by(row: &ReadingRow, caller: &Caller) -> impl Iterator<Item = Scope> {
    let consented = row.facility.is_some_and(|facility| caller.may_act_for(facility));
    let (performed, own) = (row.performed, row.app == caller.app);
    caller.scopes.iter().filter(move |scope| match scope {
        Scope::MeasurementAnalysis | Scope::Reporting => consented,
        Scope::ScanPerformer => performed,
        Scope::ScanCreator => own,
        _ => false,
    })
}

/// Whether a scope opens a field of the readings that it shows.
fn opens(scope: Scope, field: &str) -> bool {
    match scope {
        Scope::MeasurementAnalysis => true,
        Scope::ScanPerformer => field != "raw",
        Scope::ScanCreator => CREATOR_FIELDS.contains(&field),
        Scope::Reporting => REPORT_FIELDS.contains(&field),
        _ => false,
    }
}

impl Entity for ReadingRow {
    const FIELDS: &'static [Field] = &[
        scalar("id"),
        scalar("member"),
        scalar("scanperformer"),
        scalar("status"),
        scalar("stage"),
        scalar("progress"),
        scalar("expires"),
        object("subject"),
        scalar("assignment"),
        object("guest"),
        scalar("facility"),
        scalar("externalid"),
        scalar("date"),
        scalar("message"),
        object("error"),
        scalar("attempt"),
        object("inputs"),
        object("measurements"),
        object("extra"),
        object("device"),
        scalar("raw"),
        scalar("checksum"),
        object("quality"),
        scalar("createdby"),
        scalar("created"),
        scalar("claimed"),
        scalar("started"),
        scalar("completed"),
        scalar("updated"),
    ];

    fn version(&self) -> i64 {
        self.version
    }

    fn opens(caller: &Caller, field: &str) -> bool {
        caller.scopes.iter().any(|scope| opens(scope, field))
    }

    fn is_open(&self, caller: &Caller, field: &str) -> bool {
        opened_by(self, caller).any(|scope| opens(scope, field))
    }

    fn value(&self, field: &str) -> Value {
        let instant = |millis: Option<i64>| json!(millis.map(clock::rfc3339));
        match field {
            "id" => json!(self.id),
            "member" => json!(self.member),
            "scanperformer" => json!(self.scanperformer),
            "status" => json!(self.status),
            "stage" => json!(self.stage),
            "progress" => json!(self.progress),
            "expires" => instant(self.expires),
            "subject" => stored(self.subject.as_deref()),
            "assignment" => json!(self.assignment),
            "guest" => stored(self.guest.as_deref()),
            "facility" => json!(self.facility),
            "externalid" => json!(self.externalid),
            "date" => instant(self.date),
            "message" => json!(self.message),
            "error" => stored(self.error.as_deref()),
            "attempt" => json!(self.attempt),
            "inputs" => stored(self.inputs.as_deref()),
            "measurements" => stored(Some(&self.measurements)),
            "extra" => stored(Some(&self.extra)),
            "device" => stored(self.device.as_deref()),
            "raw" => json!(self.raw),
            "checksum" => json!(self.checksum),
            "quality" => stored(self.quality.as_deref()),
            "createdby" => json!(self.createdby),
            "created" => json!(clock::rfc3339(self.created)),
            "claimed" => instant(self.claimed),
            "started" => instant(self.started),
            "completed" => instant(self.completed),
            "updated" => json!(clock::rfc3339(self.updated)),
            _ => Value::Null,
        }
    }
}

impl ReadingRow {
    /// The measured values.
    pub(super) fn values(&self) -> Stored {
        Stored::parse(&self.measurements, &self.extra)
    }
}
