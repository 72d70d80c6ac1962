//! How files spell a number: exact both ways.
//!
//! Reading rounds correctly to the type asked for; writing gives the shortest text that reads back
//! as the same number, laid out as Python's `str` of a NumPy scalar lays it out (NumPy 2.4; older
//! ones write single and half precision plainly up to 1e16, too).

use std::io::Write;

use bytemuck::Pod;
use half::f16;

use super::decimal::Decimal;

/// A type that vectors are kept in.
pub trait Element: Pod + Send + Sync {
    /// Reads any number, NaN and infinity as well; `None` when `text` is none. Too large a number
    /// becomes infinite.
    fn parse(text: &[u8]) -> Option<Self> {
        match Decimal::scan(text) {
            Some((decimal, length)) if length == text.len() => Self::from_decimal(decimal),
            _ => None,
        }
        .or_else(|| Self::parse_any(std::str::from_utf8(text).ok()?))
    }

    /// Reads the number that stands at the start of `text`, in the notation of [`Decimal`] alone,
    /// and tells how many bytes it takes up.
    #[inline]
    fn parse_start(text: &[u8]) -> Option<(Self, usize)> {
        let (decimal, length) = Decimal::scan(text)?;
        Some((Self::from_decimal(decimal)?, length))
    }

    /// The nearest number, where it is easily had.
    fn from_decimal(decimal: Decimal) -> Option<Self>;
    /// [`Element::parse`], by the standard library.
    fn parse_any(text: &str) -> Option<Self>;
    /// Converts what a binary file holds.
    fn from_f32(value: f32) -> Self;
    /// Converts to what a binary file holds.
    fn to_f32(self) -> f32;
    /// Whether it is neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Appends the shortest text that reads back as this number.
    fn write_shortest(self, out: &mut Vec<u8>);
    /// Appends the number with six decimals, as C's `%lf` does.
    fn write_six_decimals(self, out: &mut Vec<u8>);
}

impl Element for f32 {
    #[inline]
    fn from_decimal(decimal: Decimal) -> Option<Self> {
        let value = decimal.to_f64()?;
        // Rounding twice is wrong only where the first result lies halfway between two f32;
        // `to_f64` never goes down to the subnormal ones, where halfway lies elsewhere.
        (value.to_bits() & 0x1fff_ffff != 0x1000_0000).then_some(value as f32)
    }

    fn parse_any(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_f32(value: f32) -> Self {
        value
    }

    fn to_f32(self) -> f32 {
        self
    }

    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }

    fn write_shortest(self, out: &mut Vec<u8>) {
        match zmij::Buffer::new().format(self) {
            "NaN" => out.extend_from_slice(b"nan"),
            text @ ("inf" | "-inf") => out.extend_from_slice(text.as_bytes()),
            text => lay_out(text, is_plain(f64::from(self), 1e6), out),
        }
    }

    fn write_six_decimals(self, out: &mut Vec<u8>) {
        f64::from(self).write_six_decimals(out);
    }
}

impl Element for f64 {
    #[inline]
    fn from_decimal(decimal: Decimal) -> Option<Self> {
        decimal.to_f64()
    }

    fn parse_any(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn from_f32(value: f32) -> Self {
        value.into()
    }

    fn to_f32(self) -> f32 {
        self as f32
    }

    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }

    fn write_shortest(self, out: &mut Vec<u8>) {
        match zmij::Buffer::new().format(self) {
            "NaN" => out.extend_from_slice(b"nan"),
            text @ ("inf" | "-inf") => out.extend_from_slice(text.as_bytes()),
            text => lay_out(text, is_plain(self, 1e16), out),
        }
    }

    fn write_six_decimals(self, out: &mut Vec<u8>) {
        if self.is_nan() {
            // C prints the sign of a NaN that has one.
            out.extend_from_slice(if self.is_sign_negative() { b"-nan" } else { b"nan" });
        } else {
            write!(out, "{self:.6}").expect("writing to memory does not fail");
        }
    }
}

impl Element for f16 {
    #[inline]
    fn from_decimal(decimal: Decimal) -> Option<Self> {
        decimal.to_f64().map(f16_from_f64)
    }

    fn parse_any(text: &str) -> Option<Self> {
        f64::parse_any(text).map(f16_from_f64)
    }

    fn from_f32(value: f32) -> Self {
        Self::from_f32(value)
    }

    fn to_f32(self) -> f32 {
        self.into()
    }

    fn is_finite(self) -> bool {
        Self::is_finite(self)
    }

