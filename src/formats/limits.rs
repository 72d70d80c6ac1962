//! What a file may ask for, whatever it claims.

/// Bounds for every reader. All are far above what honest files hold; each error names the field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Rows of a file.
    pub max_rows: u64,
    /// Dimensions of a vector.
    pub max_vector_size: u64,
    /// Bytes of one key.
    pub max_key_bytes: u64,
    /// Bytes of one line of text.
    pub max_line_bytes: u64,
    /// Bytes that a compressed file unfolds to.
    pub max_decompressed_bytes: u64,
    /// How many times its size a compressed file unfolds to, looked at from 256 MiB on.
    pub max_expansion_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: u32::MAX as u64,
            max_vector_size: 1 << 20,
            max_key_bytes: 1 << 20,
            max_line_bytes: 32 << 20,
            max_decompressed_bytes: 1 << 42,
            max_expansion_ratio: 200,
        }
    }
}
