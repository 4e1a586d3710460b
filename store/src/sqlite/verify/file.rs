//! What lies beside the rows of events: tables and guards, the ledger's own row, the upper tree, pages, the public key.

use super::chunk::{no_node, wrong_node};
use crate::cosigned::{self, CosignError};
use crate::ids;
use crate::keys;
use crate::merkle::{Frontier, Hash};
use crate::port::LogError;
use crate::sqlite::read::failed;
use crate::sqlite::scan;
use crate::sqlite::schema::{self, Meta, Mode};
use crate::sqlite::tree::{self, Nodes};
use crate::verify::{Flaw, FlawKind};
use accord_domain::{Instant, words};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// What SQLite may say about damaged pages before it stops.
const PAGE_FAULTS_MAX: u32 = 20;

/// How many nodes are stored at each level, from level 1. The newest may be missing at the end, where a program that knew
/// no tree wrote; none may be beyond the events.
pub(super) fn levels(db: &Connection, events: u64, flaws: &mut Vec<Flaw>) -> rusqlite::Result<Vec<u64>> {
    let mut levels = Vec::new();
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'nodes'";
    if db.query_row(table, [], |_| Ok(())).optional()?.is_none() {
        return Ok(levels);
    }
    let mut newest = db.prepare("SELECT level, max(n) FROM nodes GROUP BY level ORDER BY level")?;
    let rows =
        newest.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    let found: BTreeMap<i64, u64> = rows.collect::<rusqlite::Result<_>>()?;
    let lowest = found.get(&1).map_or(0, |newest| newest.saturating_add(1));
    if lowest > events >> 4 {
        let covered = lowest << 4;
        let words = words!(
            "truncated: the tree covers {covered} events, the log ends before position {events}",
            "被截断：树覆盖 {covered} 个事件，日志止于位置 {events} 之前"
        );
        flaws.push(Flaw::at(events, FlawKind::Truncated, words));
    }
    for level in 1.. {
        let count = lowest.checked_shr(4 * (level - 1)).unwrap_or(0);
        let stored = found.get(&i64::from(level)).map_or(0, |newest| newest.saturating_add(1));
        if count == 0 && stored == 0 {
            break;
        }
        if stored != count {
            flaws.push(Flaw::of(
                FlawKind::Tree,
                words!(
                    "the tree has {stored} hashes at level {level}, {count} belong there",
                    "树的第 {level} 层有 {stored} 个哈希，应有 {count} 个"
                ),
            ));
        }
        levels.push(count.min(stored));
    }
    if found.keys().any(|level| *level < 1 || *level > levels.len() as i64) {
        let words = words!("the tree has levels that do not belong there", "树有多余的层");
        flaws.push(Flaw::of(FlawKind::Tree, words));
    }
    Ok(levels)
}

/// Every stored node above the lowest follows from the sixteen below it.
pub(super) fn upper_nodes(db: &Connection, levels: &[u64], flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
    let mut select = db.prepare("SELECT n, hash FROM nodes WHERE level = ?1 AND n < ?2 ORDER BY n").ok();
    for (level, count) in (2_u32..).zip(levels.iter().skip(1)) {
        let Some(select) = &mut select else { return Ok(()) };
        let mut above: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        let mut rows = select.query((level, count.cast_signed()))?;
        while let Some(row) = rows.next()? {
            above.insert(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?);
        }
        drop(rows);
        let (mut tree, mut next) = (Frontier::default(), 0);
        let mut rows = select.query((level - 1, (count << 4).cast_signed()))?;
        while let Some(row) = rows.next()? {
            let child = row.get::<_, i64>(0)?.cast_unsigned();
            let hash: Option<Hash> = row.get_ref(1)?.as_blob()?.try_into().ok();
            // A child that is missing or is no hash is named where its own level is checked.
            tree.push(hash.unwrap_or_default(), &mut |_, _| {});
            next += 1;
            if child + 1 != next {
                return Ok(());
            }
            if next.is_multiple_of(16) {
                let n = child >> 4;
                let wrong = match above.get(&n) {
                    None => Some(no_node(level, n)),
                    Some(node) if node[..] != tree.root()[..] => Some(wrong_node(level, n)),
                    Some(_) => None,
                };
                flaws.extend(wrong.map(|words| Flaw::at(n << (4 * level), FlawKind::Tree, words)));
                tree = Frontier::default();
            }
        }
    }
    Ok(())
}

/// Tables and guards, word for word.
type Objects = BTreeMap<(String, String), (String, Option<String>)>;

fn objects(db: &Connection) -> rusqlite::Result<Objects> {
    let mut select = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let rows = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))?;
    rows.collect()
}

/// Those of a new ledger.
fn model() -> rusqlite::Result<Objects> {
    static MODEL: OnceLock<Objects> = OnceLock::new();
    if let Some(made) = MODEL.get() {
        return Ok(made.clone());
    }
    let db = Connection::open_in_memory()?;
    db.execute_batch(schema::LOG)?;
    db.execute_batch(schema::NODES)?;
    db.execute_batch(&schema::guards())?;
    let made = objects(&db)?;
    Ok(MODEL.get_or_init(|| made).clone())
}

