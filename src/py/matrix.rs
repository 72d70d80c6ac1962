//! Training matrices as NumPy arrays.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

use numpy::PyArray2;
use numpy::ndarray::ArrayView2;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::matrix::Matrix;

/// A float32 matrix that training can spread out in place and NumPy sees as a dense array.
#[pyclass(frozen, name = "Matrix", module = "synvec._core")]
pub struct PyMatrix {
    matrix: UnsafeCell<Matrix>,
    in_training: AtomicBool,
}

// SAFETY: `matrix` is reached through `lend`, which lets one thread at a time have it, and through
// NumPy arrays, whose data races are those of any NumPy array shared by threads: values, never
// addresses or lengths.
unsafe impl Sync for PyMatrix {}

#[pymethods]
impl PyMatrix {
    #[new]
    fn new(rows: usize, columns: usize) -> PyResult<Self> {
        let matrix = UnsafeCell::new(Matrix::zeros(rows, columns)?);
        Ok(Self { matrix, in_training: AtomicBool::new(false) })
    }

    /// The values as an array of rows × columns over this matrix's memory. While the matrix is
    /// being trained its rows are spread out, and the array shows them askew.
    #[getter]
    fn array(this: Bound<'_, Self>) -> Bound<'_, PyArray2<f32>> {
        // SAFETY: only shape and address are read, which never change after `new`.
        let matrix = unsafe { &*this.get().matrix.get() };
        let shape = (matrix.rows(), matrix.columns());
        // SAFETY: the allocation holds at least rows × columns initialized values, and lives as
        // long as `this`, which the array keeps as its base.
        unsafe {
            let view = ArrayView2::from_shape_ptr(shape, matrix.as_ptr().cast_const());
            PyArray2::borrow_from_array(&view, this.into_any())
        }
    }
}

impl PyMatrix {
    /// The matrix for training, until the loan is dropped; an error while another thread has it.
    pub fn lend(&self) -> PyResult<Loan<'_>> {
        if self.in_training.swap(true, Ordering::Acquire) {
            return Err(PyRuntimeError::new_err("this model is being trained by another thread"));
        }
        Ok(Loan { owner: self })
    }
}

/// The sole right to a matrix's layout.
pub struct Loan<'a> {
    owner: &'a PyMatrix,
}

impl Loan<'_> {
    pub fn matrix(&mut self) -> &mut Matrix {
        // SAFETY: there is one loan at a time, and `&mut self` makes this its only reference.
        unsafe { &mut *self.owner.matrix.get() }
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.owner.in_training.store(false, Ordering::Release);
    }
}
