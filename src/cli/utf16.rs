//! Text in UTF-16, as PowerShell's `>` writes it, read as UTF-8.
//!
//! Knows the mark with which such a text begins, and that a Latin letter or digit soon follows. Everything else is passed
//! on as it is, in bounded memory.

use std::io::{Chain, Cursor, Read, Result};

/// Within so many bytes a letter follows.
const START: u64 = 64;
/// How many bytes are turned at a time.
const PIECE: usize = 16 * 1024;

/// A source that gives UTF-8 where it begins with the mark of UTF-16, and its own bytes otherwise.
pub struct Plain<R> {
    source: Chain<Cursor<Vec<u8>>, R>,
    /// How two bytes make a unit; none for a text that is not UTF-16.
    unit: Option<fn([u8; 2]) -> u16>,
    /// Bytes and units of which the rest is still to come.
    odd: Option<u8>,
    high: Option<u16>,
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> Plain<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// When these cannot be read.
    pub fn new(mut source: R) -> Result<Plain<R>> {
        let mut first = Vec::new();
        source.by_ref().take(START).read_to_end(&mut first)?;
        let has_letter = |place: usize| first.iter().skip(2 + place).step_by(2).any(|byte| *byte == 0);
        let unit: Option<fn([u8; 2]) -> u16> = match first[..] {
            [0xff, 0xfe, ..] if has_letter(1) => Some(u16::from_le_bytes),
            [0xfe, 0xff, ..] if has_letter(0) => Some(u16::from_be_bytes),
            _ => None,
        };
        if unit.is_some() {
            first.drain(..2);
        }
        Ok(Plain { source: Cursor::new(first).chain(source), unit, odd: None, high: None, out: Vec::new(), at: 0 })
    }

    /// Turns the next piece; nothing is left at the end.
    fn turn(&mut self, unit: fn([u8; 2]) -> u16) -> Result<()> {
        let mut bytes = [0; PIECE];
        let count = self.source.read(&mut bytes)?;
        let bytes = self.odd.take().into_iter().chain(bytes[..count].iter().copied()).collect::<Vec<u8>>();
        let pairs = bytes.chunks_exact(2);
        if count > 0 {
            self.odd = pairs.remainder().first().copied();
        }
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        units.extend(pairs.map(|pair| unit([pair[0], pair[1]])));
        // The first half of a pair waits for the second.
        if count > 0 && units.last().is_some_and(|last| (0xd800..0xdc00).contains(last)) {
            self.high = units.pop();
        }
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        (self.out, self.at) = (text.into_bytes(), 0);
        Ok(())
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let Some(unit) = self.unit else { return self.source.read(into) };
        while self.at == self.out.len() {
            let waited = self.odd.is_some() || self.high.is_some();
            self.turn(unit)?;
            let waits = self.odd.is_some() || self.high.is_some();
            // Nothing came, and nothing is left of what came before.
            if self.out.is_empty() && !waited && !waits {
                return Ok(0);
            }
        }
        let count = into.len().min(self.out.len() - self.at);
        into[..count].copy_from_slice(&self.out[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8], drop: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Plain::new(Drops(bytes, drop)).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn utf_16_is_turned_and_everything_else_is_left_alone() {
        let text = "AADSTS7000215: ungültig 漢 😀\r\n".repeat(2000);
        let units = || text.encode_utf16();
        let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect();
        for drop in [1, 2, 3, 7, PIECE - 1, PIECE, usize::MAX] {
            assert_eq!(read(&little, drop), text.as_bytes(), "{drop}");
            assert_eq!(read(&big, drop), text.as_bytes(), "{drop}");
            for other in [&b""[..], b"a", b"\xff", b"\xff\xfe", b"\xff\xfe AADSTS", b"\xef\xbb\xbfA", text.as_bytes()] {
                assert_eq!(read(other, drop), other, "{drop}");
            }
            // Cut off, or halves of pairs.
            for (bytes, shown) in [
                (&b"\xff\xfea\0b"[..], "a"),
                (b"\xff\xfea\0\x3d\xd8", "a\u{fffd}"),
                (b"\xff\xfe\x3d\xd8a\0\x00\xde", "\u{fffd}a\u{fffd}"),
            ] {
                assert_eq!(read(bytes, drop), shown.as_bytes(), "{drop}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_out_the_same_in_any_drops(
            mark in proptest::sample::select(vec![&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"\xff\xfe", b""]),
            bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..200),
            drop in 1_usize..80,
        ) {
            let bytes = [mark, &bytes].concat();
            let whole = read(&bytes, usize::MAX);
            proptest::prop_assert_eq!(&read(&bytes, drop), &whole);
            proptest::prop_assert!(mark.len() < 4 || str::from_utf8(&whole).is_ok());
        }
    }
}
