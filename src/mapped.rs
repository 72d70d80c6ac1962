//! File mappings: the only room that maps files, and its `unsafe`.
//!
//! A mapping is sound only while nobody truncates the file: published files are immutable and
//! replaced by rename, temporary ones have no name that another process could open.

use std::fs::File;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::{Mmap, MmapMut, MmapOptions};

/// A mapped file: pages shared with the file and everyone who maps it, never written.
#[derive(Debug)]
pub struct Mapping(Mmap);

impl Mapping {
    /// Maps a whole file.
    pub fn read_only(file: &File) -> std::io::Result<Self> {
        // SAFETY: see the module's head: the file is not truncated while it is mapped.
        unsafe { MmapOptions::new().map(file) }.map(Self)
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A mapped file whose pages are copied when they are first written; the file never changes.
///
/// It hands out raw pointers alone: whoever writes through them (NumPy) does so while others read,
/// so no reference to these pages may ever exist on our side.
#[derive(Debug)]
pub struct PrivateMapping {
    start: *mut u8,
    length: usize,
    // Keeps the pages mapped; never dereferenced again.
    _pages: MmapMut,
}

// SAFETY: the pointer is only handed out, never used here; the pages are not bound to a thread.
unsafe impl Send for PrivateMapping {}
// SAFETY: as above.
unsafe impl Sync for PrivateMapping {}

impl PrivateMapping {
    /// Maps a whole file.
    pub fn new(file: &File) -> std::io::Result<Self> {
        // SAFETY: see the module's head: the file is not truncated while it is mapped.
        let mut pages = unsafe { MmapOptions::new().map_copy(file) }?;
        Ok(Self { start: pages.as_mut_ptr(), length: pages.len(), _pages: pages })
    }

    /// Where the values in `bytes` begin, for as long as the mapping lives; `None` when they leave
    /// it, are not a whole number of values, or are not aligned.
    pub fn pointer<T: Pod>(&self, bytes: Range<usize>) -> Option<*mut T> {
        let is_inside = bytes.start <= bytes.end && bytes.end <= self.length;
        if !is_inside || !bytes.len().is_multiple_of(size_of::<T>()) {
            return None;
        }
        let pointer = self.start.wrapping_add(bytes.start).cast::<T>();
        pointer.is_aligned().then_some(pointer)
    }
}

/// Values that are owned or lie in a mapped file; readers see a slice either way.
#[derive(Debug, Clone)]
pub enum Buffer<T: Pod> {
    /// In memory of our own.
    Owned(Vec<T>),
    /// In a mapped file.
    Mapped(MappedSlice<T>),
}

/// A range of a mapping, checked once to be in bounds and aligned for `T`.
#[derive(Debug, Clone)]
pub struct MappedSlice<T: Pod> {
    mapping: Arc<Mapping>,
    bytes: Range<usize>,
    element: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    /// The values in `bytes` of a mapping; `None` when they leave the mapping, are not a whole
    /// number of values, or are not aligned.
    pub fn mapped(mapping: Arc<Mapping>, bytes: Range<usize>) -> Option<Self> {
        bytemuck::try_cast_slice::<u8, T>((*mapping).as_ref().get(bytes.clone())?).ok()?;
        Some(Self::Mapped(MappedSlice { mapping, bytes, element: PhantomData }))
    }

    /// The values for writing; a mapped buffer is copied into memory first.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let Self::Mapped(_) = self {
            *self = Self::Owned(self.to_vec());
        }
        match self {
            Self::Owned(values) => values,
            Self::Mapped(_) => unreachable!("made owned just above"),
        }
    }
}

impl<T: Pod> Default for Buffer<T> {
    fn default() -> Self {
        Self::Owned(Vec::new())
    }
}

impl<T: Pod> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(values)
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Mapped(slice) => {
                // Bounds and alignment were checked when the slice was made.
                bytemuck::cast_slice(&(*slice.mapping).as_ref()[slice.bytes.clone()])
            }
        }
    }
}
