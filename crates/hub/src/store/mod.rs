//! The store: SQLite through sqlx, one module per kind of entity, all SQL in here.
//!
//! There is one connection that writes and a few that read. Whoever wants to decide and write takes the writer's
//! transaction first, so decisions never race; a commit is one fsync (WAL, `synchronous=FULL`).

pub(crate) mod answers;
pub(crate) mod apps;
pub(crate) mod facilities;
pub(crate) mod filter;
pub(crate) mod members;
pub(crate) mod performers;
pub(crate) mod readings;
pub(crate) mod tokens;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Sqlite, SqlitePool,
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// A transaction of the writer. Dropping it undoes it.
pub(crate) type Tx = sqlx::Transaction<'static, Sqlite>;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened or created.
    #[error("cannot open the store `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// The file holds tables of another program or of a newer hub.
    #[error("the store `{path}` does not have the tables of this version")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
}

/// Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
}

impl Store {
    /// Opens or creates the file and brings its tables up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Open {
            path: path.to_owned(),
            source,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Another hub process or an admin command may hold the file for the moment of a commit.
            .busy_timeout(Duration::from_secs(5));
        // The connections live as long as the process: testing one before every use would double the statements.
        let pool = || {
            SqlitePoolOptions::new()
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_with(options.clone().create_if_missing(true))
            .await
            .map_err(failed)?;
        sqlx::migrate!("./migrations")
            .run(&writer)
            .await
            .map_err(|source| OpenError::Migrate {
                path: path.to_owned(),
                source,
            })?;
        // Two cores are the rule on a facility's computer; more readers would only wait for them.
        let reader = pool()
            .max_connections(4)
            .connect_with(options.read_only(true))
            .await
            .map_err(failed)?;
        Ok(Self { writer, reader })
    }

    /// Begins a transaction that excludes all other writers.
    pub(crate) async fn write(&self) -> sqlx::Result<Tx> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// The connection that writes, without a transaction: for what a single statement changes. It keeps out the other
    /// writers of this process, not those of another.
    pub(crate) async fn hold(&self) -> sqlx::Result<PoolConnection<Sqlite>> {
        self.writer.acquire().await
    }

    /// For queries that change nothing.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.reader
    }

    /// Closes every connection; the log is folded into the file.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
