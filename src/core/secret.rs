//! Client secrets and tokens: types that cannot be shown, copied or written by accident.
//!
//! The only module that looks inside a secret. Does not know where secrets are stored or sent.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// The longest text that is taken for a secret, in bytes. Entra's are about 40 (facts 7).
pub const MAX_SECRET: usize = 4096;
/// The longest access token that is taken, in bytes (safety rule 11).
pub const MAX_TOKEN: usize = 64 * 1024;

/// The value of a client secret. No `Display`, no `Serialize`, no `Clone`; `Debug` prints a placeholder; wiped on drop.
pub struct ClientSecret(SecretString);

/// Why a text cannot be a client secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing was given.
    #[error("the secret is empty")]
    Empty,
    /// Longer than [`MAX_SECRET`].
    #[error("this is longer than any client secret (more than 4,096 bytes)")]
    TooLong,
    /// A line end, tab or other control character inside.
    #[error("a client secret is one line without control characters")]
    Control,
}

impl ClientSecret {
    /// Takes a value as it is; one line end at the end (as files and pipes leave it) is not part of it.
    ///
    /// # Errors
    /// When it is empty, too long, or holds control characters.
    #[expect(clippy::needless_pass_by_value, reason = "the caller's copy is wiped here")]
    pub fn new(value: Zeroizing<String>) -> Result<Self, SecretError> {
        let bare = value.strip_suffix('\n').map_or(value.as_str(), |v| v.strip_suffix('\r').unwrap_or(v));
        if bare.is_empty() {
            return Err(SecretError::Empty);
        }
        if bare.len() > MAX_SECRET {
            return Err(SecretError::TooLong);
        }
        if bare.chars().any(char::is_control) {
            return Err(SecretError::Control);
        }
        Ok(ClientSecret(SecretString::from(bare)))
    }

    /// The value itself. Every call is listed by clippy and gives its reason.
    #[expect(clippy::disallowed_methods, reason = "the one place that looks inside")]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares with a plain value, for the check that a secret is not another field's value.
    #[expect(clippy::disallowed_methods, reason = "compares only")]
    pub fn is(&self, other: &str) -> bool {
        !other.is_empty() && self.0.expose_secret() == other
    }

    /// What it looks like, which may be told.
    #[expect(clippy::disallowed_methods, reason = "judges the shape only")]
    pub fn shape(&self) -> SecretShape {
        SecretShape::of(self.0.expose_secret())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret([hidden])")
    }
}

/// An access token. Opaque: claims explain, but the service judges (safety rule 11).
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Takes a token that is ASCII without control characters and at most [`MAX_TOKEN`] long.
    #[expect(clippy::needless_pass_by_value, reason = "the caller's copy is wiped here")]
    pub fn new(value: Zeroizing<String>) -> Option<Self> {
        let fits = !value.is_empty() && value.len() <= MAX_TOKEN && value.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| AccessToken(SecretString::from(value.as_str())))
    }

    /// The token itself. Every call is listed by clippy and gives its reason.
    #[expect(clippy::disallowed_methods, reason = "the one place that looks inside")]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([hidden])")
    }
}

/// What a text in the secret field looks like. Hints never block (design: experience).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretShape {
    /// Nothing typed yet.
    Empty,
    /// A GUID: almost surely the Secret ID instead of its Value (facts 7, code 7000215).
    SecretId,
    /// Quotes around it, most likely copied with them.
    Quoted,
    /// A blank at either end, which is part of it.
    Padded,
    /// A blank at either end while it is typed, which is taken off.
    Trimmed,
    /// A placeholder such as `<your secret>`.
    Placeholder,
    /// The three characters and dots that the portal shows later.
    Masked,
    /// Shaped as Entra makes them today.
    Usual,
    /// None of these; nothing wrong with it.
    Other,
}

impl SecretShape {
    /// The shape of a text.
    pub fn of(text: &str) -> SecretShape {
        let bare = text.trim();
        let quotes = |c: char| matches!(c, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}');
        if bare.is_empty() {
            SecretShape::Empty
        } else if crate::core::names::parse_guid(bare).is_some() {
            SecretShape::SecretId
        } else if text.len() > bare.len() {
            SecretShape::Padded
        } else if bare.chars().count() > 1 && bare.starts_with(quotes) && bare.ends_with(quotes) {
            SecretShape::Quoted
        } else if is_placeholder(bare) {
            SecretShape::Placeholder
        } else if bare.ends_with("***") || bare.ends_with("\u{2022}\u{2022}\u{2022}") {
            SecretShape::Masked
        } else if looks_like_secret(bare) {
            SecretShape::Usual
        } else {
            SecretShape::Other
        }
    }
}

