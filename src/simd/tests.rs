//! Every backend against naive arithmetic in float64, and against the scalar one for equal bits.

use super::*;
use crate::matrix::Matrix;
use crate::sampling::SplitMix64;

/// A matrix of random values in -1 .. 1.
fn random(rows: usize, columns: usize, seed: u64) -> Matrix {
    let mut generator = SplitMix64::new(seed);
    let mut matrix = Matrix::zeros(rows, columns).unwrap();
    for value in matrix.values_mut().unwrap() {
        *value = (generator.draw() >> 40) as f32 / (1 << 23) as f32 - 1.0;
    }
    matrix
}

fn rows(matrix: &mut Matrix) -> (Vec<Row>, usize) {
    let count = matrix.rows();
    let shared = matrix.share();
    ((0..count).map(|row| shared.row(row)).collect(), shared.stride())
}

fn dense(mut matrix: Matrix) -> Vec<f32> {
    matrix.compact_rows();
    matrix.values().unwrap().to_vec()
}

/// Sizes that leave every kind of remainder, without trying all of 1 ..= 257 against all counts.
fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
    (1..=257).map(|d| (d, 1 + d % 16, 1 + d % 13))
}

/// One shared step on fresh matrices: inputs, outputs and scores afterwards.
fn shared_step(kernels: &Kernels, d: usize, c: usize, t: usize) -> [Vec<f32>; 3] {
    let (mut inputs, mut targets) = (random(c, d, 1), random(t, d, 2));
    let mut scores = vec![0.0; c * t];
    let (input_rows, width) = rows(&mut inputs);
    let (target_rows, _) = rows(&mut targets);
    // SAFETY: rows of `width` values; `backends` lists what this processor has.
    unsafe {
        (kernels.scores)(&input_rows, &target_rows, width, &mut scores);
        let mut gradients = scores.clone();
        (kernels.sigmoid)(&mut gradients);
        (kernels.update)(&input_rows, &target_rows, width, &gradients);
    }
    [dense(inputs), dense(targets), scores]
}

#[test]
fn the_shared_step_is_the_naive_one() {
    for (d, c, t) in shapes() {
        let [inputs, targets, scores] = shared_step(&scalar::KERNELS, d, c, t);
        let (x, y) = (dense(random(c, d, 1)), dense(random(t, d, 2)));
        let at = |m: &[f32], row: usize, k: usize| f64::from(m[row * d + k]);
        let score = |i, j| (0..d).map(|k| at(&x, i, k) * at(&y, j, k)).sum::<f64>();
        let gradient = |i, j| 1.0 / (1.0 + (-score(i, j)).exp());
        for i in 0..c {
            for j in 0..t {
                assert!((f64::from(scores[i * t + j]) - score(i, j)).abs() < 2e-5);
            }
            for k in 0..d {
                let expected =
                    at(&x, i, k) + (0..t).map(|j| gradient(i, j) * at(&y, j, k)).sum::<f64>();
                assert!((at(&inputs, i, k) - expected).abs() < 2e-5);
            }
        }
        for j in 0..t {
            for k in 0..d {
                let expected =
                    at(&y, j, k) + (0..c).map(|i| gradient(i, j) * at(&x, i, k)).sum::<f64>();
                assert!((at(&targets, j, k) - expected).abs() < 2e-5);
            }
        }
    }
}

/// A hidden vector made of all inputs, its targets in order (the first once more at the end), and
/// the error handed back to the inputs: everything that CBOW does.
fn sequence_step(kernels: &Kernels, d: usize, c: usize, t: usize, limit: f32) -> [Vec<f32>; 3] {
    let (mut inputs, mut targets) = (random(c, d, 3), random(t, d, 4));
    let mut scratch = Matrix::zeros(2, d).unwrap();
    let (input_rows, width) = rows(&mut inputs);
    let (mut target_rows, _) = rows(&mut targets);
    target_rows.push(target_rows[0]);
    let labels: Vec<f32> = (0..=t).map(|j| f32::from(j == 0)).collect();
    let mut scores = vec![0.0; t + 1];
    let (scratch_rows, _) = rows(&mut scratch);
    // SAFETY: as above.
    unsafe {
        (kernels.sum_rows)(&input_rows, width, 1.0 / c as f32, scratch_rows[0]);
        (kernels.sequence)(&mut Sequence {
            hidden: scratch_rows[0],
            error: scratch_rows[1],
            targets: &target_rows,
            labels: &labels,
            scores: &mut scores,
            width,
            alpha: 0.5,
            score_limit: limit,
        });
        (kernels.add_to_rows)(&input_rows, width, 0.25, scratch_rows[1]);
    }
    [dense(inputs), dense(targets), scores]
}

