//! The rows of a ledger's log, for the limits to be measured with the very same bytes.

use super::limits::Row;
use accord_store::{EventLog, Scan};
use std::sync::Arc;

/// Hands out the rows in the order of their positions.
pub(crate) struct Rows {
    scan: Box<dyn Scan>,
    names: Vec<Option<Arc<str>>>,
    at: u64,
    end: u64,
}

impl Rows {
    /// The rows before a position.
    pub(crate) fn of(log: &dyn EventLog, end: u64) -> anyhow::Result<Self> {
        Ok(Self { scan: log.scanner()?, names: Vec::new(), at: 0, end })
    }

    /// The next rows, at most so many; none at the end.
    pub(crate) fn next(&mut self, count: usize) -> anyhow::Result<Vec<Row>> {
        let until = self.end.min(self.at + u64::try_from(count)?);
        let mut found = Vec::with_capacity(count);
        self.scan.scan(self.at..until, &mut |raw| {
            found.push((raw.stream, raw.version, String::from_utf8_lossy(raw.body).into_owned()));
            Ok(())
        })?;
        self.at = until;
        found
            .into_iter()
            .map(|(stream, version, body)| {
                let stream = self.name(stream)?;
                Ok(Row { stream, version, body: body.into() })
            })
            .collect()
    }

    fn name(&mut self, stream: u64) -> anyhow::Result<Arc<str>> {
        let index = usize::try_from(stream)?;
        if self.names.len() <= index {
            self.names.resize(index + 1, None);
        }
        if let Some(name) = &self.names[index] {
            return Ok(Arc::clone(name));
        }
        let name = self.scan.stream_name(stream)?;
        self.names[index] = Some(Arc::clone(&name));
        Ok(name)
    }
}