/// Whether a text stands for a value that was never filled in: `<client id>`, `YOUR_SECRET`, `xxxx`, `changeme`.
pub fn is_placeholder(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    let bracketed = [("<", ">"), ("{{", "}}"), ("${", "}"), ("[", "]")]
        .iter()
        .any(|(open, close)| lower.len() > 2 && lower.starts_with(open) && lower.ends_with(close));
    let words = [
        "your-",
        "your_",
        "yourtenant",
        "yourclient",
        "yoursecret",
        "placeholder",
        "changeme",
        "insert-",
        "replace-me",
        "todo",
    ];
    let guid_dummy = crate::core::names::parse_guid(&lower).is_some_and(|id| {
        let hex: std::collections::BTreeSet<char> = id.simple().to_string().chars().collect();
        hex.len() == 1
    });
    bracketed
        || guid_dummy
        || words.iter().any(|word| lower.starts_with(word))
        || (lower.len() >= 3 && lower.chars().all(|c| c == 'x' || c == '-'))
}

/// Whether a text is shaped like a secret value of today: about 40 characters, with `~` among letters and digits.
///
/// General knowledge, not documented: a hint, never a reason to refuse (facts 7).
pub fn looks_like_secret(text: &str) -> bool {
    (34..=44).contains(&text.len())
        && text.contains('~')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'~' | b'_' | b'.' | b'-'))
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A secret while it is typed: capacity reserved once, so no copy of it is left behind by growing; wiped on drop.
pub struct SecretBuffer {
    text: Zeroizing<String>,
    /// Byte offset, always on a character boundary.
    cursor: usize,
}

impl Default for SecretBuffer {
    fn default() -> Self {
        SecretBuffer { text: Zeroizing::new(String::with_capacity(MAX_SECRET)), cursor: 0 }
    }
}

impl SecretBuffer {
    /// How many characters were received. The only thing that may be told of them.
    pub fn chars(&self) -> usize {
        self.text.chars().count()
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts a character in at the cursor. Control characters, and what does not fit, are dropped: `false`.
    pub fn insert(&mut self, c: char) -> bool {
        if c.is_control() || self.text.len() + c.len_utf8() > MAX_SECRET {
            return false;
        }
        self.text.insert(self.cursor, c);
        self.cursor += c.len_utf8();
        true
    }

    /// Takes the character before the cursor away.
    pub fn backspace(&mut self) {
        if let Some((at, _)) = self.text[..self.cursor].char_indices().next_back() {
            self.cut(at, self.cursor);
            self.cursor = at;
        }
    }

    /// Takes the character at the cursor away.
    pub fn delete(&mut self) {
        if let Some(c) = self.text[self.cursor..].chars().next() {
            self.cut(self.cursor, self.cursor + c.len_utf8());
        }
    }

    /// Removes a byte range; the bytes that move leave no copy at the old end.
    fn cut(&mut self, from: usize, to: usize) {
        let mut rest = Zeroizing::new(String::with_capacity(MAX_SECRET));
        rest.push_str(&self.text[..from]);
        rest.push_str(&self.text[to..]);
        self.text = rest;
    }

    /// Moves the cursor one character left.
    pub fn left(&mut self) {
        self.cursor = self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at);
    }

    /// Moves the cursor one character right.
    pub fn right(&mut self) {
        self.cursor += self.text[self.cursor..].chars().next().map_or(0, char::len_utf8);
    }

    /// Moves the cursor to the start.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves the cursor to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Wipes everything.
    pub fn clear(&mut self) {
        self.text.zeroize();
        *self = SecretBuffer::default();
    }

    /// What it looks like.
    pub fn shape(&self) -> SecretShape {
        match SecretShape::of(&self.text) {
            SecretShape::Padded => SecretShape::Trimmed,
            other => other,
        }
    }

    /// Compares with a plain value, for the check that a secret is not another field's value.
    pub fn is(&self, other: &str) -> bool {
        !other.is_empty() && self.text.as_str() == other
    }

    /// The finished secret, with surrounding blanks taken off.
    ///
    /// # Errors
    /// As [`ClientSecret::new`].
    pub fn finish(&self) -> Result<Arc<ClientSecret>, SecretError> {
        ClientSecret::new(Zeroizing::new(self.text.trim().to_owned())).map(Arc::new)
    }

    /// The text while it is revealed on screen by the one who typed it.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for SecretBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBuffer([hidden])")
    }
}

/// Takes known secrets out of a text, in every form in which a server or library might echo them.
#[derive(Default, Clone)]
pub struct Scrubber {
    needles: Arc<Vec<Zeroizing<String>>>,
}

/// What stands where a secret was.
pub const SCRUBBED: &str = "[secret]";

impl Scrubber {
    /// A scrubber for one client secret.
    pub fn for_secret(secret: &ClientSecret) -> Scrubber {
        #[expect(clippy::disallowed_methods, reason = "to find it in foreign text and take it out")]
        let forms = forms_of(secret.reveal());
        Scrubber { needles: Arc::new(forms) }
    }

