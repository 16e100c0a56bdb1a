//! What every handler shares.

use std::sync::Arc;

use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{live::Live, oauth::token_cache::TokenCache, store::Store};

/// Handle to everything that handlers share; cheap to clone. What must outlive the process is in the store alone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Shared>);

/// See [`Hub`].
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) tokens: TokenCache,
    /// Ids of readings that changed, for those who wait. Whoever falls behind looks at the store instead.
    pub(crate) changes: broadcast::Sender<i64>,
    /// Hashing a secret takes 19 MiB and a core: as many at once as the smallest computer has cores.
    pub(crate) hashing: Semaphore,
    /// Event streams and long polls that may be open at once: each holds a connection and a task.
    pub(crate) watchers: Arc<Semaphore>,
    pub(crate) live: Live,
    pub(crate) stop: CancellationToken,
}

impl Hub {
    pub(crate) fn new(store: Store, live: Live, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            store,
            tokens: TokenCache::default(),
            changes: broadcast::Sender::new(256),
            hashing: Semaphore::new(2),
            watchers: Arc::new(Semaphore::new(512)),
            live,
            stop,
        }))
    }

    /// Wakes everybody who waits for a change of this reading.
    pub(crate) fn changed(&self, reading: i64) {
        // No receiver means that nobody waits.
        let _ = self.changes.send(reading);
    }
}

impl std::ops::Deref for Hub {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// A hub with an empty store in a folder of its own, and one app, for tests that need to set the time.
#[cfg(test)]
pub(crate) async fn test_hub() -> (Hub, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("hub.db")).await.unwrap();
    let app = crate::seed::NewApp {
        client_id: "k3x9",
        name: None,
        scopes: "scan_performer scan_creator".to_owned(),
        facilities: &["*".to_owned()],
    };
    crate::seed::put_app(&store, &app, "s3cret".to_owned().into())
        .await
        .unwrap();
    let (_, live) = crate::live::channel();
    (Hub::new(store, live, CancellationToken::new()), folder)
}
