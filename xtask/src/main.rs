//! What people do often with this repository.

mod workload;
fn main() {}
