//! The event log: the only truth. One small port, [`EventLog`], and its adapters.
//!
//! An adapter promises: positions gapless from 0 and given at commit, in commit order; stream versions gapless from 0;
//! `recorded_at` strictly increasing however the clock behaves; the bytes hashed are the bytes stored are the bytes
//! returned; nothing is ever updated or deleted; a request acknowledged is durable; a request is all or nothing, and one
//! refused request harms no neighbour in the same commit.

pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
pub mod cosigned;
#[cfg(feature = "eventstore")]
pub mod eventstore;
pub mod ids;
pub mod keys;
pub mod laws;
pub mod limits;
mod memory;
pub mod merkle;
mod port;
pub mod replica;
mod sqlite;
pub mod vault;
pub mod verify;

pub use memory::MemoryLog;
pub use merkle::leaf_hash;
pub use port::*;
pub use sqlite::{Bulk, Landed, SqliteLog};
pub use verify::verify_columns;
