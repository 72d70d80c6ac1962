//! Decimal numbers at the start of a text: the notation that files are full of, read eight digits at
//! a time and rounded once.

/// A number as it is written: `mantissa · 10^power`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    mantissa: u64,
    power: i32,
    is_negative: bool,
}

/// Below these, eight more digits fit into 64 bits, and one more.
const ROOM_FOR_EIGHT: u64 = 10u64.pow(11);
const ROOM_FOR_ONE: u64 = 10u64.pow(18);

/// What a mantissa is multiplied by before so many digits are added.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Powers of ten that an f64 holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

impl Decimal {
    /// Reads a number such as `-12.5` or `1e-05`, and tells how many bytes it takes up. `None` when
    /// none begins here, or one beyond what 64 bits hold or with a longer exponent: whoever asks
    /// must then look at the whole word by other means.
    #[inline(always)] // into the loop over a row: a fifth faster
    pub fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let is_negative = text.first() == Some(&b'-');
        let start = usize::from(is_negative);
        let (mut at, mut mantissa) = (start, 0);
        // Before the point there is one digit as a rule.
        while let Some(digit) = digit_at(text, at) {
            if mantissa >= ROOM_FOR_ONE {
                return None;
            }
            mantissa = mantissa * 10 + digit;
            at += 1;
        }
        let (mut power, mut digits) = (0, at - start);
        if text.get(at) == Some(&b'.') {
            let after_point = at + 1;
            (mantissa, at) = add_digits(text, after_point, mantissa)?;
            digits += at - after_point;
            power = -i32::try_from(at - after_point).ok()?;
        }
        if digits == 0 {
            return None;
        }
        if let Some(b'e' | b'E') = text.get(at) {
            let (exponent, length) = scan_exponent(&text[at + 1..])?;
            power += exponent;
            at += 1 + length;
        }
        Some((Self { mantissa, power, is_negative }, at))
    }

    /// The nearest f64 where one operation on exact operands gives it (Clinger 1990).
    #[inline]
    pub fn to_f64(self) -> Option<f64> {
        if self.mantissa > 1 << f64::MANTISSA_DIGITS {
            return None;
        }
        let value = match self.power {
            -22..=-1 => self.mantissa as f64 / EXACT_POWERS[-self.power as usize],
            0..=22 => self.mantissa as f64 * EXACT_POWERS[self.power as usize],
            _ => return None,
        };
        Some(if self.is_negative { -value } else { value })
    }
}

#[inline(always)]
fn digit_at(text: &[u8], at: usize) -> Option<u64> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(digit.into())
}

/// Appends the digits from `at` on to a mantissa; `None` when there may be too many of them.
#[inline(always)]
fn add_digits(text: &[u8], mut at: usize, mut mantissa: u64) -> Option<(u64, usize)> {
    while let Some(&bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let (value, count) = leading_digits(bytes);
        if count == 0 {
            return Some((mantissa, at));
        }
        if mantissa >= ROOM_FOR_EIGHT {
            return None;
        }
        mantissa = mantissa * POWERS[count] + value;
        at += count;
        if count < 8 {
            return Some((mantissa, at));
        }
    }
    while let Some(digit) = digit_at(text, at) {
        if mantissa >= ROOM_FOR_ONE {
            return None;
        }
        mantissa = mantissa * 10 + digit;
        at += 1;
    }
    Some((mantissa, at))
}

/// The number that the first of eight bytes spell, as far as they are digits, and how many these
/// are; all eight at once, in one register (Lemire, "Number parsing at a gigabyte per second",
/// 2021, section 3).
#[inline(always)]
fn leading_digits(bytes: [u8; 8]) -> (u64, usize) {
    // Digits become 0 to 9, everything else more: adding 0x76 to it sets the highest bit of a byte,
    // or it was set before. A carry can only spoil what stands after the first of them.
    let values = u64::from_le_bytes(bytes) ^ 0x3030_3030_3030_3030;
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let count = others.trailing_zeros() / 8;
    if count == 0 {
        return (0, 0);
    }
    // Zeros come in front, until the last digit stands in the last byte.
    let values = values << (64 - 8 * count);
    // Digits to pairs, pairs to fours and fours to eight.
    let pairs = values * 10 + (values >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    (low.wrapping_add(high) >> 32, count as usize)
}

/// What follows an `e`: a sign or none, and up to three digits.
fn scan_exponent(text: &[u8]) -> Option<(i32, usize)> {
    let is_negative = text.first() == Some(&b'-');
    let start = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let (mut at, mut exponent) = (start, 0);
    while let Some(digit) = digit_at(text, at) {
        exponent = exponent * 10 + digit as i32;
        at += 1;
        if at - start > 3 {
            return None;
        }
    }
    (at > start).then_some((if is_negative { -exponent } else { exponent }, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_ends_where_its_notation_does() {
        for (text, length) in [
            ("1", 1),
            ("-0.25 7", 5),
            ("0.12345678\n", 10),
            ("0.123456789012345678901 ", 0),
            ("0.12345678901234567", 19),
            ("12.", 3),
            (".5\t", 2),
            ("1e-05 ", 5),
            ("1E+5", 4),
            ("1e1234", 0),
            ("1e", 0),
            ("1e+ ", 0),
            ("-", 0),
            (".", 0),
            ("-.", 0),
            ("+1", 0),
            ("nan", 0),
            ("", 0),
            ("1.2.3", 3),
            ("99999999999999999999", 0),
            ("1:5", 1),
            ("1/5", 1),
        ] {
            let found = Decimal::scan(text.as_bytes()).map_or(0, |(_, length)| length);
            assert_eq!(found, length, "{text}");
        }
    }

    proptest! {
        #[test]
        fn leading_digits_are_those_before_the_first_other_byte(
            digits in "[0-9]{0,8}", rest in proptest::collection::vec(any::<u8>(), 8),
        ) {
            let mut bytes = digits.clone().into_bytes();
            bytes.extend(rest.iter().map(|&byte| if byte.is_ascii_digit() { b'x' } else { byte }));
            let bytes: [u8; 8] = bytes[..8].try_into().unwrap();
            let expected = (digits.parse().unwrap_or(0), digits.len());
            prop_assert_eq!(leading_digits(bytes), expected);
        }

        #[test]
        fn the_whole_number_is_read_wherever_the_text_ends(
            number in "-?[0-9]{1,3}(\\.[0-9]{0,8})?(e-?[0-9]{1,2})?", rest in "( [0-9 ]{0,12})?",
        ) {
            let text = format!("{number}{rest}");
            let (decimal, length) = Decimal::scan(text.as_bytes()).unwrap();
            prop_assert_eq!(length, number.len());
            if let Some(value) = decimal.to_f64() {
                let expected: f64 = number.parse().unwrap();
                prop_assert_eq!(value.to_bits(), expected.to_bits());
            }
        }
    }
}
