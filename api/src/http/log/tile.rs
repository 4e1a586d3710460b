//! `GET /tile/…`: the tree and the events in the static form of c2sp.org/tlog-tiles.

use super::App;
use crate::http::problem::{Problem, catalogue};
use crate::http::query::Query;
use accord_domain::words;
use accord_store::merkle::Subtree;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Hashes of a full tile, events of a full bundle.
const WIDTH: u64 = 256;
/// Height of the subtrees of one level above those of the level below.
const LEVEL_HEIGHT: u32 = 8;
/// Levels above this one have no tile: 2^56 events are more than there are positions.
const LEVEL_MAX: u32 = 6;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/tile/{level}/{*index}", get(tile))
}

async fn tile(
    State(app): State<App>,
    Path((level, index)): Path<(String, String)>,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let (tile, width) = index_of(&index).ok_or_else(nothing)?;
    let first = tile.checked_mul(WIDTH).ok_or_else(nothing)?;
    let level = if level == "entries" { None } else { Some(number(&level).ok_or_else(nothing)?) };
    let height = match level {
        None => 0,
        Some(level) => {
            u32::try_from(level).ok().filter(|level| *level <= LEVEL_MAX).ok_or_else(nothing)? * LEVEL_HEIGHT
        }
    };
    // A tile is there when everything it covers is.
    if first + width > app.log().len().await? >> height {
        return Err(nothing());
    }
    let bytes = match level {
        None => entries(&app, first, width).await?,
        Some(_) => {
            let subtrees: Vec<Subtree> =
                (first..first + width).map(|index| Subtree { height, index }).collect();
            app.log().subtrees(&subtrees).await?.concat()
        }
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}

/// Events one after the other, each behind its length in 16 bits.
async fn entries(app: &App, first: u64, width: u64) -> Result<Vec<u8>, Problem> {
    let count = usize::try_from(width).map_err(|_| nothing())?;
    let mut bytes = Vec::new();
    for stored in app.log().read_all(first, count).await? {
        // One of 65,536 bytes, which older versions allowed, has no place in a bundle.
        let length = u16::try_from(stored.body.len()).map_err(|_| nothing())?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(stored.body.as_bytes());
    }
    Ok(bytes)
}

/// Reads `x001/x234/067` or `x001/x234/067.p/112`: the number of the tile, and how wide it is.
fn index_of(text: &str) -> Option<(u64, u64)> {
    let (text, width) = match text.split_once(".p/") {
        Some((text, width)) => (text, number(width).filter(|width| (1..WIDTH).contains(width))?),
        None => (text, WIDTH),
    };
    let mut tile: u64 = 0;
    let mut parts = text.split('/').peekable();
    while let Some(part) = parts.next() {
        let digits = if parts.peek().is_some() { part.strip_prefix('x')? } else { part };
        if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        tile = tile.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    // A number is not padded with whole elements.
    (!text.starts_with("x000")).then_some((tile, width))
}

/// A number without leading zeroes.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn nothing() -> Problem {
    Problem::new(
        &catalogue::NOT_FOUND,
        words!(
            "there is no such tile; the size of the tree is in /checkpoint, the form of addresses in c2sp.org/tlog-tiles",
            "没有该瓦片；树的大小见 /checkpoint，地址格式见 c2sp.org/tlog-tiles"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_specification_writes_them() {
        assert_eq!(index_of("000"), Some((0, 256)));
        assert_eq!(index_of("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(index_of("x001/x234/067.p/112"), Some((1_234_067, 112)));
        for wrong in [
            "",
            "0",
            "0000",
            "x001",
            "001/067",
            "x000/001",
            "000.p/0",
            "000.p/256",
            "000.p/01",
            "000.p/",
            "+01",
            "000/",
        ] {
            assert_eq!(index_of(wrong), None, "{wrong}");
        }
    }
}
