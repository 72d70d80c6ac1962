//! Arithmetic on rows.
