//! The same promises over a real EventStoreDB, at the address in `ESDB_URL`. Every test makes a ledger of its own there, in
//! streams that begin with `accord-contract-`; they stay.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use accord_store::eventstore::Place;
use common::{Adapter, Between};

fn fixture() -> Adapter {
    let address = std::env::var("ESDB_URL").expect("ESDB_URL names the cluster to be tested against");
    let drawn = tempfile::NamedTempFile::new().unwrap();
    let name = drawn.path().file_name().unwrap().to_string_lossy().into_owned();
    let stream = format!("accord-contract-{}-{name}", std::process::id());
    Adapter::over(None, Place { address, stream }, Between::Nothing)
}

accord_store::contract_tests!(fixture);
