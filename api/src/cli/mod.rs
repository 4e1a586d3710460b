//! The command line: arguments in, answers out. stdout carries data, stderr talk and progress.

pub mod args;
mod facts;
pub mod out;
mod table;
pub mod text;
mod words;
