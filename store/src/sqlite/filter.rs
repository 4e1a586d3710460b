//! What the index certainly does not hold: spares an import the search for keys and names that are new.

/// Bits an entry is given: with four of them set, about one absent entry in 400 is searched for in vain.
const BITS_PER_ENTRY: usize = 16;
const PROBES: u32 = 4;
/// Entries of the first layer; every further one takes twice as many.
const FIRST_LAYER_ENTRIES: usize = 1 << 18;

/// A Bloom filter that grows by layers, so nothing is ever hashed anew.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Layer>);

#[derive(Debug)]
struct Layer {
    words: Vec<u64>,
    room: usize,
}

impl Layer {
    fn new(entries: usize) -> Self {
        Self { words: vec![0; entries * BITS_PER_ENTRY / 64], room: entries }
    }

    /// Word and mask of a hash: all its bits lie in one word, so a probe costs one look at memory.
    fn place(&self, hash: i64) -> (usize, u64) {
        let hash = hash.cast_unsigned();
        // The lengths are powers of two; the word comes from the low bits and the bits in it from the high ones.
        let word = usize::try_from(hash).unwrap_or(usize::MAX) & (self.words.len() - 1);
        let mask = (0..PROBES).fold(0, |mask, probe| mask | 1 << (hash >> (64 - 6 * (probe + 1)) & 63));
        (word, mask)
    }
}

impl Filter {
    /// Adds a hash.
    pub(super) fn add(&mut self, hash: i64) {
        let layers = self.0.len();
        let layer = match self.0.pop() {
            Some(layer) if layer.room > 0 => layer,
            full => {
                self.0.extend(full);
                Layer::new(FIRST_LAYER_ENTRIES << layers)
            }
        };
        let mut layer = layer;
        let (word, mask) = layer.place(hash);
        layer.words[word] |= mask;
        layer.room -= 1;
        self.0.push(layer);
    }

    /// Whether a hash may have been added; a no is certain.
    pub(super) fn may_hold(&self, hash: i64) -> bool {
        self.0.iter().any(|layer| {
            let (word, mask) = layer.place(hash);
            layer.words[word] & mask == mask
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::index::name_hash;

    #[test]
    fn what_was_added_is_never_denied_and_little_else_is_admitted() {
        let mut filter = Filter::default();
        assert!(!filter.may_hold(0));
        let entries = FIRST_LAYER_ENTRIES * 3;
        let hash = |n: usize| name_hash(&n.to_string());
        (0..entries).for_each(|n| filter.add(hash(n)));
        assert!((0..entries).all(|n| filter.may_hold(hash(n))));
        let wrong = (entries..entries + 20_000).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(wrong < 20_000 / 25, "{wrong}");
    }
}
