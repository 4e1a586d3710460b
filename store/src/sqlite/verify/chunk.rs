//! One run of events, checked by itself: bytes, columns beside them, and the tree above them.

use crate::ids;
use crate::merkle::{Frontier, Hash, leaf_hash};
use crate::sqlite::index::{Digest128, digest128};
use crate::verify::{Flaw, FlawKind};
use accord_domain::{EventType, Instant, words};
use rusqlite::{Connection, Row};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use uuid::Uuid;

/// Events of a chunk: a complete subtree.
pub(super) const CHUNK_EVENTS: u64 = 1 << CHUNK_HEIGHT;
/// Its height in the tree.
pub(super) const CHUNK_HEIGHT: u32 = 13;
/// Height of the lowest stored nodes.
const NODE_HEIGHT: u32 = 4;

/// What the order of events needs to know of each of them.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) position: u64,
    pub(super) stream: u64,
    pub(super) version: u64,
    pub(super) back: u64,
    pub(super) recorded_at: i64,
    /// Hash of the stream name that the bytes say; none when they cannot be read.
    pub(super) name: Option<u64>,
    /// Digest of the key that the bytes say.
    pub(super) key: Option<Digest128>,
}

/// What a chunk came to.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) links: Vec<Link>,
    /// The tree over its events alone.
    pub(super) tree: Frontier,
    pub(super) flaws: Vec<Flaw>,
}

/// The members of the body that columns repeat, or that others follow from.
#[derive(Deserialize)]
struct Body<'a> {
    effective_at: Instant,
    id: Uuid,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    recorded_at: Instant,
    schema: u16,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    version: u64,
}

/// What every chunk is checked against.
pub(super) struct Against<'a> {
    pub(super) salt: u64,
    /// Lowest nodes that are stored.
    pub(super) nodes: u64,
    pub(super) names: &'a RandomState,
}

/// A row as it lies in the table.
struct Columns<'a> {
    position: u64,
    stream: i64,
    version: i64,
    back: i64,
    kind: i64,
    effective_at: i64,
    recorded_at: i64,
    leaf: &'a [u8],
    body: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            position: row.get::<_, i64>(0)?.cast_unsigned(),
            stream: row.get(1)?,
            version: row.get(2)?,
            back: row.get(3)?,
            kind: row.get(4)?,
            effective_at: row.get(5)?,
            recorded_at: row.get(6)?,
            leaf: row.get_ref(7)?.as_blob()?,
            body: row.get_ref(8)?.as_blob()?,
        })
    }
}

/// Checks a chunk; a row or a page that cannot be read is a flaw, not an error.
pub(super) fn check(db: &Connection, range: Range<u64>, against: &Against<'_>) -> Chunk {
    // At their full size at once: grown, they would be moved and their memory asked for again and again.
    let events = usize::try_from(range.end - range.start).unwrap_or_default();
    let mut chunk = Chunk { links: Vec::with_capacity(events), ..Chunk::default() };
    let mut leaves = Leaves {
        computed: Vec::with_capacity(events),
        nodes: Vec::with_capacity(events >> NODE_HEIGHT),
        ..Leaves::default()
    };
    let mut next = range.start;
    if let Err(error) = walk(db, &range, against, &mut chunk, &mut leaves, &mut next) {
        let flaw = words!("position {next}: cannot be read: {error}", "位置 {next}：无法读取：{error}");
        chunk.flaws.push(Flaw::at(next, FlawKind::File, flaw));
    } else if next < range.end {
        chunk.flaws.push(missing(next..range.end));
    }
    if let Err(error) = nodes(db, &range, against, &leaves, &mut chunk) {
        let words = words!("the tree cannot be read: {error}", "树无法读取：{error}");
        chunk.flaws.push(Flaw::at(range.start, FlawKind::File, words));
    }
    chunk
}

fn missing(range: Range<u64>) -> Flaw {
    let (first, last) = (range.start, range.end - 1);
    let words = if first == last {
        words!("position {first}: the event is missing", "位置 {first}：事件缺失")
    } else {
        words!("positions {first} to {last}: the events are missing", "位置 {first} 至 {last}：事件缺失")
    };
    Flaw::at(first, FlawKind::Missing, words)
}

/// Leaf hashes of a chunk, and what its lowest nodes should be.
#[derive(Default)]
struct Leaves {
    /// Of events whose bytes do not hash to the stored leaf: that leaf, by position; empty when it is no hash.
    stored: HashMap<u64, Option<Hash>>,
    computed: Vec<Hash>,
    /// The hashes over each sixteen of the computed ones, as the tree over the chunk came by them.
    nodes: Vec<Hash>,
}

