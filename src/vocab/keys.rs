//! The key table: string blob + offsets + hash slots, the same bytes in memory and on disk, so that
//! opening a file builds no dictionary.

use xxhash_rust::xxh3::xxh3_64;

use crate::mapped::Buffer;

/// A slot that holds no key.
pub const EMPTY_SLOT: u32 = u32::MAX;

/// Distinct keys by index, and indices by key.
///
/// `bytes[offsets[i]..offsets[i + 1]]` is key `i` in UTF-8. `slots` is an open-addressing hash
/// table, its length a power of two, that holds key indices; a key's search begins at
/// `xxh3_64(key) & (slots.len() - 1)` and goes on to the next slot until an [`EMPTY_SLOT`].
#[derive(Debug, Clone)]
pub struct KeyTable {
    bytes: Buffer<u8>,
    offsets: Buffer<u64>,
    slots: Buffer<u32>,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self { bytes: Vec::new().into(), offsets: vec![0].into(), slots: Vec::new().into() }
    }
}

impl KeyTable {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key at `index`; `None` past the end.
    pub fn get(&self, index: usize) -> Option<&str> {
        let start = usize::try_from(*self.offsets.get(index)?).ok()?;
        let end = usize::try_from(*self.offsets.get(index + 1)?).ok()?;
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// The index of `key`.
    pub fn index(&self, key: &str) -> Option<usize> {
        self.search(key).ok()
    }

    /// Adds `key` unless it is there; returns its index and whether it was added.
    pub fn insert(&mut self, key: &str) -> (usize, bool) {
        if (self.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        match self.search(key) {
            Ok(index) => (index, false),
            Err(slot) => {
                let index = self.len();
                self.bytes.to_mut().extend_from_slice(key.as_bytes());
                let end = self.bytes.len() as u64;
                self.offsets.to_mut().push(end);
                self.slots.to_mut()[slot] = index as u32;
                (index, true)
            }
        }
    }

    /// The keys in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// The index of `key`, or the slot where it would go.
    fn search(&self, key: &str) -> Result<usize, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = xxh3_64(key.as_bytes()) as usize & mask;
        for _ in 0..self.slots.len() {
            match self.slots[slot] {
                EMPTY_SLOT => return Err(slot),
                index if self.get(index as usize) == Some(key) => return Ok(index as usize),
                _ => slot = (slot + 1) & mask,
            }
        }
        Err(slot)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let mut slots = vec![EMPTY_SLOT; size];
        for (index, key) in self.iter().enumerate() {
            let mut slot = xxh3_64(key.as_bytes()) as usize & (size - 1);
            while slots[slot] != EMPTY_SLOT {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = index as u32;
        }
        self.slots = slots.into();
    }
}

impl<'a> FromIterator<&'a str> for KeyTable {
    /// Keeps the first of equal keys.
    fn from_iter<I: IntoIterator<Item = &'a str>>(keys: I) -> Self {
        let mut table = Self::default();
        for key in keys {
            table.insert(key);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in() {
        let words: Vec<String> = (0..1000).map(|i| format!("word{i}")).collect();
        let table: KeyTable = words.iter().map(String::as_str).collect();
        assert_eq!(table.len(), 1000);
        for (index, word) in words.iter().enumerate() {
            assert_eq!(table.index(word), Some(index));
            assert_eq!(table.get(index), Some(word.as_str()));
        }
        assert_eq!(table.index("absent"), None);
        assert_eq!(table.get(1000), None);
    }

    #[test]
    fn an_empty_table_answers() {
        assert_eq!(KeyTable::default().index("a"), None);
        assert!(KeyTable::default().is_empty());
    }
}
