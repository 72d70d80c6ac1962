//! The sigmoid, of fused multiply-adds and one division, so that it is the same on any processor and
//! the compiler can take a whole vector of scores at once.

/// Beyond this exp leaves the normal range of float32, and the sigmoid is 0 or 1 anyway.
const MAX_SCORE: f32 = 87.0;

/// 1 / (1 + exp(−x)), within 2e-7 of the true value.
///
/// exp(y) = 2^n · exp(r): n is y / ln 2 rounded by adding and subtracting 1.5 · 2^23, which leaves
/// n in the low bits of the sum; r, at most ln 2 / 2, goes through the Taylor series up to r^6 / 6!
/// (rest below 2e-7 relative).
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    const ROUNDING: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4; // the leading bits of ln 2, so that n · LN_2_HIGH is exact
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const TAYLOR: [f32; 5] = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    let y = -x.clamp(-MAX_SCORE, MAX_SCORE);
    let shifted = y.mul_add(std::f32::consts::LOG2_E, ROUNDING);
    let n = shifted - ROUNDING;
    let r = (-n).mul_add(LN_2_LOW, (-n).mul_add(LN_2_HIGH, y));
    let mut series = 1.0 / 720.0f32;
    for coefficient in TAYLOR {
        series = series.mul_add(r, coefficient);
    }
    series = series.mul_add(r, 1.0);
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    1.0 / series.mul_add(power, 1.0)
}