impl Leaves {
    /// The hash over a group of sixteen from their bytes, by its number in the chunk.
    fn node(&self, nth: u64) -> Option<Hash> {
        self.nodes.get(usize::try_from(nth).ok()?).copied()
    }

    /// The hash over a group of leaves with the stored ones where they differ. The chunk begins at `start`.
    fn as_stored(&self, group: Range<u64>, start: u64) -> Option<Hash> {
        let mut tree = Frontier::default();
        for position in group {
            let computed = self.computed.get(usize::try_from(position - start).ok()?)?;
            let leaf = self.stored.get(&position).map_or(Some(*computed), |stored| *stored)?;
            tree.push(leaf, &mut |_, _| {});
        }
        Some(tree.root())
    }
}

fn walk(
    db: &Connection,
    range: &Range<u64>,
    against: &Against<'_>,
    chunk: &mut Chunk,
    leaves: &mut Leaves,
    next: &mut u64,
) -> rusqlite::Result<()> {
    let mut select = db.prepare_cached(
        "SELECT position, stream, version, back, type, effective_at, recorded_at, leaf, body FROM events \
         WHERE position >= ?1 AND position < ?2 ORDER BY position",
    )?;
    let mut rows = select.query((range.start.cast_signed(), range.end.cast_signed()))?;
    let mut name = String::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::read(row)?;
        let position = columns.position;
        if position < *next || position >= range.end {
            let words = words!("position {position}: stands out of order", "位置 {position}：顺序错乱");
            chunk.flaws.push(Flaw::at(position, FlawKind::File, words));
            continue;
        }
        if position > *next {
            chunk.flaws.push(missing(*next..position));
        }
        let leaf = leaf_hash(columns.body);
        if columns.leaf != leaf {
            leaves.stored.insert(position, columns.leaf.try_into().ok());
        }
        leaves.computed.push(leaf);
        chunk.tree.push(leaf, &mut |subtree, hash| {
            if subtree.height == NODE_HEIGHT {
                leaves.nodes.push(*hash);
            }
        });
        let link = event(&columns, against, &mut name, &mut chunk.flaws);
        chunk.links.push(link);
        *next = position + 1;
    }
    Ok(())
}

/// Checks what the bytes of one event say against the columns. `name` is room for the name of the stream.
fn event(columns: &Columns<'_>, against: &Against<'_>, name: &mut String, flaws: &mut Vec<Flaw>) -> Link {
    let position = columns.position;
    let mut link = Link {
        position,
        stream: columns.stream.cast_unsigned(),
        version: columns.version.cast_unsigned(),
        back: columns.back.cast_unsigned(),
        recorded_at: columns.recorded_at,
        name: None,
        key: None,
    };
    let kind = EventType(u16::try_from(columns.kind).unwrap_or(0));
    let read = std::str::from_utf8(columns.body).map_err(|error| error.to_string());
    let body: Body<'_> = match read.and_then(|text| serde_json::from_str(text).map_err(|e| e.to_string())) {
        Ok(body) => body,
        Err(error) => {
            let words = words!(
                "position {position}: the bytes are not an event: {error}",
                "位置 {position}：字节不是一个事件：{error}"
            );
            flaws.push(Flaw::at(position, FlawKind::Altered, words));
            return link;
        }
    };
    name.clear();
    name.push_str(kind.kind().name());
    name.push('-');
    name.push_str(&body.subject);
    link.name = Some(against.names.hash_one(&*name));
    link.key = body.key.as_deref().map(digest128);
    let mut differs = |what: &str, column: &dyn std::fmt::Display, body: &dyn std::fmt::Display| {
        let words = words!(
            "position {position}: altered: the column {what} says {column}, the bytes say {body}",
            "位置 {position}：被改动：{what} 列为 {column}，字节为 {body}"
        );
        flaws.push(Flaw::at(position, FlawKind::Altered, words));
    };
    let known = kind.schema() > 0 && kind.name() == body.kind;
    let named = known || EventType::by_name(&body.kind).is_some();
    if named && !known {
        differs("type", &kind.name(), &body.kind);
    }
    if columns.version.cast_unsigned() != body.version {
        differs("version", &columns.version, &body.version);
    }
    if columns.effective_at != body.effective_at.as_micros() {
        differs("effective_at", &columns.effective_at, &body.effective_at.as_micros());
    }
    if columns.recorded_at != body.recorded_at.as_micros() {
        differs("recorded_at", &columns.recorded_at, &body.recorded_at.as_micros());
    }
    let own = ids::position_of(body.id);
    if own != position {
        let words = words!(
            "position {position}: moved: the event that lies here was recorded at position {own}",
            "位置 {position}：被移动：此处的事件原记录于位置 {own}"
        );
        flaws.push(Flaw::at(position, FlawKind::Moved, words));
    } else if ids::event_id(body.recorded_at, position, against.salt) != body.id {
        let words = words!(
            "position {position}: the id {} is not of this ledger and this time",
            "位置 {position}：标识 {} 与本账本及记录时间不符",
            body.id
        );
        flaws.push(Flaw::at(position, FlawKind::Foreign, words));
    }
    if !named || (known && body.schema > kind.schema()) {
        let (name, schema) = (&body.kind, body.schema);
        let words = words!(
            "position {position}: {name} in schema {schema} is of a newer version than this program knows",
            "位置 {position}：{name}（schema {schema}）由更新的版本写成，本程序不认识"
        );
        flaws.push(Flaw::at(position, FlawKind::UnknownVersion, words));
    }
    link
}

