//! Safe reading and writing of small files (safety rules 8, 15, 16, 18).
