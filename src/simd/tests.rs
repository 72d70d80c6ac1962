//! Every backend against naive arithmetic in float64, and against the scalar one for equal bits.

use super::tiles::{place, tiled};
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

fn rows(matrix: &mut Matrix) -> Rows<'_> {
    let count = matrix.rows();
    let shared = matrix.share();
    let mut rows = Rows::new(shared.width());
    rows.extend(&mut { shared }, 0..count);
    rows
}

fn dense(mut matrix: Matrix) -> Vec<f32> {
    matrix.compact_rows();
    matrix.values().unwrap().to_vec()
}

fn limits_and_shapes() -> impl Iterator<Item = (f32, (usize, usize, usize))> {
    [f32::INFINITY, 1.0].into_iter().flat_map(|limit| shapes().map(move |shape| (limit, shape)))
}

/// Sizes that leave every kind of remainder, without trying all of 1 ..= 257 against all counts.
fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
    (1..=257).map(|d| (d, 1 + d % 16, 1 + d % 13))
}

/// What every step here is asked: the first target is right, the last one counts twice.
const ALPHA: f32 = 0.5;

fn label(target: usize) -> f32 {
    f32::from(target == 0)
}

fn multiplicity(target: usize, targets: usize) -> f32 {
    if target > 0 && target + 1 == targets { 2.0 } else { 1.0 }
}

/// One row of tiles, the same for both inputs; absent targets count 0.
fn in_tiles(targets: usize, value: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut row = vec![0.0; tiled(1, targets)];
    for target in 0..targets {
        for input in 0..2 {
            row[place(input, target, 1)] = value(target);
        }
    }
    row
}