/// Compares the lowest stored nodes with the leaves below them, and tells whether bytes or hash of an event were altered.
fn nodes(
    db: &Connection,
    range: &Range<u64>,
    against: &Against<'_>,
    leaves: &Leaves,
    chunk: &mut Chunk,
) -> rusqlite::Result<()> {
    let (first, end) = (range.start >> NODE_HEIGHT, (range.end >> NODE_HEIGHT).min(against.nodes));
    let mut stored: HashMap<u64, Vec<u8>> = HashMap::new();
    if first < end {
        let mut select =
            db.prepare_cached("SELECT n, hash FROM nodes WHERE level = 1 AND n >= ?1 AND n < ?2")?;
        let mut rows = select.query((first.cast_signed(), end.cast_signed()))?;
        while let Some(row) = rows.next()? {
            stored.insert(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?);
        }
    }
    // Where an event is named already, what covers it says nothing new.
    let named: HashSet<u64> =
        chunk.flaws.iter().filter_map(|flaw| Some(flaw.position? >> NODE_HEIGHT)).collect();
    let complete = leaves.computed.len() as u64 == range.end - range.start;
    for n in first..end {
        let Some(node) = stored.get(&n) else {
            chunk.flaws.push(Flaw::at(n << NODE_HEIGHT, FlawKind::Tree, no_node(1, n)));
            continue;
        };
        let group = n << NODE_HEIGHT..(n + 1) << NODE_HEIGHT;
        if !complete
            || named.contains(&n)
            || group.clone().any(|position| leaves.stored.contains_key(&position))
        {
            continue;
        }
        if leaves.node(n - first).is_none_or(|hash| hash[..] != node[..]) {
            chunk.flaws.push(Flaw::at(group.start, FlawKind::Tree, wrong_node(1, n)));
        }
    }
    let mut positions: Vec<u64> = leaves.stored.keys().copied().collect();
    positions.sort_unstable();
    for position in positions {
        let n = position >> NODE_HEIGHT;
        let group = n << NODE_HEIGHT..(n + 1) << NODE_HEIGHT;
        let node = stored.get(&n).filter(|_| complete);
        let says = |hash: Option<Hash>| node.zip(hash).is_some_and(|(node, hash)| hash[..] == node[..]);
        let words = if says(leaves.as_stored(group, range.start)) {
            words!(
                "position {position}: altered: the bytes are not those that were recorded",
                "位置 {position}：被改动：字节不是当时记录的"
            )
        } else if says(leaves.node(n - first)) {
            words!(
                "position {position}: altered: the leaf hash is not the one recorded; the bytes are",
                "位置 {position}：被改动：叶哈希不是当时记录的，字节是"
            )
        } else {
            words!(
                "position {position}: altered: bytes and leaf hash do not fit together",
                "位置 {position}：被改动：字节与叶哈希不符"
            )
        };
        chunk.flaws.push(Flaw::at(position, FlawKind::Altered, words));
    }
    Ok(())
}

pub(super) fn no_node(level: u32, n: u64) -> accord_domain::rejection::Words {
    words!("the tree's hash {n} of level {level} is missing", "树的第 {level} 层第 {n} 个哈希缺失")
}

pub(super) fn wrong_node(level: u32, n: u64) -> accord_domain::rejection::Words {
    words!(
        "altered: the tree's hash {n} of level {level} does not follow from what it covers",
        "被改动：树的第 {level} 层第 {n} 个哈希与其下内容不符"
    )
}
