//! No service manager that listens.

use std::{convert::Infallible, future::pending};

pub(crate) const fn ready() {}

pub(crate) const fn stopping() {}

pub(crate) async fn keep_alive() -> Infallible {
    pending().await
}
