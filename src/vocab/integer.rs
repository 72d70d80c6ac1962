//! Integers as keys: kept as their decimal text, so that hashing, order and files are those of text.

use std::str;

/// What the keys of a table are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// Strings.
    #[default]
    Text,
    /// Integers of 64 bits, each kept as its [`Decimal`].
    Integer,
}

impl KeyKind {
    /// The name in files, which is Python's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "str",
            Self::Integer => "int",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Text, Self::Integer].into_iter().find(|kind| kind.name() == name)
    }
}

/// The longest text of an integer of 64 bits, a sign and nineteen digits.
const MAX_BYTES: usize = 20;

/// The decimal text of an integer: digits without leading zeros, after a `-` when it is negative.
///
/// One integer has one text, so that equal integers are equal keys and nothing else is.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    bytes: [u8; MAX_BYTES],
    start: usize,
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        let (mut bytes, mut start) = ([b'-'; MAX_BYTES], MAX_BYTES);
        let mut rest = value.unsigned_abs();
        loop {
            start -= 1;
            bytes[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            bytes[start] = b'-';
        }
        Self { bytes, start }
    }
}

impl Decimal {
    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[self.start..]).expect("digits and a sign")
    }

    /// The integer that `text` is the decimal text of; `None` for any other text, `007` too.
    pub fn parse(text: &str) -> Option<i64> {
        let value: i64 = text.parse().ok()?;
        (Self::from(value).as_str() == text).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_the_range_have_a_text() {
        for value in [0, 1, -1, 9, 10, -10, i64::MAX, i64::MIN] {
            assert_eq!(Decimal::from(value).as_str(), value.to_string());
            assert_eq!(Decimal::parse(&value.to_string()), Some(value));
        }
    }

    #[test]
    fn only_the_one_text_of_an_integer_is_one() {
        let beyond = "9223372036854775808";
        for text in ["", "-", "007", "+7", "-0", "7 ", " 7", "7.0", "7a", "٧", beyond] {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn text_is_what_the_standard_library_writes(value: i64) {
            let decimal = Decimal::from(value);
            prop_assert_eq!(decimal.as_str(), value.to_string());
            prop_assert_eq!(Decimal::parse(decimal.as_str()), Some(value));
        }
    }
}
