//! The key table: string blob + offsets + hash slots, the same bytes in memory and on disk, so that
//! opening a file builds no dictionary.

use std::ops::Range;
use std::str;

use xxhash_rust::xxh3::xxh3_64;

use super::integer::{Decimal, KeyKind};
use crate::error::{Error, Result};
use crate::mapped::Buffer;

/// A slot that holds no key.
pub const EMPTY_SLOT: u32 = u32::MAX;

/// The most keys a table can hold: slots are 32 bits wide, and one value means "empty".
pub const MAX_KEYS: usize = EMPTY_SLOT as usize;

/// Distinct keys by index, and indices by key.
///
/// `bytes[offsets[i]..offsets[i + 1]]` is key `i` in UTF-8. `slots` is an open-addressing hash
/// table, its length a power of two and at most half full, that holds key indices; a key's search
/// begins at `xxh3_64(key) & (slots.len() - 1)` and goes on to the next slot until an
/// [`EMPTY_SLOT`].
///
/// Keys are strings, or they are integers, each kept as its [`Decimal`]; the first key decides.
///
/// The parts may come from a file that nobody has verified: then a lookup may give a wrong answer,
/// but it stays within bounds, never panics, and ends after one round of the slots at most.
#[derive(Debug, Clone)]
pub struct KeyTable {
    bytes: Buffer<u8>,
    offsets: Buffer<u64>,
    slots: Buffer<u32>,
    /// Means nothing while there are no keys.
    kind: KeyKind,
}

/// What is wrong with a key table's parts; the reader of the file adds the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyTableError {
    /// No offsets, so not even an end.
    #[error("key_offsets is empty, expected one offset more than there are keys")]
    NoOffsets,
    /// More keys than slots can name.
    #[error("{0} keys, at most {MAX_KEYS} are possible")]
    TooMany(usize),
    /// The number of slots cannot serve the keys.
    #[error("{slots} key_slots for {keys} keys, expected a power of two that is at least {}", .keys * 2)]
    Slots {
        /// How many there are.
        slots: usize,
        /// How many keys they serve.
        keys: usize,
    },
    /// Offsets that do not span the blob.
    #[error("key_offsets go from {first} to {last}, expected 0 to {bytes}, the size of key_bytes")]
    Ends {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
        /// The size of the blob.
        bytes: usize,
    },
    /// Offsets that go backwards or leave the blob.
    #[error(
        "key {index} has bytes {start} to {end}, which is not a range of the {bytes} key_bytes"
    )]
    Range {
        /// The key.
        index: usize,
        /// Its first byte.
        start: u64,
        /// The byte after its last.
        end: u64,
        /// The size of the blob.
        bytes: usize,
    },
    /// A key that is not UTF-8.
    #[error("key {0} is not valid UTF-8")]
    Utf8(usize),
    /// A key of a table of integers that is none.
    #[error("key {0} is not an integer of 64 bits in decimal digits")]
    Integer(usize),
    /// Two equal keys, or one that its slots do not lead to.
    #[error("key {0} is not found by its own text: a duplicate, or damaged key_slots")]
    Lost(usize),
}

impl Default for KeyTable {
    fn default() -> Self {
        Self {
            bytes: Vec::new().into(),
            offsets: vec![0].into(),
            slots: Vec::new().into(),
            kind: KeyKind::Text,
        }
    }
}

impl KeyTable {
    /// A table over parts that were written earlier. Sizes are checked here; ranges and UTF-8 at
    /// each access, or all at once by [`KeyTable::verify`].
    pub fn from_parts(
        bytes: Buffer<u8>,
        offsets: Buffer<u64>,
        slots: Buffer<u32>,
        kind: KeyKind,
    ) -> Result<Self, KeyTableError> {
        let keys = check_ends(&bytes, &offsets)?;
        // Without a key there is nothing to find, and no slots are as good as some.
        let enough = slots.len() / 2 >= keys && slots.len().is_power_of_two();
        if enough || (keys == 0 && slots.is_empty()) {
            Ok(Self { bytes, offsets, slots, kind })
        } else {
            Err(KeyTableError::Slots { slots: slots.len(), keys })
        }
    }

