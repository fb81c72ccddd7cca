//! A sign-in log that was saved as CSV, read as the JSON lines in which the same log comes otherwise.
//!
//! Looks at the first line alone; every other source is passed on as it is, in bounded memory.

use crate::core::evidence::Rows;
use std::io::{BufRead, BufReader, Read, Result};

/// A line with the titles is not longer, and neither is a row that is read.
const MAX_LINE: u64 = 64 * 1024;

/// A source that gives JSON lines where it is such a log, and its own bytes otherwise.
pub struct AsJson<R> {
    source: BufReader<R>,
    rows: Option<Rows>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> AsJson<R> {
    /// Looks at the first line.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(source: R) -> Result<AsJson<R>> {
        let mut source = BufReader::new(source);
        let first = line(&mut source)?;
        let rows = Rows::titled(&String::from_utf8_lossy(&first));
        Ok(AsJson { source, rows, out: first, at: 0 })
    }
}

fn line(source: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    source.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

impl<R: Read> Read for AsJson<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        while self.at == self.out.len() {
            let Some(rows) = &self.rows else { return self.source.read(into) };
            let next = line(&mut self.source)?;
            if next.is_empty() {
                return Ok(0);
            }
            let row = rows.json(&String::from_utf8_lossy(&next));
            (self.out, self.at) = (row.map(|row| format!("{row}\n").into_bytes()).unwrap_or_default(), 0);
        }
        let count = into.len().min(self.out.len() - self.at);
        into[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
