//! The adapter for EventStoreDB keeps the promises of every adapter: here over the protocol double.

mod common;

mod with_its_copy {
    use super::common::{Adapter, Between};

    fn fixture() -> Adapter {
        Adapter::of_double(Between::Nothing)
    }

    accord_store::contract_tests!(fixture);
}

mod whose_copy_is_lost_between {
    use super::common::{Adapter, Between};

    fn fixture() -> Adapter {
        Adapter::of_double(Between::LoseCopy)
    }

    accord_store::contract_tests!(fixture);
}