    /// A table over a blob of keys and their offsets; refuses what is no key of that kind, and
    /// duplicates.
    pub fn from_blob(
        bytes: Vec<u8>,
        offsets: Vec<u64>,
        kind: KeyKind,
    ) -> Result<Self, KeyTableError> {
        let keys = check_ends(&bytes, &offsets)?;
        let slots = Vec::new().into();
        let mut table = Self { bytes: bytes.into(), offsets: offsets.into(), slots, kind };
        table.verify_text()?;
        table.rebuild_slots(slots_for(keys));
        table.verify_slots()?;
        Ok(table)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the keys are: text where there are none.
    pub fn kind(&self) -> KeyKind {
        if self.is_empty() { KeyKind::Text } else { self.kind }
    }

    /// Says what the keys are, those there are and those to come; the caller knows them.
    pub fn set_kind(&mut self, kind: KeyKind) {
        self.kind = kind;
    }

    /// The blob of keys, one after another.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each key begins in the blob, and the end of the last.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// The hash slots; see the type's head.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// The key at `index`; `None` past the end (or where an unverified file is damaged).
    pub fn get(&self, index: usize) -> Option<&str> {
        str::from_utf8(self.get_bytes(index)?).ok()
    }

    /// The bytes of the key at `index`, without a look at their encoding.
    pub fn get_bytes(&self, index: usize) -> Option<&[u8]> {
        let start = usize::try_from(*self.offsets.get(index)?).ok()?;
        let end = usize::try_from(*self.offsets.get(index + 1)?).ok()?;
        self.bytes.get(start..end)
    }

    /// The integer at `index`; `None` past the end (or where an unverified file is damaged).
    pub fn get_integer(&self, index: usize) -> Option<i64> {
        Decimal::parse(self.get(index)?)
    }

    /// The keys at a range of indices below [`KeyTable::len`], one after another; where an
    /// unverified file is damaged, the index of a key that is no text within bounds.
    pub fn text(&self, range: Range<usize>) -> Result<&str, usize> {
        let offsets = &self.offsets[range.start..=range.end];
        let (first, last) = (offsets[0], offsets[range.len()]);
        let whole = self.bytes.get(first as usize..last as usize);
        let text = whole.and_then(|bytes| str::from_utf8(bytes).ok());
        let is_whole = text.is_some_and(|text| {
            // Backwards is seen before anything is subtracted.
            let ends_a_key = |end: u64| text.is_char_boundary((end - first) as usize);
            offsets.windows(2).all(|pair| pair[0] <= pair[1] && ends_a_key(pair[1]))
        });
        match text {
            Some(text) if is_whole => Ok(text),
            _ => Err(range.clone().find(|&index| self.get(index).is_none()).unwrap_or(range.start)),
        }
    }

    /// The index of `key`, whichever kind it is the text of.
    pub fn index(&self, key: &str) -> Option<usize> {
        self.search(key.as_bytes()).ok()
    }

    /// Adds `key`, the text of a key of the table's kind, unless it is there; returns its index and
    /// whether it was added.
    ///
    /// Fails past [`MAX_KEYS`] keys.
    pub fn insert(&mut self, key: &str) -> Result<(usize, bool)> {
        if (self.len() + 1) * 2 > self.slots.len() {
            self.rebuild_slots(slots_for(self.len() + 1));
        }
        match self.search(key.as_bytes()) {
            Ok(index) => Ok((index, false)),
            Err(slot) => {
                let index = self.len();
                let entry = slot_entry(index)?;
                self.bytes.to_mut().extend_from_slice(key.as_bytes());
                let end = self.bytes.len() as u64;
                self.offsets.to_mut().push(end);
                self.slots.to_mut()[slot] = entry;
                Ok((index, true))
            }
        }
    }

    /// Makes room for `additional` more keys, so that inserting them rebuilds no slots.
    pub fn reserve(&mut self, additional: usize) {
        let keys = self.len().saturating_add(additional).min(MAX_KEYS);
        if slots_for(keys) > self.slots.len() {
            self.rebuild_slots(slots_for(keys));
            self.offsets.to_mut().reserve(additional);
        }
    }

    /// The keys at the indices of `order`, in that order, as a table of its own. `None` when one is
    /// past the end or comes twice.
    pub fn take(&self, order: impl IntoIterator<Item = usize>) -> Option<Self> {
        let mut taken = Self { kind: self.kind, ..Self::default() };
        for index in order {
            let (_, is_new) = taken.insert(self.get(index)?).ok()?;
            if !is_new {
                return None;
            }
        }
        Some(taken)
    }

    /// The keys in order; ends early where an unverified file is damaged.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// Bytes that the table takes up, in memory or in its file.
    pub fn byte_size(&self) -> usize {
        self.bytes.len() + size_of_val(self.offsets()) + size_of_val(self.slots())
    }

    /// Whether every key is in bounds, valid UTF-8, of the table's kind, and found by its own text (so none is there
    /// twice).
    pub fn verify(&self) -> Result<(), KeyTableError> {
        self.verify_text()?;
        self.verify_slots()
    }

    fn verify_text(&self) -> Result<(), KeyTableError> {
        for (index, range) in self.offsets.windows(2).enumerate() {
            let bytes = self.get_bytes(index).ok_or(KeyTableError::Range {
                index,
                start: range[0],
                end: range[1],
                bytes: self.bytes.len(),
            })?;
            let text = str::from_utf8(bytes).map_err(|_| KeyTableError::Utf8(index))?;
            if self.kind == KeyKind::Integer && Decimal::parse(text).is_none() {
                return Err(KeyTableError::Integer(index));
            }
        }
        Ok(())
    }

    fn verify_slots(&self) -> Result<(), KeyTableError> {
        let lost = (0..self.len()).find(|&index| {
            self.get_bytes(index).is_none_or(|bytes| self.search(bytes) != Ok(index))
        });
        lost.map_or(Ok(()), |index| Err(KeyTableError::Lost(index)))
    }

    /// The index of `key`, or the slot where it would go.
    fn search(&self, key: &[u8]) -> Result<usize, usize> {
        let slots: &[u32] = &self.slots;
        let mask = slots.len().wrapping_sub(1);
        let mut slot = xxh3_64(key) as usize & mask;
        // A damaged table may have no empty slot: one round, then it is absent.
        for _ in 0..slots.len() {
            match slots[slot] {
                EMPTY_SLOT => return Err(slot),
                index if self.get_bytes(index as usize) == Some(key) => return Ok(index as usize),
                _ => slot = (slot + 1) & mask,
            }
        }
        Err(slot)
    }

    fn rebuild_slots(&mut self, size: usize) {
        let mut slots = vec![EMPTY_SLOT; size];
        for index in 0..self.len() {
            let Some(key) = self.get_bytes(index) else { continue };
            let mut slot = xxh3_64(key) as usize & (size - 1);
            while slots[slot] != EMPTY_SLOT {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = index as u32;
        }
        self.slots = slots.into();
    }
}

/// What can be known of the offsets without a look at each: how many keys they are for.
fn check_ends(bytes: &[u8], offsets: &[u64]) -> Result<usize, KeyTableError> {
    let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else {
        return Err(KeyTableError::NoOffsets);
    };
    if first != 0 || last != bytes.len() as u64 {
        return Err(KeyTableError::Ends { first, last, bytes: bytes.len() });
    }
    match offsets.len() - 1 {
        keys @ ..=MAX_KEYS => Ok(keys),
        keys => Err(KeyTableError::TooMany(keys)),
    }
}

/// Slots for so many keys: a power of two, at most half full.
fn slots_for(keys: usize) -> usize {
    (keys * 2).next_power_of_two().max(16)
}

/// What a slot holds for the key at `index`.
fn slot_entry(index: usize) -> Result<u32> {
    match u32::try_from(index) {
        Ok(entry) if entry != EMPTY_SLOT => Ok(entry),
        _ => Err(Error::config(
            "keys",
            format!("must be at most {MAX_KEYS} distinct strings; split them over several stores"),
        )),
    }
}

impl PartialEq for KeyTable {
    /// The same keys in the same order, wherever they lie; the integer 7 is not the text "7".
    fn eq(&self, other: &Self) -> bool {
        let same_layout = || self.offsets() == other.offsets() && self.bytes() == other.bytes();
        let same_keys = || (0..self.len()).all(|i| self.get_bytes(i) == other.get_bytes(i));
        let same_shape = self.len() == other.len() && self.kind() == other.kind();
        same_shape && (same_layout() || same_keys())
    }
}

impl<'a> FromIterator<&'a str> for KeyTable {
    /// Keeps the first of equal keys.
    ///
    /// # Panics
    /// Past [`MAX_KEYS`] keys; where that many may come, use [`KeyTable::insert`].
    fn from_iter<I: IntoIterator<Item = &'a str>>(keys: I) -> Self {
        let mut table = Self::default();
        for key in keys {
            table.insert(key).expect("a key table holds at most MAX_KEYS keys");
        }
        table
    }
}

#[cfg(test)]
mod tests;
