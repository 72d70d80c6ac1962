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

/// A mapped file.
#[derive(Debug)]
pub enum Mapping {
    /// Pages shared with the file, never written.
    ReadOnly(Mmap),
    /// Pages copied when first written; the file never changes.
    CopyOnWrite(MmapMut),
}

impl Mapping {
    /// Maps a whole file for reading.
    pub fn read_only(file: &File) -> std::io::Result<Self> {
        // SAFETY: see the module's head: the file is not truncated while it is mapped.
        unsafe { MmapOptions::new().map(file) }.map(Self::ReadOnly)
    }

    /// Maps a whole file so that writing to memory leaves the file alone.
    pub fn copy_on_write(file: &File) -> std::io::Result<Self> {
        // SAFETY: as above.
        unsafe { MmapOptions::new().map_copy(file) }.map(Self::CopyOnWrite)
    }

    /// Where the bytes begin, for an owner of this mapping that hands out writable arrays. Writing
    /// through it is allowed for [`Mapping::CopyOnWrite`] alone.
    pub fn as_ptr(&self) -> *const u8 {
        self.as_ref().as_ptr()
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::ReadOnly(map) => map,
            Self::CopyOnWrite(map) => map,
        }
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
