//! Bytes → words: where ASCII whitespace begins and ends them.
//!
//! Blocks of 64 bytes become one bit a byte, and the bits are walked from edge to edge: no branch a
//! byte, and nothing that the processor predicts wrongly at the end of each word.

use super::table::PADDING;
use crate::error::Result;

const BLOCK: usize = 64;

/// Spaces that follow a text, so that whole blocks and whole words can be loaded up to its end.
pub const SPLIT_PADDING: usize = BLOCK + PADDING;

/// Who takes the words of a text, in order.
pub trait Words {
    /// A word, at `start..end` of the text.
    fn word(&mut self, text: &[u8], start: usize, end: usize) -> Result<()>;
    /// A newline, after the words before it.
    fn newline(&mut self);
}

/// Whether a byte separates words: space, \t, \n, \v, \f or \r. NUL is part of a word.
pub fn is_space(byte: u8) -> bool {
    byte == b' ' || matches!(byte, b'\t'..=b'\r')
}

/// Gives the words and newlines of `text[..len]` to `words`. At least [`SPLIT_PADDING`] spaces
/// follow `len`, so that a word that ends with the text ends at a space like any other.
#[inline]
pub fn split(text: &[u8], len: usize, words: &mut impl Words) -> Result<()> {
    // Whether the byte before the block is a space, and where the word that it is in begins.
    let mut after_space = true;
    let mut start = 0;
    // One block more when the last is full: a word may end just where the text does.
    for block in 0..len / BLOCK + 1 {
        let base = block * BLOCK;
        let bytes: &[u8; BLOCK] = text[base..base + BLOCK].try_into().expect("a block");
        let (spaces, mut newlines) = masks(bytes);
        let shifted = spaces << 1 | u64::from(after_space);
        let (mut starts, mut ends) = (!spaces & shifted, spaces & !shifted);
        if after_space && starts != 0 {
            start = base + pop(&mut starts);
        }
        while ends != 0 {
            let end = base + pop(&mut ends);
            if newlines != 0 {
                while newlines != 0 && base + newlines.trailing_zeros() as usize <= start {
                    pop(&mut newlines);
                    words.newline();
                }
            }
            words.word(text, start, end)?;
            if starts != 0 {
                start = base + pop(&mut starts);
            }
        }
        // A word that is still open begins after all of these.
        while newlines != 0 {
            pop(&mut newlines);
            words.newline();
        }
        after_space = spaces >> (BLOCK - 1) == 1;
    }
    Ok(())
}

/// Takes the lowest bit out and returns its place.
#[inline(always)]
fn pop(bits: &mut u64) -> usize {
    let place = bits.trailing_zeros() as usize;
    *bits &= *bits - 1;
    place
}

/// One bit a byte: where the spaces are, and where the newlines.
#[inline(always)]
fn masks(block: &[u8; BLOCK]) -> (u64, u64) {
    let (mut spaces, mut newlines) = (0, 0);
    for (i, eight) in block.chunks_exact(8).enumerate() {
        let bytes = u64::from_le_bytes(eight.try_into().expect("8 bytes"));
        let found_newlines = zero_bytes(bytes ^ repeat(b'\n'));
        // \t … \r are 9 … 13: at least 9, not at least 14, and not beyond ASCII.
        let low = bytes & repeat(0x7f);
        let from_tab = low + repeat(0x80 - b'\t');
        let past_return = low + repeat(0x80 - b'\r' - 1);
        let controls = from_tab & !past_return & !bytes & repeat(0x80);
        let found = zero_bytes(bytes ^ repeat(b' ')) | controls;
        spaces |= gather(found) << (8 * i);
        newlines |= gather(found_newlines) << (8 * i);
    }
    (spaces, newlines)
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of every byte that is zero, exactly.
#[inline(always)]
fn zero_bytes(bytes: u64) -> u64 {
    !(((bytes & repeat(0x7f)) + repeat(0x7f)) | bytes) & repeat(0x80)
}

/// The eight high bits as one byte; the multiplication moves each to its place without carries.
#[inline(always)]
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Lines(Vec<Vec<Vec<u8>>>);

    impl Words for Lines {
        fn word(&mut self, text: &[u8], start: usize, end: usize) -> Result<()> {
            self.0.last_mut().unwrap().push(text[start..end].to_vec());
            Ok(())
        }

        fn newline(&mut self) {
            self.0.push(Vec::new());
        }
    }

    fn lines(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut padded = text.to_vec();
        padded.resize(text.len() + SPLIT_PADDING, b' ');
        let mut lines = Lines(vec![Vec::new()]);
        split(&padded, text.len(), &mut lines).unwrap();
        lines.0
    }

    fn naive(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let words = |line: &[u8]| {
            line.split(|&byte| is_space(byte))
                .filter(|word| !word.is_empty())
                .map(<[u8]>::to_vec)
                .collect()
        };
        text.split(|&byte| byte == b'\n').map(words).collect()
    }

    proptest! {
        #[test]
        fn splits_like_the_naive_way(text in prop::collection::vec(
            prop_oneof![Just(b' '), Just(b'\n'), Just(b'a'), Just(b'b'), any::<u8>()], 0..400,
        )) {
            prop_assert_eq!(lines(&text), naive(&text));
        }

        #[test]
        fn splits_any_bytes_like_the_naive_way(text in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(lines(&text), naive(&text));
        }
    }

    #[test]
    fn every_byte_is_judged_exactly() {
        for byte in 0..=u8::MAX {
            let text = [b'a', byte, b'a'];
            assert_eq!(lines(&text), naive(&text), "{byte}");
        }
    }
}
