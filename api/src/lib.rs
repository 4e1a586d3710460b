//! placeholder
pub mod answers;
