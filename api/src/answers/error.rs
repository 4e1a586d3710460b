//! Why a question could not be answered.

use super::Lang;
use accord_domain::event::DecodeError;
use accord_projections::ViewError;
use accord_store::LogError;

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Nothing was ever recorded of the subject.
    #[error("nothing is recorded of {code}")]
    UnknownSubject {
        /// Its code.
        code: Box<str>,
    },
    /// Part of the question is missing or does not fit.
    #[error("{parameter}: {message}")]
    Question {
        /// Which part, by its name in HTTP; the command line has the same name after `--`, with `-` for `_`.
        parameter: &'static str,
        /// What is wrong and what would be right, in English.
        message: String,
        /// The same in Chinese.
        message_zh: String,
    },
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
    /// Stored bytes could not be read as an event.
    #[error("an event of {stream} cannot be read")]
    Decode {
        /// The stream.
        stream: Box<str>,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// Stored bytes could not be quoted.
    #[error("position {position} cannot be quoted")]
    Quote {
        /// Where.
        position: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// There is no key to sign a checkpoint with.
    #[error("the key that signs checkpoints cannot be read")]
    NoKey,
    /// The views could not be read.
    #[error("the views could not be read")]
    Views(#[from] ViewError),
}

impl AnswerError {
    /// Stable code in kebab case, never translated.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownSubject { .. } => "unknown-subject",
            Self::Question { .. } => "invalid-question",
            Self::Log(_) | Self::Decode { .. } | Self::Quote { .. } => "log-unreadable",
            Self::NoKey => "no-key",
            Self::Views(_) => "views-unreadable",
        }
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::UnknownSubject { code }, Lang::Zh) => format!("账本中没有 {code} 的任何记录"),
            (Self::NoKey, Lang::Zh) => "无法读取签署检查点的密钥".to_owned(),
            (Self::Question { message_zh, .. }, Lang::Zh) => message_zh.clone(),
            (Self::Question { message, .. }, Lang::En) => message.clone(),
            (error, _) => {
                let mut text = error.to_string();
                let mut source = std::error::Error::source(error);
                while let Some(cause) = source {
                    text.push_str(": ");
                    text.push_str(&cause.to_string());
                    source = cause.source();
                }
                text
            }
        }
    }
}