    fn write_shortest(self, out: &mut Vec<u8>) {
        if !self.is_finite() {
            return f32::from(self).write_shortest(out);
        }
        // Five digits tell any two half-precision numbers apart. Where the spacing changes, at powers
        // of two, the nearest text of so many digits may miss while the next one up does not.
        let value = f64::from(self);
        for decimals in 0..5 {
            let nearest = format!("{value:.decimals$e}");
            let (digits, exponent) = nearest.split_once('e').unwrap_or((&nearest, "0"));
            let digits: i64 = digits.replace('.', "").parse().unwrap_or(0);
            let exponent = exponent.parse::<i64>().unwrap_or(0) - decimals as i64;
            for digits in [digits, digits + digits.signum()] {
                let text = format!("{digits}e{exponent}");
                if value != 0.0 && Self::parse(text.as_bytes()) == Some(self) {
                    return lay_out(&text, is_plain(value, 1e3), out);
                }
            }
        }
        lay_out(&format!("{value:e}"), is_plain(value, 1e3), out);
    }

    fn write_six_decimals(self, out: &mut Vec<u8>) {
        f64::from(self).write_six_decimals(out);
    }
}

/// Rounds once, where `f16::from_f64` rounds to f32 or cuts bits off first: goes by way of an odd
/// f32, which never lies halfway between two f16 (Boldo and Melquiond 2008).
fn f16_from_f64(value: f64) -> f16 {
    let narrow = value as f32;
    let wide = f64::from(narrow);
    if wide == value || value.is_nan() {
        return f16::from_f32(narrow);
    }
    let towards_zero = narrow.to_bits() - u32::from(wide.abs() > value.abs());
    f16::from_f32(f32::from_bits(towards_zero | 1))
}

/// Whether NumPy writes a number without an exponent: from 1e-4 up to a limit for each type.
fn is_plain(value: f64, limit: f64) -> bool {
    value == 0.0 || (1e-4..limit).contains(&value.abs())
}

