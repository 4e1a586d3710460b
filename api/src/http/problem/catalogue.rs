//! Every type of problem this API answers with. Each has a page at `/problems/{slug}`.

use axum::http::StatusCode;

/// A type of problem: what RFC 9457 calls `type`, `title` and `status`, and what to do about it.
#[derive(Debug)]
pub struct Kind {
    /// Last part of the type's address, in kebab case. The `code` too, unless the problem has a finer one.
    pub slug: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// Title in English.
    pub title_en: &'static str,
    /// Title in Chinese.
    pub title_zh: &'static str,
    /// What it means and what to do, in English.
    pub help_en: &'static str,
    /// What it means and what to do, in Chinese.
    pub help_zh: &'static str,
    /// Whether the same request may succeed later without a change.
    pub retryable: bool,
}

macro_rules! kinds {
    ($( $NAME:ident $slug:literal $status:ident $(retryable $retryable:literal)? {
        $title_en:literal / $title_zh:literal
        $help_en:literal / $help_zh:literal
    } )*) => {
        $(
            #[doc = $help_en]
            pub static $NAME: Kind = Kind {
                slug: $slug,
                status: StatusCode::$status,
                title_en: $title_en,
                title_zh: $title_zh,
                help_en: $help_en,
                help_zh: $help_zh,
                retryable: false $(|| $retryable)?,
            };
        )*
        /// All of them, by status.
        pub static ALL: &[&Kind] = &[$(&$NAME),*];
    };
}

