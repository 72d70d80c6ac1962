//! The arithmetic of one step, for every instruction set of this processor, its rows in the cache:
//! what training could reach if memory cost nothing. `cargo bench`; one element is one operation,
//! so "Gelem/s" are GFLOP/s.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use synvec::matrix::{Matrix, Rows, SharedMatrix};
use synvec::simd::tiles::{place, tiled};
use synvec::simd::{Hidden, Kernels, Step, backends};

/// Contexts of a window of 5, on average, and a center with 5 negatives.
const INPUTS: usize = 6;
const TARGETS: usize = 6;

fn shared(matrix: &mut Matrix) -> SharedMatrix<'_> {
    for (at, value) in matrix.values_mut().expect("still dense").iter_mut().enumerate() {
        *value = (at * 7919 % 1000) as f32 / 1e5 - 0.005;
    }
    matrix.share()
}

fn rows(matrix: SharedMatrix<'_>, count: usize) -> Rows<'_> {
    let mut rows = Rows::new(matrix.width());
    rows.extend(&mut { matrix }, 0..count);
    rows
}

/// One row of tiles that says the same of each target's first and second input.
fn in_tiles(value: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut row = vec![0.0; tiled(1, TARGETS)];
    for target in 0..TARGETS {
        for input in 0..2 {
            row[place(input, target, 1)] = value(target);
        }
    }
    row
}

fn measure(criterion: &mut Criterion, kernels: Kernels, dimensions: usize) {
    let mut matrices = [INPUTS, TARGETS, 2]
        .map(|count| Matrix::zeros(count, dimensions).expect("a few rows fit any memory"));
    let [inputs, targets, hidden] = matrices.each_mut().map(shared);
    let (inputs, targets, width) = (rows(inputs, INPUTS), rows(targets, TARGETS), inputs.width());
    let (labels, multiplicities) = (in_tiles(|t| f32::from(t == 0)), in_tiles(|_| 1.0));
    let values = tiled(INPUTS, TARGETS);
    let (mut scores, mut gradients) = (vec![0.0; values], vec![0.0; values]);
    let mut step = Step {
        inputs: &inputs,
        targets: &targets,
        labels: &labels,
        multiplicities: &multiplicities,
        scores: &mut scores,
        gradients: &mut gradients,
        change: hidden.row(1),
        alpha: 1e-4,
        score_limit: f32::INFINITY,
        upcoming: &[],
        arriving: None,
    };
    let mut group = criterion.benchmark_group(format!("{}/D={dimensions}", kernels.name));
    // A score, and an update of either side: a multiplication and an addition a value each.
    group.throughput(Throughput::Elements((6 * INPUTS * TARGETS * width) as u64));
    group.bench_function("skip-gram", |bencher| {
        bencher.iter(|| kernels.step(black_box(&mut step)));
    });
    // One hidden vector: its step, the sum of the contexts, and their changes.
    group.throughput(Throughput::Elements(((6 * TARGETS + 2 * INPUTS) * width) as u64));
    let part = 1.0 / INPUTS as f32;
    let mean = Hidden { contexts: &inputs, row: hidden.row(0), scale: part, share: 1.0 };
    let values = tiled(1, TARGETS);
    let mut one = Step {
        scores: &mut step.scores[..values],
        gradients: &mut step.gradients[..values],
        ..step
    };
    group.bench_function("CBOW", |bencher| {
        bencher.iter(|| kernels.step_of_sum(&mean, black_box(&mut one)));
    });
    group.finish();
}

fn kernels(criterion: &mut Criterion) {
    for kernels in backends() {
        for dimensions in [100, 300] {
            measure(criterion, kernels, dimensions);
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