/// Runs a step; returns the scores, input by input.
fn run(
    inputs: &Rows<'_>,
    targets: &Rows<'_>,
    score_limit: f32,
    kernel: impl FnOnce(&mut Step<'_>),
) -> Vec<f32> {
    let (count, values) = (targets.len(), tiled(inputs.len(), targets.len()));
    let mut scratch = Matrix::zeros(1, targets.width()).unwrap();
    let (mut scores, mut gradients) = (vec![f32::NAN; values], vec![f32::NAN; values]);
    kernel(&mut Step {
        inputs,
        targets,
        labels: &in_tiles(count, label),
        multiplicities: &in_tiles(count, |target| multiplicity(target, count)),
        scores: &mut scores,
        gradients: &mut gradients,
        change: scratch.share().row(0),
        alpha: ALPHA,
        score_limit,
        upcoming: targets.addresses(),
        arriving: None,
    });
    let pairs = (0..inputs.len()).flat_map(|i| (0..count).map(move |t| (i, t)));
    pairs.map(|(i, t)| scores[place(i, t, inputs.len())]).collect()
}

/// One shared step on fresh matrices: inputs, outputs and scores afterwards.
fn shared_step(kernels: &Kernels, d: usize, c: usize, t: usize, limit: f32) -> [Vec<f32>; 3] {
    let (mut inputs, mut targets) = (random(c, d, 1), random(t, d, 2));
    let scores = run(&rows(&mut inputs), &rows(&mut targets), limit, |step| kernels.step(step));
    [dense(inputs), dense(targets), scores]
}

#[test]
fn the_shared_step_is_the_naive_one() {
    for (limit, (d, c, t)) in limits_and_shapes() {
        let [inputs, targets, scores] = shared_step(&scalar::KERNELS, d, c, t, limit);
        let (x, y) = (dense(random(c, d, 1)), dense(random(t, d, 2)));
        let at = |m: &[f32], row: usize, k: usize| f64::from(m[row * d + k]);
        let score = |i, j| (0..d).map(|k| at(&x, i, k) * at(&y, j, k)).sum::<f64>();
        let gradients: Vec<f64> = (0..c * t)
            .map(|pair| naive_gradient(score(pair / t, pair % t), pair % t, t, limit))
            .collect();
        for i in 0..c {
            for j in 0..t {
                assert!((f64::from(scores[i * t + j]) - score(i, j)).abs() < 2e-5);
            }
            for k in 0..d {
                let change: f64 = (0..t).map(|j| gradients[i * t + j] * at(&y, j, k)).sum();
                assert!((at(&inputs, i, k) - at(&x, i, k) - change).abs() < 2e-5);
            }
        }
        for j in 0..t {
            for k in 0..d {
                let change: f64 = (0..c).map(|i| gradients[i * t + j] * at(&x, i, k)).sum();
                assert!((at(&targets, j, k) - at(&y, j, k) - change).abs() < 2e-5);
            }
        }
    }
}

/// (label − sigmoid) · alpha · multiplicity, or nothing beyond the limit.
fn naive_gradient(score: f64, target: usize, targets: usize, limit: f32) -> f64 {
    let wanted = f64::from(label(target)) - 1.0 / (1.0 + (-score).exp());
    let rate = f64::from(ALPHA * multiplicity(target, targets));
    if score.abs() < f64::from(limit) { wanted * rate } else { 0.0 }
}

/// A hidden vector made of all inputs, its targets, and the change handed back to the inputs:
/// everything that CBOW does.
fn hidden_step(
    kernels: &Kernels,
    (d, c, t): (usize, usize, usize),
    limit: f32,
    order: Order,
) -> [Vec<f32>; 3] {
    let (mut inputs, mut targets) = (random(c, d, 3), random(t, d, 4));
    let mut scratch = Matrix::zeros(1, d).unwrap();
    let input_rows = rows(&mut inputs);
    let shared = targets.share();
    let again = (order == Order::SequenceOfRepeated).then_some(0);
    let mut target_rows = Rows::new(shared.width());
    target_rows.extend(&mut { shared }, (0..t).chain(again));
    let scratch = scratch.share();
    let mut scratch_rows = Rows::new(scratch.width());
    scratch_rows.push(scratch.row(0));
    let scale = 1.0 / c as f32;
    let hidden = Hidden { contexts: &input_rows, row: scratch.row(0), scale, share: 0.25 };
    let scores = run(&scratch_rows, &target_rows, limit, |step| match order {
        Order::AtOnce => kernels.step_of_sum(&hidden, step),
        _ => kernels.sequence(&hidden, step),
    });
    [dense(inputs), dense(targets), scores]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    AtOnce,
    Sequence,
    /// The first target stands once more at the end.
    SequenceOfRepeated,
}

#[test]
fn the_hidden_step_is_the_naive_one() {
    for (limit, (d, c, t)) in limits_and_shapes() {
        for order in [Order::AtOnce, Order::SequenceOfRepeated] {
            let [inputs, targets, scores] = hidden_step(&scalar::KERNELS, (d, c, t), limit, order);
            let double = |matrix| dense(matrix).into_iter().map(f64::from).collect::<Vec<f64>>();
            let (mut x, mut y) = (double(random(c, d, 3)), double(random(t, d, 4)));
            let hidden: Vec<f64> =
                (0..d).map(|k| (0..c).map(|i| x[i * d + k]).sum::<f64>() / c as f64).collect();
            let mut error = vec![0.0; d];
            let again = (order == Order::SequenceOfRepeated).then_some(0);
            for (step, j) in (0..t).chain(again).enumerate() {
                let score: f64 = (0..d).map(|k| hidden[k] * y[j * d + k]).sum();
                assert!((f64::from(scores[step]) - score).abs() < 2e-5);
                let gradient = naive_gradient(score, step, t + again.iter().len(), limit);
                for k in 0..d {
                    error[k] += gradient * y[j * d + k];
                    y[j * d + k] += gradient * hidden[k];
                }
            }
            x.iter_mut().enumerate().for_each(|(at, value)| *value += 0.25 * error[at % d]);
            let close = |a: &[f32], b: &[f64]| {
                a.iter().zip(b).all(|(a, b)| (f64::from(*a) - b).abs() < 2e-5)
            };
            assert!(close(&inputs, &x) && close(&targets, &y), "D = {d}, {order:?}, {limit}");
        }
    }
}

#[test]
fn every_backend_gives_the_bits_of_the_scalar_one() {
    for (limit, shape) in limits_and_shapes() {
        let (d, c, t) = shape;
        let shared = shared_step(&scalar::KERNELS, d, c, t, limit);
        let at_once = hidden_step(&scalar::KERNELS, shape, limit, Order::AtOnce);
        let repeated = hidden_step(&scalar::KERNELS, shape, limit, Order::SequenceOfRepeated);
        for kernels in backends() {
            let name = kernels.name;
            assert_eq!(shared_step(&kernels, d, c, t, limit), shared, "{name} {shape:?}");
            let step = |order| hidden_step(&kernels, shape, limit, order);
            assert_eq!(step(Order::AtOnce), at_once, "{name} {shape:?}");
            assert_eq!(step(Order::Sequence), at_once, "{name} {shape:?}");
            assert_eq!(step(Order::SequenceOfRepeated), repeated, "{name} {shape:?}");
        }
    }
}

#[test]
fn products_are_the_naive_ones_and_the_same_on_every_backend() {
    for d in 1..=257 {
        let (v, r) = (1 + d % 5, 1 + d % 21);
        let (x, y) = (dense(random(v, d, 5)), dense(random(r, d, 6)));
        let (vectors, rows) = (Dense::new(&x, d), Dense::new(&y, d));
        let products = |kernels: &Kernels| {
            let mut products = vec![f32::NAN; v * r];
            kernels.products(vectors, rows, &mut products);
            products
        };
        let expected = products(&scalar::KERNELS);
        for (at, product) in expected.iter().enumerate() {
            let pair = vectors.row(at / r).iter().zip(rows.row(at % r));
            let naive: f64 = pair.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(*product) - naive).abs() < 2e-5, "D = {d}");
        }
        for kernels in backends() {
            assert_eq!(products(&kernels), expected, "{} D = {d}", kernels.name);
        }
    }
}