kinds! {
    INVALID_QUERY "invalid-query" BAD_REQUEST {
        "Query parameter not understood" / "查询参数无效"
        "A query parameter is unknown, repeated, empty or not of its form. `errors` names it; `known` lists those that exist." /
        "某个查询参数不存在、重复、为空或格式不符。`errors` 指出参数，`known` 列出可用参数。"
    }
    INVALID_HEADER "invalid-header" BAD_REQUEST {
        "Request header not understood" / "请求标头无效"
        "A request header is not of its form, or says something else than the body." /
        "某个请求标头格式不符，或与请求正文不一致。"
    }
    INVALID_CODE "invalid-code" BAD_REQUEST {
        "Not a code of this kind" / "编码格式不符"
        "The code or id in the address is not of its form; the detail says what would be right." /
        "地址中的编码或标识格式不符；详情说明正确格式。"
    }
    INVALID_COMMAND "invalid-command" BAD_REQUEST {
        "Command cannot be read" / "命令无法读取"
        "The body is not a command of the form in the reference. `errors` gives the place by JSON pointer, and line and column where they are known. Nothing was recorded." /
        "请求正文不符合命令格式。`errors` 以 JSON pointer 指出位置，并在可知时给出行和列。未作任何记录。"
    }
    INVALID_SUPPOSITION "invalid-supposition" BAD_REQUEST {
        "Supposition not understood" / "假设无法理解"
        "What is supposed cannot be read, contradicts itself, or names an event that is no act of its own. The detail and `code` say which." /
        "所作假设无法读取、自相矛盾，或所指事件并非独立行为。详情与 `code` 说明具体原因。"
    }
    INVALID_CHECKPOINT "invalid-checkpoint" BAD_REQUEST {
        "Checkpoint not taken" / "检查点未被接受"
        "What was handed in is not a checkpoint of this log with the signature of a witness named in keys/witnesses, or has another root than this log had: then one of the two was forged." /
        "提交的内容不是本日志的检查点、没有 keys/witnesses 所列见证人的签名，或其根与本日志当时的根不同（即其中之一为伪造）。"
    }
    INVALID_CURSOR "invalid-cursor" BAD_REQUEST {
        "Cursor cannot be read" / "游标无法读取"
        "The cursor was not made by this server, or was cut. Start again without one." /
        "游标不是由本服务生成或已被截断。请不带游标重新开始。"
    }
    CURSOR_FILTER_MISMATCH "cursor-filter-mismatch" BAD_REQUEST {
        "Cursor belongs to another listing" / "游标与查询条件不符"
        "The filters or coordinates changed between two pages of one listing. Start again without the cursor." /
        "同一列表翻页之间更改了筛选条件或坐标。请不带游标重新开始。"
    }
    READ_ONLY "read-only" FORBIDDEN {
        "Takes no commands" / "不接受命令"
        "This server has the ledger open for reading only. Send commands to the one that writes." /
        "本服务以只读方式打开账本。请向负责写入的服务发送命令。"
    }
    NOT_FOUND "not-found" NOT_FOUND {
        "Nothing at this address" / "地址不存在"
        "There is no such address. /openapi.json lists those that exist." /
        "没有该地址。可用地址见 /openapi.json。"
    }
    UNKNOWN_SUBJECT "unknown-subject" NOT_FOUND {
        "Subject not in the ledger" / "账本中没有该主体"
        "Nothing is recorded about this institution or practitioner (or was not yet at `known_at`)." /
        "账本中没有该机构或人员的记录（或在 `known_at` 时尚无记录）。"
    }
    UNKNOWN_EVENT "unknown-event" NOT_FOUND {
        "Event not in the ledger" / "账本中没有该事件"
        "The event named is not in the ledger, or not in the history of this subject." /
        "所指事件不在账本中，或不在该主体的历史中。"
    }
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED {
        "Method not allowed here" / "不允许该方法"
        "The address exists and does not take this method. The header Allow lists those it takes." /
        "该地址存在但不接受此方法。可用方法见 Allow 标头。"
    }
    REQUEST_TIMEOUT "request-timeout" REQUEST_TIMEOUT retryable true {
        "The body did not arrive" / "请求正文未能送达"
        "The body fell silent before its end, or was not there in the time there is for an answer. Nothing was recorded." /
        "请求正文未送完即中断，或在答复时限内未能送达。未作任何记录。"
    }
    TIMED_OUT "timed-out" SERVICE_UNAVAILABLE retryable true {
        "Not answered in time" / "未能及时答复"
        "The answer took too long. A write may or may not have been recorded: send it again under the same key." /
        "答复超时。写入可能已记录也可能没有：请以同一幂等键重新发送。"
    }
    CONFLICT "conflict" CONFLICT {
        "The stream has moved on" / "记录已被他人更新"
        "`expected_version` is not the newest version. `since` lists what came since; look at it and decide again." /
        "`expected_version` 不是最新版本。`since` 列出其后的事件，请查看后重新决定。"
    }
    KEY_REUSED "key-reused" CONFLICT {
        "Key used for another request" / "幂等键已用于其他请求"
        "The idempotency key was used for a command with another body. Nothing was recorded; use a key of its own for each act." /
        "该幂等键已用于正文不同的命令。未作任何记录；每个行为请使用各自的键。"
    }
    PRECONDITION_FAILED "precondition-failed" PRECONDITION_FAILED {
        "If-Match does not match" / "If-Match 不匹配"
        "The subject has another version than the one in If-Match. `since` lists what came since." /
        "该主体的版本与 If-Match 不同。`since` 列出其后的事件。"
    }
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE {
        "Body too large" / "请求正文过大"
        "The body is longer than this address takes. Large histories go through `accord import`." /
        "请求正文超过上限。大量历史数据请使用 `accord import`。"
    }
    TARGET_TOO_LONG "target-too-long" URI_TOO_LONG {
        "Address too long" / "地址过长"
        "The address with its query is longer than accepted." /
        "地址连同查询参数超过上限。"
    }
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE {
        "Body of another type than taken here" / "不支持的正文类型"
        "The header Content-Type is missing or names a type that this address does not take, or the body is encoded (Content-Encoding)." /
        "Content-Type 标头缺失，或所示类型不被此地址接受，或请求正文经过编码（Content-Encoding）。"
    }
    UNKNOWN_HOST "unknown-host" MISDIRECTED_REQUEST {
        "Not meant for this server" / "请求目标不是本服务"
        "The header Host names neither localhost nor a loopback address. This keeps web pages elsewhere from reaching the ledger (DNS rebinding)." /
        "Host 标头既不是 localhost 也不是回环地址。此检查用于防止其他网页借 DNS 重绑定访问账本。"
    }
    REFUSED "refused" UNPROCESSABLE_ENTITY {
        "Refused by a rule" / "依规则不予受理"
        "A rule, or the state of the subject, forbids the act. `code` names the ground, `basis` the citation, `blocked_by` the events in the way, `allowed` what would be accepted. Nothing was recorded." /
        "规则或主体的现状不允许该行为。`code` 为理由，`basis` 为依据，`blocked_by` 为阻碍事件，`allowed` 为可接受的取值。未作任何记录。"
    }
    TOO_MANY_REQUESTS "too-many-requests" TOO_MANY_REQUESTS retryable true {
        "Too many requests at once" / "同时请求过多"
        "The server answers as many requests as it may at once. Come back after the time in Retry-After." /
        "服务同时处理的请求已达上限。请在 Retry-After 所示时间后重试。"
    }
    INTERNAL "internal" INTERNAL_SERVER_ERROR {
        "A fault in the server" / "服务内部错误"
        "Something went wrong that should not. Nothing half-done was recorded. Report the trace_id." /
        "发生了不应发生的错误。不会留下只完成一半的记录。请报告 trace_id。"
    }
    BEHIND "behind" SERVICE_UNAVAILABLE retryable true {
        "Not there yet" / "尚未到达该位置"
        "The views have not reached `min_position` within the time a read waits, where `position` is where they are; or what was recorded could not be written into them so far." /
        "视图在等待时间内尚未到达 `min_position`（`position` 为当前位置），或已记录的内容暂时未能写入视图。"
    }
    PERSONAL_KEYS "personal-keys" SERVICE_UNAVAILABLE {
        "The keys of personal data cannot be used" / "个人信息密钥无法使用"
        "personal.db or keys/personal.key is missing or of another ledger: restore them from a backup. Nothing was recorded." /
        "personal.db 或 keys/personal.key 缺失，或属于另一账本：请从备份恢复。未作任何记录。"
    }
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE retryable true {
        "The ledger cannot do that now" / "账本暂时不可用"
        "The log or the views cannot be read or written now: a full disk, a lock, a stop. Nothing was acknowledged." /
        "日志或视图当前无法读写：磁盘已满、被锁定或正在停止。未确认任何写入。"
    }
}

/// The type that a bare status stands for: answers made by the router itself.
#[must_use]
pub fn of_status(status: StatusCode) -> &'static Kind {
    match status {
        StatusCode::BAD_REQUEST => &INVALID_CODE,
        StatusCode::NOT_FOUND => &NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => &TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &UNSUPPORTED_MEDIA_TYPE,
        StatusCode::URI_TOO_LONG => &TARGET_TOO_LONG,
        status if status.is_client_error() => &INVALID_HEADER,
        _ => &INTERNAL,
    }
}

/// By the last part of its address.
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.slug == slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_own_address() {
        let mut slugs: Vec<_> = ALL.iter().map(|kind| kind.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), ALL.len());
    }
}
