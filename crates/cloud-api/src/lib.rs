//! The words of the cloud's HTTP contract: paths, header names, scopes, codes, states and the shapes of bodies.
//!
//! Client (`cloud-client`) and server (`scanhub`) both speak from this crate, so that neither re-types the other.
//! It is pure: no I/O, no clock. What a particular cloud calls things sits in [`Dialect`]; everything else here is
//! spelled as our own hub spells it.
//!
//! Two rules hold for every shape: members that a reader does not know are ignored, and what was absent stays absent
//! when written. Measured values travel as [`serde_json::Number`] with exactly the digits they were written with.

pub mod dialect;
pub mod error;
pub mod headers;
mod id;
mod index;
mod measurements;
mod performer;
mod reading;
mod scope;
pub mod state;
mod token;
mod word;

pub use dialect::Dialect;
pub use error::{ErrorBody, ErrorCode, FieldFault, OAuthError};
pub use id::{FacilityRef, Id};
pub use index::{Index, IndexCollection, Walkup};
pub use measurements::{AddedMeasurements, Measurements, NotANumber, Warning, number};
pub use performer::{Device, NewPerformer, Performer, PerformerPatch, PerformerStatus, Software};
pub use reading::{
    Assignment, Guest, NewReading, Progress, Quality, Reading, ReadingError, ReadingPatch, Subject, SubjectScheme,
};
pub use scope::{Scope, Scopes, UnknownScope};
pub use state::{PERFORMER_LOST, Stage, Status};
pub use token::TokenResponse;
pub use word::Word;

/// The only version of the REST API that is publicly known. A pair of integers, not a decimal.
pub const API_VERSION: &str = "2.10";
