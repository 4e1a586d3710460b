//! How acts of credit management change what stands.

use super::facts::Rating;
use crate::dated::Dated;
use crate::event::Event;
use crate::track::{Track, Value};

pub(crate) fn rated(dated: &mut Dated, event: &Event, data: &Rating) {
    dated.set(Track::Credit, Value::Grade(data.grade), event.effective_at, data.until, event.version);
}
