//! placeholder
pub mod answers;
pub mod cli;
