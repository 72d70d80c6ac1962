//! Vector files: one reader and writer a format.
