//! Random batches against the plainest model there is.

use super::{Fixture, append, second, under};
use crate::port::{Answer, Append, AppendError, Appended, Expected};
use accord_domain::Version;
use std::collections::HashMap;

/// Numbers that look random and are the same in every run (SplitMix64).
#[derive(Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// What the log should hold.
#[derive(Debug, Default)]
struct Model {
    events: Vec<(String, Version)>,
    streams: HashMap<String, u32>,
    keys: HashMap<String, (u8, u64, u32)>,
}

/// What one request should come to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Written(u64, Version, u32),
    Repeated(u64, u32),
    Conflict(Option<Version>),
    Reused(u64),
    Empty,
}

impl Outcome {
    fn of(answer: &Result<Answer, AppendError>) -> Self {
        match answer {
            Ok(Answer { appended: Appended { first_position, count, .. }, repeated: true }) => {
                Self::Repeated(*first_position, *count)
            }
            Ok(Answer { appended, repeated: false }) => {
                Self::Written(appended.first_position, appended.first_version, appended.count)
            }
            Err(AppendError::Conflict { actual, .. }) => Self::Conflict(*actual),
            Err(AppendError::KeyReused { first_position }) => Self::Reused(*first_position),
            Err(AppendError::Empty) => Self::Empty,
            Err(other) => panic!("{other}"),
        }
    }
}

impl Model {
    fn append(&mut self, append: &Append) -> Outcome {
        let count = u32::try_from(append.events.len()).unwrap();
        if count == 0 {
            return Outcome::Empty;
        }
        let asked = append.request.as_ref().map(|request| (request.key.to_string(), request.digest[0]));
        if let Some((key, digest)) = &asked
            && let Some((first, position, count)) = self.keys.get(key)
        {
            let same = first == digest;
            return if same { Outcome::Repeated(*position, *count) } else { Outcome::Reused(*position) };
        }
        let next = self.streams.get(&*append.stream).copied();
        let actual = next.map(|next| next - 1);
        let holds = match append.expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Exists => actual.is_some(),
            Expected::Exact(version) => actual == Some(version),
        };
        if !holds {
            return Outcome::Conflict(actual);
        }
        let position = self.events.len() as u64;
        let first = next.unwrap_or(0);
        self.events.extend((first..first + count).map(|version| (append.stream.to_string(), version)));
        self.streams.insert(append.stream.to_string(), first + count);
        if let Some((key, digest)) = asked {
            self.keys.insert(key, (digest, position, count));
        }
        Outcome::Written(position, first, count)
    }
}

fn request(numbers: &mut Numbers) -> Append {
    let stream = format!("stream-{}", numbers.below(6));
    let version = u32::try_from(numbers.below(8)).unwrap();
    let expected = match numbers.below(5) {
        0 => Expected::NoStream,
        1 => Expected::Exists,
        2 => Expected::Exact(version),
        _ => Expected::Any,
    };
    let count = u32::try_from(numbers.below(4)).unwrap();
    let request = append(&stream, expected, 0, count);
    if numbers.below(2) == 0 {
        let key = format!("key-{}", numbers.below(40));
        under(&key, u8::try_from(numbers.below(2)).unwrap(), request)
    } else {
        request
    }
}

/// Batches of every mix, the clock jumping and the log reopened now and then: answers and contents as the model says.
pub async fn random_batches_agree_with_a_plain_model(fixture: &mut impl Fixture) {
    let mut numbers = Numbers(20_260_301);
    let mut model = Model::default();
    for round in 0..120 {
        fixture.clock().set(second(i64::try_from(numbers.below(1_000)).unwrap()));
        let batch: Vec<_> = (0..=numbers.below(6)).map(|_| request(&mut numbers)).collect();
        let wanted: Vec<_> = batch.iter().map(|append| model.append(append)).collect();
        let answers = fixture.log().append(batch).await;
        assert_eq!(answers.iter().map(Outcome::of).collect::<Vec<_>>(), wanted, "round {round}");
        if numbers.below(10) == 0 {
            fixture.reopen();
        }
    }
    let log = fixture.log();
    let stored = log.read_all(0, usize::MAX).await.unwrap();
    let found: Vec<_> = stored.iter().map(|event| (event.stream.to_string(), event.version)).collect();
    assert_eq!(found, model.events);
    assert!(stored.is_sorted_by(|a, b| a.recorded_at < b.recorded_at));
    for (stream, count) in &model.streams {
        let events = log.read_stream(stream, 0, usize::MAX).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.version).collect::<Vec<_>>(),
            (0..*count).collect::<Vec<_>>()
        );
    }
    for (key, (digest, position, count)) in &model.keys {
        let (asked, answer) = log.request(key).await.unwrap().unwrap();
        assert_eq!((asked, answer.first_position, answer.count), ([*digest; 32], *position, *count));
        let last = position + u64::from(*count) - 1;
        assert_eq!(answer.recorded_at, stored[usize::try_from(last).unwrap()].recorded_at);
    }
}
