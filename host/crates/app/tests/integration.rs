//! The product driven as a library.
