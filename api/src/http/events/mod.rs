//! The log as it is: a list, a live stream, one event.

mod cloud;
mod list;
mod one;
mod proof;
mod stream;

use super::App;
use super::problem::Problem;
use super::query::Query;
use crate::answers::Position;
use accord_domain::rejection::Words;
use accord_domain::{EventType, Subject, words};
use accord_store::Stored;
use utoipa_axum::router::OpenApiRouter;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(list::routes())
        .merge(stream::routes())
        .merge(one::routes())
        .merge(proof::routes())
}

/// Where reading goes on after a position that the log has. Of one it does not have, because it was cut back or it is not the
/// log the caller thinks it is, nothing would ever follow.
///
/// # Errors
/// What `refuse` makes of it, with the end of the log.
async fn after(app: &App, position: u64, refuse: impl FnOnce(Words) -> Problem) -> Result<u64, Problem> {
    let events = app.log().len().await?;
    if position < events {
        return Ok(position + 1);
    }
    let newest = events.checked_sub(1);
    let why = match newest {
        Some(newest) => words!(
            "the log has no position {position}; it ends at {newest}",
            "日志中没有位置 {position}；末尾位置为 {newest}"
        ),
        None => {
            words!("the log has no position {position}; it is empty", "日志中没有位置 {position}；日志为空")
        }
    };
    Err(refuse(why).code("no-such-position").with("position", newest.map(Position)))
}

/// Which events are wanted.
#[derive(Clone, Debug, Default)]
struct Wanted {
    types: Option<Vec<EventType>>,
    subject: Option<Subject>,
}

impl Wanted {
    /// Reads `types` and `subject`.
    fn read(query: &mut Query) -> Result<Self, Problem> {
        let types =
            query.read("types", |text| text.split(',').map(event_type).collect::<Result<Vec<_>, _>>())?;
        let subject = query.read("subject", Subject::parse)?;
        Ok(Self { types, subject })
    }

    fn takes(&self, stored: &Stored) -> bool {
        self.types.as_ref().is_none_or(|types| types.contains(&stored.kind))
            && self.subject.as_ref().is_none_or(|subject| *stored.stream == subject.stream())
    }
}

fn event_type(name: &str) -> Result<EventType, Words> {
    let name = name.trim();
    EventType::by_name(name).ok_or_else(|| {
        let word = name.rsplit('.').next().unwrap_or(name);
        let near: Vec<_> = EventType::all()
            .map(|(_, known, _)| *known)
            .filter(|known| word.split('-').any(|part| part.len() > 2 && known.contains(part)))
            .take(6)
            .collect();
        let hint =
            if near.is_empty() { "see /docs".to_owned() } else { format!("near: {}", near.join(", ")) };
        let name: String = name.chars().take(60).collect();
        words!(
            "{name:?} is not an event type such as institution.agreement-suspended; {hint}",
            "{name:?} 不是事件类型（例如 institution.agreement-suspended）；{hint}"
        )
    })
}
