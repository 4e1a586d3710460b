//! Personal data: reading it, and erasing it.

use super::Session;
use super::act::{carry_out, recorded};
use super::args::{Erasing, Reading, Who};
use super::exit::{Exit, Problem, Stop};
use crate::answers::{Lang, PersonalOpened};
use crate::text::table::Table;
use accord_domain::command::CommandError;
use accord_domain::{Command, Subject};
use accord_store::vault::Held;
use serde_json::{Value, json};
use uuid::Uuid;

/// Reads the personal data of a subject: the reading is recorded before anything is shown.
pub(super) fn open(session: &mut Session<'_, '_>, asked: &Reading) -> Result<(), Stop> {
    let lang = session.lang();
    let command = reading(&asked.subject, &asked.who, &asked.reason, &asked.event);
    let command = command.map_err(|error| not_a_command(&error, lang))?;
    let ledger = session.open_to_write()?;
    let opened = session.runtime.block_on(ledger.open_personal(command));
    let (done, opened) = opened.map_err(|failure| Stop::failure(&failure, lang))?;
    let answer = PersonalOpened::of(&asked.subject, &done, opened);
    recorded(session.out, answer.position.0, |out| out.answer(&answer, text))
}

/// Erases the personal data of a subject. Asked again in the same words, the answer is the same.
pub(super) fn erase(session: &mut Session<'_, '_>, asked: &Erasing) -> Result<(), Stop> {
    let lang = session.lang();
    let mut asked_for = act("erase-personal-data", &asked.subject, &asked.who);
    let mut basis = json!({ "instrument": asked.basis });
    if let Some(article) = &asked.article {
        basis["article"] = json!(article);
    }
    asked_for["basis"] = json!([basis]);
    asked_for["key"] = json!(format!("erase-personal-data/{}", asked.subject.code()));
    if let Some(note) = &asked.note {
        asked_for["data"] = json!({ "note": note });
    }
    let command = parse(&asked_for, lang)?;
    let ledger = session.open_to_write()?;
    carry_out(session, &ledger, command)?;
    match ledger.vault().key(&asked.subject.stream()) {
        Ok(Held::Destroyed | Held::Nothing) => session.out.say(
            "密钥已销毁；备份中的 personal.db 与 keys/personal.key 须另行销毁",
            "the key is destroyed; copies of personal.db and keys/personal.key in backups are yours to destroy",
        ),
        Ok(Held::Key(_)) | Err(_) => session.out.say(
            "已记录，不再可查阅；密钥尚未销毁，下次打开账本时再次销毁",
            "recorded, and nothing is opened any more; the key is not destroyed yet and will be when the ledger is next opened",
        ),
    }
    Ok(())
}

fn act(name: &str, subject: &Subject, who: &Who) -> Value {
    let mut actor = json!({ "authority": who.authority });
    let area = who.area.map(|area| area.to_string());
    let office =
        [("area", &area), ("office", &who.office), ("operator", &who.operator), ("approver", &who.approver)];
    for (member, value) in office {
        if let Some(value) = value {
            actor[member] = json!(value);
        }
    }
    json!({ "command": format!("{}.{name}", subject.kind().name()), "subject": subject.code(), "actor": actor })
}

/// The command that reads personal data; of all events where none is named.
pub(super) fn reading(
    subject: &Subject,
    who: &Who,
    reason: &str,
    events: &[Uuid],
) -> Result<Command, CommandError> {
    let mut asked = act("read-personal-data", subject, who);
    asked["reason"] = json!(reason);
    asked["data"] = json!({ "events": events });
    Command::parse(&asked.to_string())
}

/// Who reads personal data is only said where some is read: else somebody would think that it was.
pub(super) fn nobody_reads(who: &Who, lang: Lang) -> Result<(), Stop> {
    let Who { authority, area, office, operator, approver } = who;
    let said = authority != Who::AUTHORITY
        || area.is_some()
        || office.is_some()
        || operator.is_some()
        || approver.is_some();
    if !said {
        return Ok(());
    }
    let message = lang.of_two(
        "--authority、--area、--office、--operator、--approver 说明由谁查阅个人信息：须与 --open-personal 同用",
        "--authority, --area, --office, --operator and --approver say who reads personal data: they need --open-personal",
    );
    Err(Stop::problem(Problem::new(Exit::Usage, "usage", message.to_owned())))
}

/// What is wrong with a command made of arguments.
pub(super) fn not_a_command(error: &CommandError, lang: Lang) -> Stop {
    Stop::problem(Problem::command(error, "<arguments>", 1, lang))
}

/// Read as any other command, so that it is held to the same forms.
fn parse(asked: &Value, lang: Lang) -> Result<Command, Stop> {
    Command::parse(&asked.to_string()).map_err(|error| not_a_command(&error, lang))
}

fn text(answer: &PersonalOpened, lang: Lang) -> String {
    let heading = match lang {
        Lang::Zh => ["位置", "类型", "字段", "内容"],
        Lang::En => ["position", "type", "field", "value"],
    };
    let mut table = Table::new(&heading);
    for value in &answer.values {
        let shown = value
            .value
            .as_deref()
            .unwrap_or(lang.of_two("（无法打开：已被改动或移动）", "(does not open: changed or moved)"));
        table.row([
            value.position.0.to_string(),
            value.kind.to_owned(),
            value.field.to_string(),
            shown.to_owned(),
        ]);
    }
    let recorded = match lang {
        Lang::Zh => format!("{}\n本次查阅已记录于位置 {}。\n", answer.subject, answer.position.0),
        Lang::En => {
            format!("{}\nThis reading is recorded at position {}.\n", answer.subject, answer.position.0)
        }
    };
    format!("{recorded}\n{}", table.render())
}
