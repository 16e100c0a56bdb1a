//! Why the store refuses, sorted by what follows from it.

use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

use crate::error::StoreError;
use crate::seal::SealError;

/// Why a request to the store failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// This request alone: the others go on.
    Request(StoreError),
    /// The database: nothing of the transaction stands.
    Database(rusqlite::Error),
}

/// Why an existing file is not the store to work on.
#[derive(Debug)]
pub(crate) enum Refusal {
    Damaged,
    Foreign,
    Newer,
    WrongKey,
    /// No fault of the file: the disk or the system refused.
    System(rusqlite::Error),
}

/// Whether an error means that the file is damaged, not that the system refused.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) | rusqlite::Error::SqlInputError { error: failure, .. } => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                // A number or key is taken that should be free.
                | ErrorCode::ConstraintViolation
                // SQLITE_ERROR: our own statements do not find their tables and columns.
                | ErrorCode::Unknown
        ),
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::QueryReturnedNoRows
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}

/// Whether the file cannot be trusted after this error: it is damaged, or some of it cannot be read.
pub(crate) fn is_unreadable(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|failure| failure.extended_code);
    is_damage(error) || matches!(code, Some(ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ))
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::Request(StoreError::Seal(Arc::new(error)))
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) {
            Self::Damaged
        } else {
            Self::System(error)
        }
    }
}
