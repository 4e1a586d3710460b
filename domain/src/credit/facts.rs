//! What each act of credit management states. Fields stand in alphabetical order (canonical form).

use crate::id::AreaCode;
use crate::institution::facts::{Text, facts};
use crate::time::Instant;
use crate::track::Grade;
use serde::{Deserialize, Serialize};

facts! {
    /// 信用评级.
    Rating {
        /// The area whose scheme of grades it follows.
        area: AreaCode,
        /// Grade.
        grade: Grade,
        /// Name of the subject, where nothing else tells it and it may be kept.
        ? name: Text,
        /// Score it rests on.
        ? score: u32,
        /// End of its validity; none where the scheme states none.
        ? until: Instant,
        /// The natural year it is about.
        ? year: i32,
    }
}