    /// The same, and a token besides.
    #[must_use]
    pub fn and_token(&self, token: &AccessToken) -> Scrubber {
        #[expect(clippy::disallowed_methods, reason = "to find it in foreign text and take it out")]
        let more = forms_of(token.reveal());
        let mut all: Vec<Zeroizing<String>> = self.needles.iter().map(|n| Zeroizing::new(n.to_string())).collect();
        all.extend(more);
        Scrubber { needles: Arc::new(all) }
    }

    /// The text without any known secret.
    pub fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for needle in self.needles.iter() {
            if out.contains(needle.as_str()) {
                out = out.replace(needle.as_str(), SCRUBBED);
            }
        }
        out
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({} forms hidden)", self.needles.len())
    }
}

/// A secret as it may turn up elsewhere: plain, form- and percent-encoded, as JSON string, in base64. Longest first.
fn forms_of(secret: &str) -> Vec<Zeroizing<String>> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let mut forms = vec![
        secret.to_owned(),
        form.to_ascii_lowercase(),
        form,
        percent,
        json,
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    // Too short a needle would blot out unrelated text; such a secret is not one.
    forms.retain(|form| form.len() >= 6);
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms.into_iter().map(Zeroizing::new).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look inside to prove what is kept")]
mod tests {
    use super::*;

    fn secret(text: &str) -> ClientSecret {
        ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    #[test]
    fn values_are_kept_as_they_are() {
        let odd = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ0 ";
        assert_eq!(secret(odd).reveal(), odd);
        assert_eq!(secret("abc\r\n").reveal(), "abc");
        assert_eq!(ClientSecret::new(Zeroizing::new("\n".into())).unwrap_err(), SecretError::Empty);
        assert_eq!(ClientSecret::new(Zeroizing::new("a\nb".into())).unwrap_err(), SecretError::Control);
        assert_eq!(ClientSecret::new(Zeroizing::new("a".repeat(5000))).unwrap_err(), SecretError::TooLong);
    }

    #[test]
    fn nothing_is_printed() {
        assert_eq!(format!("{:?}", secret("canary-value")), "ClientSecret([hidden])");
        let mut buffer = SecretBuffer::default();
        "canary-value".chars().for_each(|c| assert!(buffer.insert(c)));
        assert_eq!(format!("{buffer:?}"), "SecretBuffer([hidden])");
        let token = AccessToken::new(Zeroizing::new("e30.e30.sig".into())).unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken([hidden])");
        assert!(!format!("{:?}", Scrubber::for_secret(&secret("canary-value"))).contains("canary"));
    }

    #[test]
    fn shapes() {
        use SecretShape::{Empty, Masked, Other, Padded, Placeholder, Quoted, SecretId, Usual};
        for (text, shape) in [
            ("", Empty),
            ("3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e", SecretId),
            ("\"abc~8Q~def\"", Quoted),
            ("\u{201c}abc\u{201d}", Quoted),
            (" abc8Q~def", Padded),
            ("<client secret>", Placeholder),
            ("YOUR_SECRET", Placeholder),
            ("abc*****************", Masked),
            ("aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789_", Usual),
            ("short", Other),
        ] {
            assert_eq!(SecretShape::of(text), shape, "{text}");
        }
    }

    #[test]
    fn editing() {
        let mut b = SecretBuffer::default();
        "aé漢z".chars().for_each(|c| assert!(b.insert(c)));
        b.left();
        b.backspace();
        b.home();
        b.delete();
        b.right();
        assert!(b.insert('!'));
        assert!(!b.insert('\n'));
        assert_eq!(b.finish().unwrap().reveal(), "é!z");
        b.end();
        assert!(b.insert(' '));
        assert_eq!(b.shape(), SecretShape::Trimmed);
        assert_eq!(b.finish().unwrap().shape(), SecretShape::Other);
        assert_eq!(secret("é!z ").shape(), SecretShape::Padded);
        b.clear();
        assert!(b.is_empty());
        assert_eq!(b.finish().unwrap_err(), SecretError::Empty);
    }

    #[test]
    fn every_form_is_scrubbed() {
        let value = "p%q+r&s=t \"u\" 'v'";
        let scrub = Scrubber::for_secret(&secret(value));
        for form in [
            value.to_owned(),
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            serde_json::to_string(value).unwrap(),
            STANDARD.encode(value),
            URL_SAFE_NO_PAD.encode(value),
        ] {
            let out = scrub.scrub(&format!("before {form} after"));
            assert!(out.contains(SCRUBBED) && !out.contains("q+r"), "{form} -> {out}");
        }
    }

    #[test]
    fn tokens_are_graphic_ascii() {
        for bad in ["", "a b", "a\nb", "é"] {
            assert!(AccessToken::new(Zeroizing::new(bad.into())).is_none());
        }
        assert!(AccessToken::new(Zeroizing::new("a".repeat(MAX_TOKEN + 1))).is_none());
    }
}
