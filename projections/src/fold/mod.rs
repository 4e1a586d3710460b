//! Events to rows, in memory: what a subject's newest knowledge is, and what one more event changes of it.

mod decode;
mod diff;
mod head;

pub(crate) use decode::{Citations, Columns, Read, read};
pub(crate) use diff::{Kept, Row};
pub(crate) use head::{Head, PointRow, TrailRow};

use accord_domain::area::AreaEvent;
use accord_domain::case::CaseEvent;
use accord_domain::enterprise::EnterpriseEvent;
use accord_domain::event::EventData;
use accord_domain::insured::InsuredEvent;
use accord_domain::practitioner::PractitionerEvent;
use accord_domain::{AreaCode, Event, Version};
use accord_store::{EventLog, Stored};

use crate::error::ViewError;
use crate::projector::words;
use crate::wait::wait_for;

/// The area a subject is listed and counted under where its status has none of its own. A practitioner's is the one stated
/// at the first registration, else the region in the code of the institution; the others' is the one that the first event
/// states. Taken from the first event of the stream and never changed, so that what was listed
/// under an area once stays there whatever is recorded later.
#[must_use]
pub fn home_area(first: &Event) -> Option<AreaCode> {
    match &first.data {
        EventData::Practitioner(PractitionerEvent::Registered(data)) if first.version == 0 => {
            let region =
                || data.institution.as_str().get(1..7).and_then(|region| AreaCode::parse(region).ok());
            data.area.or_else(region)
        }
        EventData::Enterprise(EnterpriseEvent::CreditRated(data))
        | EventData::Insured(InsuredEvent::CreditRated(data)) => Some(data.area),
        EventData::Area(AreaEvent::MoratoriumStarted(data)) => Some(data.area),
        EventData::Case(CaseEvent::Opened(data)) => Some(data.area),
        EventData::Practitioner(_)
        | EventData::Institution(_)
        | EventData::Enterprise(_)
        | EventData::Insured(_)
        | EventData::Area(_)
        | EventData::Case(_) => None,
    }
}

/// A subject's events up to a version; the inner error says why one of them cannot be understood.
///
/// Of those at hand, which the log may not show yet, the ones of the subject that it does not show are taken too: they
/// end with that version.
pub(crate) fn history(
    log: &dyn EventLog,
    stream: &str,
    up_to: Version,
    at_hand: &[Stored],
) -> Result<Result<Vec<Event>, String>, ViewError> {
    let shown = wait_for(log.read_stream(stream, 0, up_to as usize + 1))?;
    let next = shown.last().map_or(0, |stored| stored.version + 1);
    let rest = at_hand.iter().filter(|stored| &*stored.stream == stream && next <= stored.version);
    Ok(shown.iter().chain(rest).map(|stored| stored.decode().map_err(|error| words(&error))).collect())
}