/// Tables and guards are those this program makes.
pub(super) fn schema(db: &Connection, flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
    let (wanted, mut found) = (model()?, objects(db)?);
    let has_tree = found.contains_key(&("table".to_owned(), "nodes".to_owned()));
    for ((kind, name), words) in wanted {
        let words = match found.remove(&(kind.clone(), name.clone())) {
            Some(found) if found == words => continue,
            Some(_) => words!("altered: the {kind} {name} of log.db", "被改动：log.db 的 {kind} {name}"),
            // A ledger written before there was a tree.
            None if name.starts_with("nodes") && !has_tree => continue,
            None => words!("log.db has no {kind} {name}", "log.db 缺少 {kind} {name}"),
        };
        flaws.push(Flaw::of(FlawKind::Schema, words));
    }
    for (kind, name) in found.into_keys() {
        let words = words!("log.db has a {kind} {name} that is not ours", "log.db 有多余的 {kind} {name}");
        flaws.push(Flaw::of(FlawKind::Schema, words));
    }
    Ok(())
}

/// The ledger's id follows from its salt and the time it was made.
pub(super) fn meta(db: &Connection, meta: &Meta, flaws: &mut Vec<Flaw>) -> rusqlite::Result<()> {
    let created_at: Option<i64> = db
        .query_row("SELECT max(created_at) FROM meta HAVING count(*) = 1 AND max(one) = 1", [], |row| {
            row.get(0)
        })
        .optional()?;
    let own = created_at.map(|at| ids::event_id(Instant::from_micros(at), ids::POSITION_MAX, meta.salt));
    if own.is_none_or(|own| own.as_bytes() != &meta.ledger) {
        let words = words!(
            "altered: the ledger's id, its salt and the time it was made do not fit together",
            "被改动：账本标识、盐值与建立时间不符"
        );
        flaws.push(Flaw::of(FlawKind::Altered, words));
    }
    Ok(())
}

/// The public key beside the log is named after this ledger.
pub(super) fn key(dir: &Path, meta: &Meta, flaws: &mut Vec<Flaw>) {
    if !keys::public_path(dir).exists() {
        return;
    }
    let origin = keys::origin(uuid::Uuid::from_bytes(meta.ledger));
    let words = match keys::verifier(dir) {
        Ok(key) if key.name() == origin => return,
        Ok(key) => {
            let name = key.name();
            words!(
                "foreign key: keys/checkpoint.pub is of {name}, this ledger is {origin}",
                "外来密钥：keys/checkpoint.pub 属于 {name}，本账本为 {origin}"
            )
        }
        Err(error) => words!("keys/checkpoint.pub: {error}", "keys/checkpoint.pub：{error}"),
    };
    flaws.push(Flaw::of(FlawKind::Foreign, words));
}

/// The checkpoint that witnesses signed is of this log's past.
pub(super) fn cosigned(dir: &Path, db: &Connection, events: u64, flaws: &mut Vec<Flaw>) {
    let Ok(key) = keys::verifier(dir) else { return };
    let size = match cosigned::load(dir, &key) {
        Ok(None) => return,
        Ok(Some((_, checkpoint))) if checkpoint.size <= events => {
            let nodes = Nodes { log: db, stored: tree::is_there(db).unwrap_or(false), beside: None };
            let tree = nodes.frontier(checkpoint.size);
            if tree.is_ok_and(|tree| tree.root() == checkpoint.root) {
                return;
            }
            let size = checkpoint.size;
            let words = words!(
                "rewritten: the first {size} events do not have the root that witnesses signed",
                "被改写：前 {size} 个事件的根与见证人签名的不同"
            );
            flaws.push(Flaw::of(FlawKind::Rewritten, words));
            return;
        }
        Ok(Some((_, checkpoint))) => checkpoint.size,
        Err(error) => {
            let error = match &error {
                CosignError::Kept(why) => why.to_string(),
                other => other.to_string(),
            };
            let words = words!("checkpoint.cosigned: {error}", "checkpoint.cosigned：{error}");
            flaws.push(Flaw::of(FlawKind::Signature, words));
            return;
        }
    };
    let words = words!(
        "truncated: the log ends before position {events}, witnesses signed that it held {size} events",
        "被截断：日志止于位置 {events} 之前，而见证人签名时其有 {size} 个事件"
    );
    flaws.push(Flaw::at(events, FlawKind::Truncated, words));
}

/// What SQLite finds in the pages of the file.
pub(super) fn pages(path: &Path, mode: Mode) -> Result<Vec<Flaw>, LogError> {
    let db = scan::connect(path, mode)?;
    let mut check = db.prepare(&format!("PRAGMA quick_check({PAGE_FAULTS_MAX})")).map_err(failed)?;
    let mut flaws = Vec::new();
    let mut note = |what: &str| {
        let words = words!("the file log.db is damaged: {what}", "文件 log.db 损坏：{what}");
        flaws.push(Flaw::of(FlawKind::File, words));
    };
    match check.query_map([], |row| row.get::<_, String>(0)) {
        Ok(lines) => {
            for line in lines {
                match line {
                    Ok(line) if line == "ok" => {}
                    Ok(line) => note(&line),
                    Err(error) => note(&error.to_string()),
                }
            }
        }
        Err(error) => note(&error.to_string()),
    }
    Ok(flaws)
}
