//! A double of the protocol of EventStoreDB, for the tests of the adapter.
//!
//! It is not EventStoreDB. It answers the calls that the adapter makes by our reading of the server's sources (version
//! 24.6), over one database in memory that all its nodes share, and does on demand what networks and clusters do: answers
//! lost, nodes gone, writes late, others first. What passes here shows that the adapter speaks the protocol and keeps its
//! promises against such faults. It shows nothing of durability, speed or failover of a real cluster: for that the same suite
//! runs against an address given in `ESDB_URL`.
#![cfg(feature = "server")]

mod database;
mod nodes;
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::semicolon_if_nothing_returned,
    clippy::wildcard_imports,
    reason = "generated"
)]
mod protocol {
    pub(crate) mod google {
        pub(crate) mod rpc {
            tonic::include_proto!("google.rpc");
        }
    }
    pub(crate) mod event_store {
        pub(crate) mod client {
            tonic::include_proto!("event_store.client");
            pub(crate) mod streams {
                tonic::include_proto!("event_store.client.streams");
            }
            pub(crate) mod gossip {
                tonic::include_proto!("event_store.client.gossip");
            }
            pub(crate) mod server_features {
                tonic::include_proto!("event_store.client.server_features");
            }
        }
    }
}

pub use database::{Fault, Kept};
pub use nodes::Double;
