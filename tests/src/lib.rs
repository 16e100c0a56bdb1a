//! End-to-end tests on real parts. Everything is under `tests/`; this library is empty on purpose: nothing may depend on tests.