/// Lays the digits of `text` (any decimal notation with a point or an exponent) out as Python does: plain with at least one
/// decimal, or as digits and an exponent of at least two digits.
fn lay_out(text: &str, is_plain: bool, out: &mut Vec<u8>) {
    if is_plain && !text.contains('e') {
        return out.extend_from_slice(text.as_bytes());
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.len() < text.len() {
        out.push(b'-');
    }
    let (number, exponent) = match unsigned.split_once('e') {
        Some((number, exponent)) => (number, exponent.parse::<i32>().unwrap_or(0)),
        None => (unsigned, 0),
    };
    let point = number.find('.').unwrap_or(number.len());
    let mut digits = [b'0'; 40];
    let mut count = 0;
    let mut leading_zeros = 0;
    for byte in number.bytes().filter(u8::is_ascii_digit) {
        if count == 0 && byte == b'0' {
            leading_zeros += 1;
        } else {
            digits[count] = byte;
            count += 1;
        }
    }
    while count > 0 && digits[count - 1] == b'0' {
        count -= 1;
    }
    if count == 0 {
        return out.extend_from_slice(b"0.0");
    }
    // The value is 0.DIGITS times ten to this power.
    let scale = point as i32 - leading_zeros + exponent;
    write_digits(&digits[..count], scale, is_plain, out);
}

fn write_digits(digits: &[u8], scale: i32, is_plain: bool, out: &mut Vec<u8>) {
    let zeros = |out: &mut Vec<u8>, count: usize| out.resize(out.len() + count, b'0');
    match scale {
        ..=0 if is_plain => {
            out.extend_from_slice(b"0.");
            zeros(out, -scale as usize);
            out.extend_from_slice(digits);
        }
        1.. if is_plain => {
            let whole = digits.len().min(scale as usize);
            out.extend_from_slice(&digits[..whole]);
            zeros(out, scale as usize - whole);
            out.push(b'.');
            let decimals = &digits[whole..];
            out.extend_from_slice(if decimals.is_empty() { b"0" } else { decimals });
        }
        _ => {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            let sign = if scale > 0 { '+' } else { '-' };
            write!(out, "e{sign}{:02}", (scale - 1).abs())
                .expect("writing to memory does not fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shortest<T: Element>(value: T) -> String {
        let mut out = Vec::new();
        value.write_shortest(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn six<T: Element>(value: T) -> String {
        let mut out = Vec::new();
        value.write_six_decimals(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_look_as_in_python() {
        let cases: [(f32, &str); 17] = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-12.5, "-12.5"),
            (999999.94, "999999.94"),
            (1e6, "1e+06"),
            (16777216.0, "1.6777216e+07"),
            (1.2345679e20, "1.2345679e+20"),
            // The nearest f32 lies below 1e-4; the next one above it.
            (1e-4, "1e-04"),
            (f32::from_bits(0x38d1_b718), "0.000100000005"),
            (9.9999e-5, "9.9999e-05"),
            (f32::from_bits(1), "1e-45"),
            (f32::MAX, "3.4028235e+38"),
            (123456789.0, "1.2345679e+08"),
            (f32::INFINITY, "inf"),
            (f32::NAN, "nan"),
        ];
        for (value, text) in cases {
            assert_eq!(shortest(value), text);
        }
        assert_eq!(shortest(0.1f64), "0.1");
        assert_eq!(shortest(1e-7f64), "1e-07");
        assert_eq!(shortest(1.5e300f64), "1.5e+300");
        assert_eq!(shortest(f16::from_f64(0.1)), "0.1");
        assert_eq!(shortest(f16::MAX), "6.55e+04");
        assert_eq!(shortest(1e15f64), "1000000000000000.0");
        assert_eq!(shortest(1e16f64), "1e+16");
        assert_eq!(shortest(f16::from_bits(1)), "6e-08");
    }

    #[test]
    fn six_decimals_round_as_in_c() {
        // 2^-7 lies halfway and goes to the even digit.
        for (value, text) in [
            (0.0078125f32, "0.007812"),
            (1.0, "1.000000"),
            (-0.0, "-0.000000"),
            (2.5e-7, "0.000000"),
        ] {
            assert_eq!(six(value), text);
        }
    }

    #[test]
    fn half_precision_rounds_once() {
        // Just beside the point halfway between two f16, and on it as an f32.
        for (text, nearest) in [
            ("1.1967773426534207", 1.1962890625),
            ("1.1967773537635803", 1.197265625),
            ("-0.4576416136186497", -0.457763671875),
            ("1e-40", 0.0),
            ("-1e300", f64::NEG_INFINITY),
            ("65519.999999999", 65504.0),
            ("65520", f64::INFINITY),
        ] {
            assert_eq!(f16::parse(text.as_bytes()).map(f64::from), Some(nearest), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "e5", "1e", "1_0", "abc", "1.2.3", "--1", "0x10", "1 ", "-."] {
            assert_eq!(f32::parse(text.as_bytes()), None, "{text}");
            assert_eq!(f64::parse(text.as_bytes()), None, "{text}");
        }
        for text in ["+1", "1.", ".5", "1E5", "1e+05", "-0", "inf", "NaN", "1e39", "1e-60"] {
            let parsed = f32::parse(text.as_bytes()).unwrap();
            assert_eq!(parsed.to_bits(), text.parse::<f32>().unwrap().to_bits(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            let again = f32::parse(shortest(value).as_bytes()).unwrap();
            prop_assert!(again.to_bits() == bits || (again.is_nan() && value.is_nan()));
            let half = f16::from_bits(bits as u16);
            let again = f16::parse(shortest(half).as_bytes()).unwrap();
            prop_assert!(again == half || (again.is_nan() && half.is_nan()));
        }

        #[test]
        fn doubles_read_back(value in any::<f64>()) {
            prop_assert_eq!(f64::parse(shortest(value).as_bytes()).unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn reading_rounds_as_the_standard_library_does(
            text in "-?[0-9]{1,12}(\\.[0-9]{0,12})?(e-?[0-9]{1,2})?",
        ) {
            let expected: f32 = text.parse().unwrap();
            prop_assert_eq!(f32::parse(text.as_bytes()).unwrap().to_bits(), expected.to_bits());
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(f64::parse(text.as_bytes()).unwrap().to_bits(), expected.to_bits());
        }

        #[test]
        fn halfway_points_round_once(bits in 0x3000_0000u32..0x4b00_0000, nudge in -1i64..2) {
            // The midpoint of two neighbours, and its nearest doubles, written in full.
            let (low, high) = (f32::from_bits(bits), f32::from_bits(bits + 1));
            let middle = (f64::from(low) + f64::from(high)) / 2.0;
            let text = format!("{}", f64::from_bits((middle.to_bits() as i64 + nudge) as u64));
            let expected: f32 = text.parse().unwrap();
            prop_assert_eq!(f32::parse(text.as_bytes()).unwrap().to_bits(), expected.to_bits());
        }
    }
}
