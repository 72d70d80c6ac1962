//! Matrices that training threads share.
