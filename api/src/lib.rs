//! Everything that faces outside: the service that joins decision, log and views; answers as data and as text; command line;
//! HTTP; import.

pub mod answers;
pub mod bundle;
pub mod cli;
pub mod http;
pub mod ledger;
pub mod limits;
pub mod samples;
pub mod text;

pub use ledger::{Access, Done, Failure, Ledger, OpenError, Standstill};
