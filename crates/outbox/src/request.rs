//! Requests to the writer thread and the futures of their answers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::lease::Leased;
use crate::store::Failure;
use crate::tx::Tx;

/// The answer to come. Dropping it loses nothing: what was asked for is done all the same, and the answer is not heard.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, StoreError>>);

impl<T> Pending<T> {
    /// Waits for the answer on a plain thread.
    ///
    /// # Errors
    /// As the future.
    ///
    /// # Panics
    /// On a thread that drives asynchronous tasks.
    pub fn wait(self) -> Result<T, StoreError> {
        self.0.blocking_recv().unwrap_or(Err(StoreError::Closed))
    }

    /// The answer of a request that has been served.
    pub(crate) fn now(mut self) -> Result<T, StoreError> {
        self.0.try_recv().unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) fn failed(error: StoreError) -> Self {
        let (reply, pending) = channel();
        let _ = reply.send(Err(error));
        pending
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
    }
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Nobody listening is no error: a sent answer may be dropped.
pub(crate) fn channel<T>() -> (Reply<T>, Pending<T>) {
    let (reply, answer) = oneshot::channel();
    (reply, Pending(answer))
}

/// What the thread is asked for.
pub(crate) enum Request {
    /// Work within the transaction.
    Work(Work),
    /// Entries to send; served after the commit.
    Lease { max: usize, reply: Reply<Vec<Leased>> },
    /// The last request that is served.
    Close(Reply<()>),
}

/// Work with its reply. Called with an error instead of a transaction it does nothing but answer.
pub(crate) type Work = Box<dyn FnOnce(Result<&mut Tx<'_>, StoreError>) -> Worked + Send>;

/// Called with how the transaction ended.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>)>;

/// Work that was done and shall be answered when its transaction has ended.
pub(crate) struct Worked {
    pub(crate) answer: Answer,
    /// The transaction cannot be committed any more.
    pub(crate) fatal: Option<rusqlite::Error>,
}

/// Packs work and its reply.
pub(crate) fn work<T: Send + 'static>(
    reply: Reply<T>,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, Failure> + Send + 'static,
) -> Request {
    Request::Work(Box::new(move |tx| {
        let (answer, fatal) = match tx.map(work) {
            Ok(Ok(answer)) => (Ok(answer), None),
            Ok(Err(Failure::Request(error))) | Err(error) => (Err(error), None),
            // Never sent: the transaction's own error is.
            Ok(Err(Failure::Database(error))) => (Err(StoreError::Closed), Some(error)),
        };
        Worked {
            answer: Box::new(move |committed| drop(reply.send(committed.and(answer)))),
            fatal,
        }
    }))
}
