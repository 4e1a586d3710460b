//! From a command and its ground to an append: the part that the writer and the import share.

use super::Failure;
use super::heads::{Ground, Heads};
use super::personal;
use accord_domain::others::Ask;
use accord_domain::rejection::RejectionKind;
use accord_domain::rulebook::Rulebook;
use accord_domain::{
    Act, Authority, Command, Context, Instant, Laws, NewEvent, Rejection, Subject, event, words,
};
use accord_store::merkle::hex;
use accord_store::vault::Vault;
use accord_store::{Append, AppendError, EventLog, Expected, LogError, Request};
use std::sync::Arc;

/// Key and digest of a command that names a key; none where its subject's personal data was erased, so that nobody can
/// tell whether it is the same.
pub(super) fn request_of(vault: &Vault, command: &Command) -> Result<Option<Request>, Failure> {
    let Some(key) = &command.envelope.key else { return Ok(None) };
    let digest = personal::digest(vault, command)?;
    Ok(digest.map(|digest| Request { key: key.clone(), digest }))
}

/// The same for a line of an import: one without a key gets one made from what it asks, so that importing the same line
/// again records nothing twice.
pub(super) fn import_request(vault: &Vault, command: &Command) -> Result<Option<Request>, Failure> {
    let Some(digest) = personal::digest(vault, command)? else { return Ok(None) };
    let key =
        command.envelope.key.clone().unwrap_or_else(|| format!("content:{}", hex(&digest[..16])).into());
    Ok(Some(Request { key, digest }))
}

/// Where a command comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Door {
    /// From outside.
    Outside,
    /// From the ledger's own reactions.
    Inside,
}

impl Door {
    /// Only the ledger itself acts in its own name.
    pub(super) fn lets_in(self, command: &Command) -> Result<(), Failure> {
        if self == Self::Inside || command.envelope.actor.authority != Authority::System {
            return Ok(());
        }
        let rejection = Rejection::new(
            "wrong-authority",
            words!(
                "`system` is the ledger itself; nobody else acts in its name",
                "`system` 为账本自身，他人不得以其名义作出行为"
            ),
        );
        Err(Failure::Rejected { rejection: Box::new(rejection), blocked_by: Vec::new() })
    }
}

/// Decides a command and writes the events decided.
///
/// The history of a subject is read only where it matters: for an act on the record, for one that takes effect before
/// others already recorded, answers conduct of an earlier day or holds from one, and when the state alone does not know the
/// event that the command names.
pub(super) async fn decide(
    heads: &mut Heads,
    log: &dyn EventLog,
    vault: &Vault,
    command: &Command,
    request: Option<Request>,
    now: Instant,
    laws: &Laws,
) -> Result<(Append, Vec<NewEvent>), Failure> {
    let effective_at = command.envelope.effective_at.unwrap_or(now);
    let subject = &command.subject;
    let holds_earlier = command.act.holds_from().is_some_and(|from| from < effective_at);
    let mut with_history = is_on_record(&command.act) || command.act.tells_conduct() || holds_earlier;
    let mut asks = command.act.asks(subject);
    for person in personal::named(vault, log, command).await? {
        let ask = Ask::Person { person };
        if !asks.contains(&ask) {
            asks.push(ask);
        }
    }
    let others = if asks.is_empty() { Vec::new() } else { heads.others(log, &asks, effective_at).await? };
    let holds_personal = command.act.holds_personal();
    loop {
        let ground = heads.ground(log, subject, effective_at, with_history).await?;
        let (version, history) = (ground.version, &*ground.history);
        let sealed =
            holds_personal.then(|| personal::sealed(vault, command, version, history)).transpose()?;
        let command = sealed.as_ref().unwrap_or(command);
        let erased = ground.erased;
        let context = Context { effective_at, laws, version, history, others: &others, erased };
        match accord_domain::decide(&ground.state, command, &context) {
            Ok(decided) => {
                if holds_personal {
                    personal::none_in_plain_text(command, &decided)?;
                }
                let append = written(command, &decided, &ground, request, laws.book())?;
                return Ok((append, decided));
            }
            Err(_) if !with_history && command.act.names_event().is_some() => with_history = true,
            Err(rejection) => return Err(blocked(heads, log, subject, rejection).await),
        }
    }
}

fn written(
    command: &Command,
    decided: &[NewEvent],
    ground: &Ground<'_>,
    request: Option<Request>,
    rulebook: &Rulebook,
) -> Result<Append, Failure> {
    let first = ground.version.map_or(0, |version| version + 1);
    // An agreement signed late takes effect before the moment it is decided on.
    let retroactive = decided.iter().any(|new| new.effective_at < ground.latest);
    let encoded = |(index, new)| event::encode(command, new, first, index, retroactive, rulebook.hash());
    let events = decided.iter().enumerate().map(encoded).collect::<Result<_, _>>().map_err(unwritable)?;
    let expected = ground.version.map_or(Expected::NoStream, Expected::Exact);
    Ok(Append { stream: Arc::from(command.subject.stream()), expected, request, events })
}

/// Whether a command acts on events rather than on the subject.
fn is_on_record(act: &Act) -> bool {
    act.annulment().is_some() || act.correction().is_some() || act.personal_act().is_some()
}

/// A refusal with the ids of the events that stand in the way.
async fn blocked(heads: &Heads, log: &dyn EventLog, subject: &Subject, rejection: Rejection) -> Failure {
    let mut blocked_by = Vec::new();
    for version in &rejection.blocked_by {
        blocked_by.extend(heads.id(log, subject, *version).await.map(|id| (*version, id)));
    }
    Failure::Rejected { rejection: Box::new(rejection), blocked_by }
}

/// What the log refused, in the words of a refusal.
pub(super) fn refused(error: AppendError) -> Failure {
    let rejection = match error {
        AppendError::Storage(source) => return Failure::Log(source),
        AppendError::Conflict { actual, .. } => Rejection::new(
            "version-conflict",
            words!(
                "the stream moved on to {actual:?} while this was decided",
                "决定期间该主体已有新事件（{actual:?}）"
            ),
        )
        .kind(RejectionKind::Conflict),
        AppendError::KeyReused { first_position } => Rejection::new(
            "key-reused",
            words!(
                "this key was used for another request, recorded at position {first_position}",
                "该幂等键已用于另一请求（位置 {first_position}）"
            ),
        )
        .kind(RejectionKind::Conflict),
        AppendError::Empty => {
            Rejection::new("nothing-decided", words!("nothing was decided", "未作出任何决定"))
        }
        AppendError::TooLarge { what, size, max } => Rejection::new(
            "too-large",
            words!("{what}: {size} is more than the {max} accepted", "{what}：{size} 超过上限 {max}"),
        )
        .allowed(serde_json::json!({ "max": max })),
    };
    Failure::Rejected { rejection: Box::new(rejection), blocked_by: Vec::new() }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn unwritable(error: serde_json::Error) -> Failure {
    Failure::from(LogError::Other(error.to_string()))
}
