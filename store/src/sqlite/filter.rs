//! What the index certainly does not hold: spares whoever appends the search for keys and names that are new.

/// Bits an entry is given: with four of them set, about one absent entry in 400 is searched for in vain.
const BITS_PER_ENTRY: u32 = 16;
const PROBES: u32 = 4;
/// Entries of the first layer; every further one takes twice as many.
const FIRST_LAYER_ENTRIES: u32 = 1 << 18;

/// A Bloom filter that grows by layers, so nothing is ever hashed anew.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Layer>);

const fn words_for(entries: u32) -> usize {
    entries as usize * (BITS_PER_ENTRY as usize) / 64
}

#[derive(Debug)]
struct Layer {
    words: Vec<u64>,
    room: u32,
}

impl Layer {
    fn new(entries: u32) -> Self {
        Self { words: vec![0; words_for(entries)], room: entries }
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

    /// Its layers for a file: how many entries each still has room for, and its bits.
    pub(super) fn layers(&self) -> impl Iterator<Item = (u32, Vec<u8>)> {
        self.0
            .iter()
            .map(|layer| (layer.room, layer.words.iter().flat_map(|word| word.to_le_bytes()).collect()))
    }

    /// A filter of such layers, in their order; none when they are not those of a filter.
    pub(super) fn of_layers(layers: &[(u32, Vec<u8>)]) -> Option<Self> {
        let layer = |(at, (room, bytes)): (usize, &(u32, Vec<u8>))| {
            let entries = FIRST_LAYER_ENTRIES.checked_shl(u32::try_from(at).ok()?)?;
            let (words, rest) = bytes.as_chunks();
            let fits = words.len() == words_for(entries) && rest.is_empty() && *room <= entries;
            fits.then(|| Layer {
                words: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
                room: *room,
            })
        };
        layers.iter().enumerate().map(layer).collect::<Option<_>>().map(Self)
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
        let hash = |n: u32| name_hash(&n.to_string());
        (0..entries).for_each(|n| filter.add(hash(n)));
        assert!((0..entries).all(|n| filter.may_hold(hash(n))));
        let mut layers: Vec<_> = filter.layers().collect();
        let kept = Filter::of_layers(&layers).unwrap();
        assert!((0..entries * 2).all(|n| kept.may_hold(hash(n)) == filter.may_hold(hash(n))));
        layers[1].1.pop();
        assert!(Filter::of_layers(&layers).is_none(), "a byte is missing");
        let wrong = (entries..entries + 20_000).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(wrong < 20_000 / 25, "{wrong}");
    }
}
