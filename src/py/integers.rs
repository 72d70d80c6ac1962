//! Integers across the line: Python's own, NumPy's scalars, and arrays of them.

use std::ops::Range;

use numpy::ndarray::{Axis, Ix2};
use numpy::{
    Element, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyType};

/// What an object is where an integer may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integer {
    /// A Python or a NumPy integer.
    Value(i64),
    /// One that 64 bits do not hold.
    OutOfRange,
    /// Something else; a bool, too, which is never meant as a key.
    None,
}

impl Integer {
    /// Looks at an object.
    pub fn of(object: &Bound<'_, PyAny>) -> Self {
        if !is_integer(object) {
            return Self::None;
        }
        match object.extract() {
            Ok(value) => Self::Value(value),
            Err(error) if error.is_instance_of::<PyOverflowError>(object.py()) => Self::OutOfRange,
            Err(_) => Self::None, // numpy.timedelta64 calls itself an integer
        }
    }
}

fn is_integer(object: &Bound<'_, PyAny>) -> bool {
    static NUMPY_INTEGER: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if object.is_instance_of::<PyInt>() {
        return !object.is_instance_of::<PyBool>();
    }
    let numpy = NUMPY_INTEGER.import(object.py(), "numpy", "integer");
    numpy.and_then(|numpy| object.is_instance(numpy)).unwrap_or(false)
}

/// A NumPy array of integers of one or two dimensions, of any width, byte order and layout.
pub struct IntegerArray<'py> {
    array: Bound<'py, PyUntypedArray>,
}

/// Where an array holds an integer beyond 64 bits with a sign: along its axes, and the integer.
#[derive(Debug)]
pub struct TooLarge {
    pub row: usize,
    pub column: usize,
    pub value: String,
}

/// Calls a function with the type of an array's elements.
macro_rules! with_element {
    ($array:expr, $function:ident($($argument:expr),*)) => {
        match ($array.dtype().kind(), $array.dtype().itemsize()) {
            (b'i', 1) => $function::<i8>($($argument),*),
            (b'i', 2) => $function::<i16>($($argument),*),
            (b'i', 4) => $function::<i32>($($argument),*),
            (b'i', 8) => $function::<i64>($($argument),*),
            (b'u', 1) => $function::<u8>($($argument),*),
            (b'u', 2) => $function::<u16>($($argument),*),
            (b'u', 4) => $function::<u32>($($argument),*),
            (b'u', 8) => $function::<u64>($($argument),*),
            (kind, size) => Err(PyTypeError::new_err(format!(
                "an array of {}{size} is not one of integers", char::from(kind)
            ))),
        }
    };
}

impl<'py> IntegerArray<'py> {
    /// The array an object is; `None` for anything else, and for masked arrays, whose integers are
    /// not all there.
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let Ok(array) = object.cast::<PyUntypedArray>() else { return Ok(None) };
        let dtype = array.dtype();
        let is_matrix = matches!(array.ndim(), 1 | 2);
        if !is_matrix || !matches!(dtype.kind(), b'i' | b'u') || is_masked(object)? {
            return Ok(None);
        }
        if dtype.is_native_byteorder() != Some(false) && with_element!(array, is_aligned(array))? {
            return Ok(Some(Self { array: array.clone() }));
        }
        let native = dtype.call_method1("newbyteorder", ("=",))?;
        let copy = array.call_method1("astype", (native,))?;
        Ok(Some(Self { array: copy.cast_into::<PyUntypedArray>()? }))
    }

    /// Whether there are two dimensions: rows of integers, not integers.
    pub fn has_rows(&self) -> bool {
        self.array.ndim() == 2
    }

    /// How long the first axis is.
    pub fn len(&self) -> usize {
        self.array.shape()[0]
    }

    /// How many integers belong to one place of the first axis.
    pub fn width(&self) -> usize {
        self.array.shape().get(1).copied().unwrap_or(1)
    }

    /// Puts the integers at some places of the first axis into `values`. They are copied, so that
    /// nobody can change them while they are looked at.
    pub fn copy(
        &self,
        places: Range<usize>,
        values: &mut Vec<i64>,
    ) -> PyResult<Result<(), TooLarge>> {
        values.clear();
        if places.start > places.end || places.end > self.len() {
            return Err(PyValueError::new_err("the array was made smaller while it was read"));
        }
        with_element!(self.array, copy_places(&self.array, places, values))
    }
}

fn is_masked(array: &Bound<'_, PyAny>) -> PyResult<bool> {
    if array.is_exact_instance_of::<PyUntypedArray>() { Ok(false) } else { array.hasattr("mask") }
}

fn typed<'a, 'py, T: Element>(
    array: &'a Bound<'py, PyUntypedArray>,
) -> PyResult<&'a Bound<'py, PyArrayDyn<T>>> {
    Ok(array.as_any().cast::<PyArrayDyn<T>>()?)
}

fn is_aligned<T: Element>(array: &Bound<'_, PyUntypedArray>) -> PyResult<bool> {
    let strides = array.strides().iter();
    let are_whole = strides.into_iter().all(|stride| stride % align_of::<T>() as isize == 0);
    Ok(are_whole && typed::<T>(array)?.data().is_aligned())
}

fn copy_places<T>(
    array: &Bound<'_, PyUntypedArray>,
    places: Range<usize>,
    values: &mut Vec<i64>,
) -> PyResult<Result<(), TooLarge>>
where
    T: Element + Copy + ToString,
    i64: TryFrom<T>,
{
    let array = typed::<T>(array)?.try_readonly();
    let array = array.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let view = array.as_array();
    let view = if view.ndim() == 1 { view.insert_axis(Axis(1)) } else { view };
    let rows = view.into_dimensionality::<Ix2>().expect("one or two dimensions");
    for row in places {
        for (column, &value) in rows.row(row).iter().enumerate() {
            match i64::try_from(value) {
                Ok(value) => values.push(value),
                Err(_) => return Ok(Err(TooLarge { row, column, value: value.to_string() })),
            }
        }
    }
    Ok(Ok(()))
}
