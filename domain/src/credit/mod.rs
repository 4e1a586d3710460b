//! 信用 and 救济: what is the same for everybody under credit management (令735 art 33; rows K-01 … K-12), and for
//! whoever objects or appeals. A rating is an event of its own that states grade and scheme; measures that follow from one
//! are others that cite it.

pub(crate) mod decide;
pub(crate) mod docket;
pub(crate) mod evolve;
pub mod facts;
pub(crate) mod remedy;
#[cfg(test)]
mod tests;