#[test]
fn integer_products_are_exact_up_to_their_limits() {
    for d in [1, 2, 15, 16, 17, 31, 33, 64, 100, 257] {
        let mut generator = SplitMix64::new(d as u64);
        let mut draw = || generator.draw() as i64;
        let most = (i32::MAX / (128 * d)).min(i32::from(i16::MAX)) as i64;
        let mut vector: Vec<i16> = (0..d).map(|_| (draw() % (most + 1)) as i16).collect();
        let mut rows: Vec<i8> = (0..5 * d).map(|_| (draw() % 128) as i8).collect();
        vector[0] = most as i16;
        rows[..d as usize].fill(-127);
        for kernels in backends() {
            let mut products = [0; 5];
            kernels.integer_products(&vector, &rows, &mut products);
            for (row, product) in rows.chunks(d as usize).zip(products) {
                let naive: i64 =
                    row.iter().zip(&vector).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
                assert_eq!(i64::from(product), naive, "{} D = {d}", kernels.name);
            }
        }
    }
}

#[test]
fn weighted_columns_add_up_to_the_same_bits_everywhere() {
    for (terms, rows) in (1..=5).flat_map(|terms| [1, 16, 37, 100].map(move |rows| (terms, rows))) {
        let values = dense(random(terms, rows, 7));
        let weights = dense(random(1, terms, 8));
        let columns: Vec<&[f32]> = values.chunks(rows).collect();
        let add_up = |kernels: &Kernels| {
            let mut sum = vec![f32::NAN; rows];
            kernels.add_up(&weights, &columns, &mut sum);
            sum
        };
        let expected = add_up(&scalar::KERNELS);
        for (at, sum) in expected.iter().enumerate() {
            let naive: f64 =
                (0..terms).map(|t| f64::from(weights[t]) * f64::from(columns[t][at])).sum();
            assert!((f64::from(*sum) - naive).abs() < 1e-6);
        }
        backends().iter().for_each(|kernels| assert_eq!(add_up(kernels), expected));
    }
}

#[test]
fn every_finite_half_is_decoded() {
    use half::f16;
    let bits: Vec<u16> = (0..=u16::MAX).filter(|&bits| f16::from_bits(bits).is_finite()).collect();
    for kernels in backends() {
        let mut values = vec![f32::NAN; bits.len()];
        kernels.decode(&bits, &mut values);
        let expected = bits.iter().map(|&bits| f16::from_bits(bits).to_f32().to_bits());
        assert!(values.iter().map(|value| value.to_bits()).eq(expected), "{}", kernels.name);
    }
}

#[test]
fn an_input_that_occurs_twice_gets_both_changes() {
    for kernels in backends() {
        let twice = |inputs: &mut Matrix, targets: &mut Matrix, second: usize| {
            let inputs = inputs.share();
            let mut input_rows = Rows::new(inputs.width());
            input_rows.extend(&mut { inputs }, [0, second].into_iter());
            run(&input_rows, &rows(targets), 9.0, |step| kernels.step(step));
        };
        // Two equal rows must change like one row that stands twice, which changes twice as much.
        let (mut equal, mut one) = (random(2, 20, 1), random(1, 20, 1));
        let before = dense(random(1, 20, 1));
        equal.values_mut().unwrap().copy_from_slice(&before.repeat(2));
        let (mut equal_targets, mut targets) = (random(3, 20, 2), random(3, 20, 2));
        twice(&mut equal, &mut equal_targets, 1);
        twice(&mut one, &mut targets, 0);
        assert_eq!(dense(equal_targets), dense(targets), "{}", kernels.name);
        for ((once, both), before) in dense(equal).into_iter().zip(dense(one)).zip(before) {
            assert!((both - before - 2.0 * (once - before)).abs() < 1e-6, "{}", kernels.name);
        }
    }
}

#[test]
fn the_sigmoid_is_close_and_saturates() {
    for x in (-2000..=2000).map(|i| i as f32 / 50.0) {
        let expected = 1.0 / (1.0 + (-f64::from(x)).exp());
        assert!((f64::from(sigmoid::sigmoid(x)) - expected).abs() < 2e-7, "sigmoid({x})");
    }
    assert_eq!([f32::INFINITY, 1e30, 0.0].map(sigmoid::sigmoid), [1.0, 1.0, 0.5]);
    assert!([f32::NEG_INFINITY, -1e30].into_iter().all(|x| sigmoid::sigmoid(x) < 1e-37));
}

#[test]
fn a_backend_can_be_forced_and_an_unknown_one_is_refused() {
    assert_eq!(choose(Some("scalar")).unwrap().name, "scalar");
    assert_eq!(choose(None).unwrap().name, backends().last().unwrap().name);
    assert_eq!(choose(Some("")).unwrap().name, choose(None).unwrap().name);
    let message = choose(Some("mmx")).unwrap_err();
    assert!(message.starts_with("is \"mmx\", but") && message.contains("scalar"), "{message}");
}
