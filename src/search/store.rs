//! Rows that can be searched, in three kinds of numbers, and what they are questioned for.

use std::ops::Range;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::best::Names;
use crate::simd::{Dense, Kernels};

/// The numbers of dense rows, one row after another.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// As they were trained.
    Float(&'a [f32]),
    /// Rounded to half their size; finite.
    Half(&'a [f16]),
    /// Rounded to a quarter: each row divided by a scale of its own.
    Byte(&'a [i8]),
}

/// Dense rows, and what their dot products are divided by to become cosines.
#[derive(Debug, Clone, Copy)]
pub struct Store<'a> {
    /// The vectors.
    pub values: Values<'a>,
    /// Values in each of them.
    pub width: usize,
    /// The length of each; where it is 0 the score is 0.
    pub norms: &'a [f32],
}

impl Store<'_> {
    /// How many rows.
    pub fn len(&self) -> usize {
        let values = match self.values {
            Values::Float(values) => values.len(),
            Values::Half(values) => values.len(),
            Values::Byte(values) => values.len(),
        };
        values / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which rows are searched.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// From one to another.
    Range(usize, usize),
    /// These alone, in ascending order.
    Rows(&'a [u32]),
}

impl Scope<'_> {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Range(start, end) => end - start,
            Self::Rows(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Questions that are sums of a few vectors each: `Σ weight · vector`.
#[derive(Debug, Clone, Copy)]
pub struct Sums<'a> {
    /// Which vectors, `terms` for each question.
    pub places: &'a [u32],
    /// Their weights.
    pub weights: &'a [f32],
    /// How many vectors each question has.
    pub terms: usize,
}

impl Sums<'_> {
    /// How many questions.
    pub fn len(&self) -> usize {
        self.places.len() / self.terms
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Sets `sum` to that of the products of a question's vectors with some rows.
    pub fn add_up<'p>(
        &self,
        kernels: &Kernels,
        question: usize,
        products: &'p [f32],
        columns: &mut Vec<&'p [f32]>,
        sum: &mut [f32],
    ) {
        let terms = question * self.terms..(question + 1) * self.terms;
        columns.clear();
        columns.extend(self.places[terms.clone()].iter().map(|&place| {
            let start = place as usize * sum.len();
            &products[start..start + sum.len()]
        }));
        kernels.add_up(&self.weights[terms], columns, sum);
    }
}

/// Vectors of length 1 as the store's numbers want them.
pub enum Asked<'a> {
    /// As they are.
    Floats(Dense<'a>),
    /// Rounded to integers; each vector is `scale` times its own.
    Integers { vectors: Vec<i16>, scales: Vec<f32> },
}

impl<'a> Asked<'a> {
    /// Vectors for a store of these numbers.
    pub fn new(vectors: Dense<'a>, values: Values<'_>) -> Self {
        if !matches!(values, Values::Byte(_)) {
            return Self::Floats(vectors);
        }
        // As exact as it goes without a sum of products that outgrows 32 bits.
        let most = (i32::MAX / (128 * vectors.width() as i32)).min(i32::from(i16::MAX)) as f32;
        let (mut integers, mut scales) = (Vec::new(), Vec::new());
        for vector in (0..vectors.len()).map(|at| vectors.row(at)) {
            let largest = vector.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            let scale = if largest > 0.0 { largest / most } else { 1.0 };
            integers.extend(vector.iter().map(|value| (value / scale).round() as i16));
            scales.push(scale);
        }
        Self::Integers { vectors: integers, scales }
    }
}

/// Scratch for the rows of one block after another.
#[derive(Debug, Default)]
pub struct Block {
    floats: Vec<f32>,
    halves: Vec<f16>,
    bytes: Vec<i8>,
    norms: Vec<f32>,
    sums: Vec<i32>,
    products: Vec<f32>,
}

/// The dot products of the rows of a block with each vector, vector by vector.
#[derive(Debug)]
pub struct Products<'a> {
    pub products: &'a [f32],
    pub norms: &'a [f32],
    pub names: Names<'a>,
}

impl Block {
    /// The products of the rows at `places` of the scope.
    pub fn products<'a>(
        &'a mut self,
        kernels: &Kernels,
        store: Store<'a>,
        scope: Scope<'a>,
        places: Range<usize>,
        asked: &Asked<'_>,
    ) -> Products<'a> {
        let (rows, names) = match scope {
            Scope::Range(start, _) => {
                let rows = start + places.start..start + places.end;
                (Chosen::Range(rows.clone()), Names::From(rows.start))
            }
            Scope::Rows(rows) => {
                let rows = &rows[places];
                (Chosen::Rows(rows), Names::Are(rows))
            }
        };
        let norms = rows.of(store.norms, 1, &mut self.norms);
        match (store.values, asked) {
            (Values::Float(values), Asked::Floats(vectors)) => {
                let rows = Dense::new(rows.of(values, store.width, &mut self.floats), store.width);
                float_products(kernels, *vectors, rows, &mut self.products);
            }
            (Values::Half(values), Asked::Floats(vectors)) => {
                let halves = rows.of(values, store.width, &mut self.halves);
                self.floats.resize(halves.len(), 0.0);
                kernels.decode(halves.reinterpret_cast(), &mut self.floats);
                let rows = Dense::new(&self.floats, store.width);
                float_products(kernels, *vectors, rows, &mut self.products);
            }
            (Values::Byte(values), Asked::Integers { vectors, scales }) => {
                let rows = rows.of(values, store.width, &mut self.bytes);
                self.products.clear();
                self.sums.resize(norms.len(), 0);
                for (vector, &scale) in vectors.chunks_exact(store.width).zip(scales) {
                    kernels.integer_products(vector, rows, &mut self.sums);
                    self.products.extend(self.sums.iter().map(|&sum| sum as f32 * scale));
                }
            }
            _ => unreachable!("`Asked::new` makes what the store wants"),
        }
        Products { products: &self.products, norms, names }
    }
}

fn float_products(kernels: &Kernels, vectors: Dense<'_>, rows: Dense<'_>, products: &mut Vec<f32>) {
    products.resize(vectors.len() * rows.len(), 0.0);
    kernels.products(vectors, rows, products);
}

/// The rows of a block.
enum Chosen<'a> {
    Range(Range<usize>),
    Rows(&'a [u32]),
}

impl Chosen<'_> {
    /// Their values; rows that lie apart are copied together.
    fn of<'a, T: Copy>(&self, values: &'a [T], width: usize, room: &'a mut Vec<T>) -> &'a [T] {
        match self {
            Self::Range(rows) => &values[rows.start * width..rows.end * width],
            Self::Rows(rows) => {
                room.clear();
                rows.iter().for_each(|&row| {
                    room.extend_from_slice(&values[row as usize * width..][..width]);
                });
                room
            }
        }
    }
}
