//! scan-link: the session against the scanner's own end of the link.

mod ages;
mod asked;
mod captures;
mod given_up;
mod outages;
mod results;
mod troubles;
mod vocabulary;
mod walk_up;

mod line;