#[test]
fn the_sequence_is_the_naive_one() {
    for (limit, (d, c, t)) in
        [f32::INFINITY, 1.0].into_iter().flat_map(|l| shapes().map(move |s| (l, s)))
    {
        let [inputs, targets, scores] = sequence_step(&scalar::KERNELS, d, c, t, limit);
        let double = |matrix| dense(matrix).into_iter().map(f64::from).collect::<Vec<f64>>();
        let (mut x, mut y) = (double(random(c, d, 3)), double(random(t, d, 4)));
        let hidden: Vec<f64> =
            (0..d).map(|k| (0..c).map(|i| x[i * d + k]).sum::<f64>() / c as f64).collect();
        let mut error = vec![0.0; d];
        for (step, j) in (0..t).chain([0]).enumerate() {
            let score: f64 = (0..d).map(|k| hidden[k] * y[j * d + k]).sum();
            assert!((f64::from(scores[step]) - score).abs() < 2e-5);
            if score.abs() >= f64::from(limit) {
                continue;
            }
            let gradient = (f64::from(step == 0) - 1.0 / (1.0 + (-score).exp())) * 0.5;
            for k in 0..d {
                error[k] += gradient * y[j * d + k];
                y[j * d + k] += gradient * hidden[k];
            }
        }
        x.iter_mut().enumerate().for_each(|(at, value)| *value += 0.25 * error[at % d]);
        let close =
            |a: &[f32], b: &[f64]| a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 2e-5);
        assert!(close(&inputs, &x) && close(&targets, &y), "D = {d}, limit {limit}");
    }
}

#[test]
fn every_backend_gives_the_bits_of_the_scalar_one() {
    for kernels in backends() {
        for (d, c, t) in shapes() {
            let shared = shared_step(&kernels, d, c, t);
            assert_eq!(
                shared,
                shared_step(&scalar::KERNELS, d, c, t),
                "{} {d} {c} {t}",
                kernels.name
            );
            let sequence = sequence_step(&kernels, d, c, t, 2.0);
            let scalar = sequence_step(&scalar::KERNELS, d, c, t, 2.0);
            assert_eq!(sequence, scalar, "{} {d} {c} {t}", kernels.name);
        }
    }
}

#[test]
fn an_input_that_occurs_twice_gets_both_changes() {
    for kernels in backends() {
        let (mut input, mut target) = (random(1, 20, 1), random(1, 20, 2));
        let before = (dense(random(1, 20, 1)), dense(random(1, 20, 2)));
        let (input_rows, width) = rows(&mut input);
        let (target_rows, _) = rows(&mut target);
        // SAFETY: as above.
        unsafe { (kernels.update)(&[input_rows[0]; 2], &target_rows, width, &[0.5, 0.25]) };
        for k in 0..20 {
            let (x, y) = (before.0[k], before.1[k]);
            assert!((dense_value(&mut input, k) - (x + 0.75 * y)).abs() < 1e-6);
            assert!((dense_value(&mut target, k) - (y + 0.75 * x)).abs() < 1e-6);
        }
    }
}

fn dense_value(matrix: &mut Matrix, k: usize) -> f32 {
    matrix.compact_rows();
    matrix.values().unwrap()[k]
}

#[test]
fn the_sigmoid_is_close_and_saturates() {
    for kernels in backends() {
        let xs: Vec<f32> = (-2000..=2000).map(|i| i as f32 / 50.0).collect();
        let mut values = xs.clone();
        // SAFETY: `backends` lists what this processor has.
        unsafe { (kernels.sigmoid)(&mut values) };
        for (x, value) in xs.iter().zip(values) {
            let expected = 1.0 / (1.0 + (-f64::from(*x)).exp());
            assert!((f64::from(value) - expected).abs() < 2e-7, "sigmoid({x}) = {value}");
        }
        let mut ends = [f32::INFINITY, 1e30, f32::NEG_INFINITY, -1e30, 0.0];
        // SAFETY: as above.
        unsafe { (kernels.sigmoid)(&mut ends) };
        assert_eq!((ends[0], ends[1], ends[4]), (1.0, 1.0, 0.5));
        assert!(ends[2] < 1e-37 && ends[3] < 1e-37);
    }
}

#[test]
fn a_backend_can_be_forced_and_an_unknown_one_is_refused() {
    assert_eq!(choose(Some("scalar")).unwrap().name, "scalar");
    assert_eq!(choose(None).unwrap().name, backends().last().unwrap().name);
    assert_eq!(choose(Some("")).unwrap().name, choose(None).unwrap().name);
    assert!(choose(Some("mmx")).unwrap_err().contains("scalar"));
}
