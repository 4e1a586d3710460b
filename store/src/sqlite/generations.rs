//! A memory of bounded size that forgets what was not used for longest.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::Hash;

/// Remembers the newest entries, in two generations: when the young one is full, the old one is forgotten. An entry
/// lives at least until `capacity` others came after it.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    capacity: usize,
}

impl<K: Eq + Hash, V: Copy> Generations<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), capacity }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    /// The same, after which the entry counts as new.
    pub(super) fn renew(&mut self, key: K) -> Option<V> {
        if let Some(young) = self.young.get(&key) {
            return Some(*young);
        }
        let old = self.old.remove(&key)?;
        self.put(key, old);
        Some(old)
    }

    pub(super) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut memory = Generations::new(2);
        (0..3).for_each(|key| memory.put(key, key * 10));
        assert_eq!((memory.get(&0), memory.get(&1), memory.get(&2)), (Some(0), Some(10), Some(20)));
        assert_eq!(memory.renew(0), Some(0));
        (3..5).for_each(|key| memory.put(key, key * 10));
        assert_eq!((memory.get(&0), memory.get(&1)), (Some(0), None));
        assert_eq!(memory.renew(9), None);
        memory.clear();
        assert_eq!(memory.get(&0), None);
    }
}
