//! Client secrets and tokens: types that cannot be shown, copied or written by accident.
//!
//! Every look inside goes through `reveal`, at places that say why. Does not know where secrets are stored or sent.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
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

/// A shorter passphrase is soon found by trying.
pub const SHORTEST_PASSPHRASE: usize = 8;

/// What is said of one.
pub const SHORT_PASSPHRASE: &str = "too short: eight characters at least, better several words";

impl ClientSecret {
    /// Whether it is too short for a passphrase.
    #[expect(clippy::disallowed_methods, reason = "its length is looked at")]
    pub fn is_short(&self) -> bool {
        self.reveal().chars().count() < SHORTEST_PASSPHRASE
    }

    /// Takes a value as it is; a byte order mark in front and one line end at the end (as files and pipes leave them) are
    /// not part of it.
    ///
    /// # Errors
    /// When it is empty, too long, or holds control characters.
    #[expect(clippy::needless_pass_by_value, reason = "the caller's copy is wiped here")]
    pub fn new(value: Zeroizing<String>) -> Result<Self, SecretError> {
        let value_of = value.strip_prefix('\u{feff}').unwrap_or(&value);
        let bare = value_of.strip_suffix('\n').map_or(value_of, |v| v.strip_suffix('\r').unwrap_or(v));
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

    /// Whether it begins with what Microsoft Graph shows of a secret: its first three characters, never more (facts 3).
    #[expect(clippy::disallowed_methods, reason = "compares only")]
    pub fn has_hint(&self, hint: &str) -> bool {
        hint.chars().count() == 3 && self.0.expose_secret().starts_with(hint)
    }

    /// Whether two are the same.
    #[expect(clippy::disallowed_methods, reason = "compares only")]
    pub fn is_same(&self, other: &ClientSecret) -> bool {
        self.is(other.0.expose_secret())
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
    /// Shorter than any that Entra makes.
    Short,
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
        } else if bare.chars().count() < 16 {
            SecretShape::Short
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
    // Whole words only: a user may be called todor, a tenant todo.example.com.
    let words =
        ["placeholder", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me", "todo", "tbd"];
    let address = lower.strip_prefix("https://").unwrap_or(&lower);
    let yours =
        ["your-", "your_", "your ", "yourtenant", "yourclient", "yoursecret", "yourenv", "yourorg", "yourcompany"];
    let guid_dummy = crate::core::names::parse_guid(&lower).is_some_and(|id| {
        let hex: std::collections::BTreeSet<char> = id.simple().to_string().chars().collect();
        hex.len() == 1
    });
    bracketed
        || guid_dummy
        || words.contains(&lower.as_str())
        || yours.iter().any(|word| address.starts_with(word))
        // What exports of this program write: REPLACE_WITH_CLIENT_SECRET.
        || lower.starts_with("replace_with_")
        || (lower.len() >= 5 && lower.chars().all(|c| c == 'x' || c == '-'))
}

/// Whether a text is shaped like a secret value of today: about 40 characters, with `~` among letters and digits.
///
/// General knowledge, not documented: a hint, never a reason to refuse (facts 7).
pub fn looks_like_secret(text: &str) -> bool {
    // A field for URLs puts this before whatever it is given.
    let text = text.strip_prefix("https://").unwrap_or(text);
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

    /// A passphrase: as it was typed, blanks included.
    ///
    /// # Errors
    /// As [`ClientSecret::new`].
    pub fn passphrase(&self) -> Result<Arc<ClientSecret>, SecretError> {
        ClientSecret::new(self.text.clone()).map(Arc::new)
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
    known: Arc<Vec<Known>>,
}

/// A secret that may turn up.
#[derive(Clone)]
struct Known {
    plain: Zeroizing<String>,
    /// What it comes to inside of any text that was encoded in base64 as a whole.
    encoded: Vec<Zeroizing<String>>,
}

/// What stands where a secret was.
pub const SCRUBBED: &str = "[secret]";
/// A shorter needle would blot out unrelated text; such a secret is not one.
const SHORTEST: usize = 6;

impl Scrubber {
    /// A scrubber for one client secret.
    pub fn for_secret(secret: &ClientSecret) -> Scrubber {
        #[expect(clippy::disallowed_methods, reason = "to find it in foreign text and take it out")]
        let known = Known::new(secret.reveal());
        Scrubber { known: Arc::new(vec![known]) }
    }

    /// The same, and a token besides.
    #[must_use]
    pub fn and_token(&self, token: &AccessToken) -> Scrubber {
        #[expect(clippy::disallowed_methods, reason = "to find it in foreign text and take it out")]
        let more = Known::new(token.reveal());
        Scrubber { known: Arc::new(self.known.iter().cloned().chain([more]).collect()) }
    }

    /// Whether a known secret is in a text.
    pub fn finds(&self, text: &str) -> bool {
        self.scrub(text) != text
    }

    /// The text without any known secret, also where it breaks off in the middle of one.
    pub fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for known in self.known.iter().filter(|known| known.plain.chars().count() >= SHORTEST) {
            out = known.scrub(&out);
        }
        out
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({} hidden)", self.known.len())
    }
}

impl Known {
    fn new(secret: &str) -> Known {
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let percent = form.replace('+', "%20").replace("%7E", "~");
        let json = serde_json::to_string(secret).unwrap_or_default();
        let mut encoded = Vec::new();
        for text in [secret, &form, &percent, json.trim_matches('"')].map(str::to_owned).map(Zeroizing::new) {
            for lead in 0..3 {
                let framed = Zeroizing::new(["xx".split_at(lead).0, &text].concat());
                // The first and last signs hold bits of what stands around it.
                let (from, to) = ((8 * lead).div_ceil(6), 8 * framed.len() / 6);
                encoded.push(Zeroizing::new(STANDARD_NO_PAD.encode(framed.as_bytes())[from..to].to_owned()));
                encoded.push(Zeroizing::new(URL_SAFE_NO_PAD.encode(framed.as_bytes())[from..to].to_owned()));
            }
        }
        encoded.sort_by(|one, other| one.as_str().cmp(other));
        encoded.dedup_by(|one, other| one.as_str() == other.as_str());
        Known { plain: Zeroizing::new(secret.to_owned()), encoded }
    }

    fn scrub(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            match self.echo(rest) {
                Some(length) => {
                    out.push_str(SCRUBBED);
                    rest = &rest[length..];
                }
                None => {
                    out.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        for needle in self.encoded.iter().filter(|needle| out.contains(needle.as_str())).collect::<Vec<_>>() {
            out = out.replace(needle.as_str(), SCRUBBED);
        }
        out
    }

    /// How many bytes at the start of a text are the secret, each of its characters spelled in any way.
    fn echo(&self, text: &str) -> Option<usize> {
        let mut ends = Vec::new();
        for (number, c) in self.plain.chars().enumerate() {
            let begins = if number == 0 { vec![0] } else { std::mem::take(&mut ends) };
            for at in &begins {
                spellings(&text[*at..], c, |length| ends.push(at + length));
            }
            if ends.is_empty() {
                let cut = begins.iter().any(|at| breaks_off(&text[*at..]));
                return (cut && number >= SHORTEST).then_some(text.len());
            }
            ends.sort_unstable();
            ends.dedup();
        }
        ends.pop()
    }
}

/// Whether nothing is left of a text, or no more than the beginning of an escaped character. The longest is four bytes,
/// each as `%2525F0`.
fn breaks_off(rest: &str) -> bool {
    let is_escape = rest.starts_with(['%', '\\', '&']) && rest.len() < 28;
    rest.is_empty()
        || is_escape && rest[1..].chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '#' | '%' | '\\'))
}

/// Tells the length of every spelling of a character with which a text begins: itself in any case, and as URLs, forms,
/// JSON, HTML and source code write it, escaped once or several times.
fn spellings(text: &str, c: char, mut found: impl FnMut(usize)) {
    let starts = |rest: &str, with: &str| rest.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    let Some(first) = text.chars().next() else { return };
    let mut utf8 = [0; 4];
    let itself: &str = c.encode_utf8(&mut utf8);
    if starts(text, itself) {
        found(itself.len());
    }
    match first {
        '+' if c == ' ' => found(1),
        '%' => {
            for again in ["%", "%25", "%2525"] {
                let spelled: String = itself.bytes().map(|byte| format!("{again}{byte:02x}")).collect();
                if starts(text, &spelled) {
                    found(spelled.len());
                }
            }
        }
        '\\' => {
            let bare = text.trim_start_matches('\\');
            let slashes = text.len() - bare.len();
            let units: String = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            if starts(bare, &units[1..]) && units.len() == 6 {
                found(slashes + 5);
            } else if starts(text, &units) {
                found(units.len());
            }
            if c == '\\' {
                (2..=slashes).for_each(found);
            } else if c.is_ascii_punctuation() && bare.starts_with(c) {
                found(slashes + 1);
            }
        }
        '&' => {
            let named = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&apos;",
                _ => "",
            };
            let code = u32::from(c);
            for spelled in [named, &format!("&#{code};"), &format!("&#0{code};"), &format!("&#x{code:x};")] {
                if !spelled.is_empty() && starts(text, spelled) {
                    found(spelled.len());
                }
            }
        }
        _ => {}
    }
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
        assert_eq!(secret("\u{feff}abc\n").reveal(), "abc");
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
        assert_eq!(format!("{:?}", Scrubber::for_secret(&secret("canary-value"))), "Scrubber(1 hidden)");
    }

    #[test]
    fn shapes() {
        use SecretShape::{Empty, Masked, Other, Padded, Placeholder, Quoted, SecretId, Short, Usual};
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
            // A quote on one side only is part of it, as is one alone.
            ("hunter2\"", Short),
            ("'hunter2", Short),
            ("'", Short),
            ("short", Short),
            ("correct-hors-15", Short),
            ("correct-horse-16", Other),
            ("a long secret of another make", Other),
        ] {
            assert_eq!(SecretShape::of(text), shape, "{text}");
        }
    }

    #[test]
    fn placeholders() {
        for yes in [
            "<client id>",
            "{{tenant}}",
            "YOUR_SECRET",
            "your-tenant-id",
            "https://yourenv.operations.dynamics.com",
            "xxxxxxxx-xxxx",
            "TODO",
            "11111111-1111-1111-1111-111111111111",
        ] {
            assert!(is_placeholder(yes), "{yes}");
        }
        for no in [
            "todor.ivanov",
            "todo.example.com",
            "XXX",
            "youri",
            "yours.example.com",
            "changemeister",
            "[]",
            "11111111-2222-4333-8444-555555555555",
        ] {
            assert!(!is_placeholder(no), "{no}");
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
        assert_eq!(b.finish().unwrap().shape(), SecretShape::Short);
        assert_eq!(secret("é!z ").shape(), SecretShape::Padded);
        b.clear();
        assert!(b.is_empty());
        assert_eq!(b.finish().unwrap_err(), SecretError::Empty);
    }

    #[test]
    fn every_form_is_scrubbed() {
        let value = "p%41q+r&s=t \"u\" 'v' \\w\\\\x é/漢😀~<z>";
        let scrub = Scrubber::for_secret(&secret(value));
        let every = |spell: &dyn Fn(char) -> String| value.chars().map(spell).collect::<String>();
        let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let json = serde_json::to_string(value).unwrap();
        let units =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect::<String>();
        let all = [
            value.to_owned(),
            value.to_ascii_uppercase(),
            form.clone(),
            form.to_ascii_lowercase(),
            form.replace('+', "%20").replace("%7E", "~"),
            form.replace('%', "%25"),
            json.clone(),
            json.replace('/', "\\/"),
            serde_json::to_string(&json).unwrap(),
            format!("{value:?}"),
            every(&units),
            every(&|c| format!("&#{};", u32::from(c))),
            every(&|c| format!("&#x{:X};", u32::from(c))),
            value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
        ];
        for form in all {
            assert_eq!(scrub.scrub(&form).replace(['"', '\\'], ""), SCRUBBED, "{form}");
            assert!(scrub.finds(&form) && !scrub.finds("before and after"), "{form}");
            let out = scrub.scrub(&format!("before {form} {form} after"));
            assert!(out.starts_with("before ") && out.ends_with(" after"), "{form} -> {out}");
            assert_eq!(out.matches(SCRUBBED).count(), 2, "{form} -> {out}");
            // Broken off in the middle of it.
            let cut: String = form.chars().take(form.chars().count() - 1).collect();
            assert!(scrub.scrub(&cut).contains(SCRUBBED), "{cut}");
        }
        // Alone, or somewhere in a text that was encoded as a whole.
        for text in [value, &form, json.trim_matches('"')] {
            for lead in ["", "a", "ab", "abc"] {
                let whole = format!("{lead}{text}&more");
                for encoded in [STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    let out = scrub.scrub(&encoded);
                    assert!(out.contains(SCRUBBED) && out.len() < 30, "{lead}: {out}");
                }
            }
        }
        for other in ["", "%", "\\", "&", "&#", "p%41", "p%41q+r&s=u", "é", "\\u00"] {
            assert_eq!(scrub.scrub(other), other);
        }
    }

    proptest::proptest! {
        #[test]
        fn scrubbing_takes_any_text(text in "(\\PC|%|25|\\\\|u00|&#|amp;|ab|~)*", value in "[ab~%&\\\\]{1,12}") {
            let scrub = Scrubber::for_secret(&secret(&value));
            let out = scrub.scrub(&text);
            proptest::prop_assert!(value.len() < SHORTEST || !out.contains(&value));
        }
    }

    #[test]
    fn what_other_languages_make_of_a_secret() {
        let entra = Scrubber::for_secret(&secret("aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789"));
        assert_eq!(entra.scrub("s=aBc8Q%7ed3f4hIjKlMnOpQrStUvWxYz.0123456789&x"), "s=[secret]&x");
        assert_eq!(entra.scrub("s=aBc8Q%7Ed3f4hIjKlMnOpQrStUvWxYz.0123456789&x"), "s=[secret]&x");
        let odd = Scrubber::for_secret(&secret("ab&cd<ef>'gh+ij"));
        for form in [
            "ab\\u0026cd\\u003Cef\\u003E\\u0027gh\\u002Bij",
            "ab&amp;cd&lt;ef&gt;&#39;gh+ij",
            "ab&amp;cd&lt;ef&gt;&apos;gh&#x2b;ij",
        ] {
            assert_eq!(odd.scrub(&form.replace("\\\\", "\\")), "[secret]", "{form}");
        }
    }

    #[test]
    fn tokens_are_graphic_ascii() {
        for bad in ["", "a b", "a\nb", "é"] {
            assert!(AccessToken::new(Zeroizing::new(bad.into())).is_none());
        }
        assert!(AccessToken::new(Zeroizing::new("a".repeat(MAX_TOKEN + 1))).is_none());
    }

    #[test]
    fn secrets_are_compared_without_being_told() {
        let typed = |text: &str| {
            let mut buffer = SecretBuffer::default();
            text.chars().for_each(|c| assert!(buffer.insert(c)));
            buffer
        };
        const VALUE: &str = "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789";
        for (other, same) in [(VALUE, true), ("aBc", false), ("", false), (&VALUE.to_lowercase(), false)] {
            assert_eq!(secret(VALUE).is(other), same, "{other}");
            assert_eq!(typed(VALUE).is(other), same, "{other}");
        }
        // Nothing typed into either field is no mix-up of the two.
        assert!(!typed("").is(""));
        assert!(secret(VALUE).is_same(&secret(VALUE)) && !secret(VALUE).is_same(&secret("another~8Q")));
        // Graph shows the first three characters; what shows fewer or more is no such hint.
        for (hint, fits) in [("aBc", true), ("abc", false), ("c8Q", false), ("aB", false), ("aBc8", false), ("", false)]
        {
            assert_eq!(secret(VALUE).has_hint(hint), fits, "{hint}");
        }
    }

    #[test]
    fn a_passphrase_has_eight_characters_at_least() {
        for (text, short) in [("seven77", true), ("eight888", false), ("ÄÖÜßäöü", true), ("Schlüssel ist", false)]
        {
            assert_eq!(secret(text).is_short(), short, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_typed() {
        let mut b = SecretBuffer::default();
        let room = b.text.capacity();
        "a".repeat(MAX_SECRET - 2).chars().for_each(|c| assert!(b.insert(c)));
        assert!(!b.insert('漢') && b.insert('é') && !b.insert('a'));
        assert_eq!((b.text.len(), b.chars()), (MAX_SECRET, MAX_SECRET - 1));
        // Growing would have left a copy behind.
        assert_eq!(b.text.capacity(), room);
        let mut wide = SecretBuffer::default();
        "漢".repeat(MAX_SECRET / 3).chars().for_each(|c| assert!(wide.insert(c)));
        assert!(!wide.insert('漢'));
    }

    #[test]
    fn what_is_not_the_secret_stays() {
        for (value, text) in [
            // No more than its beginning, and the text goes on.
            ("contoso~8Q~d3f4hIjKl", "https://x.test/?tenant=contoso&v=1"),
            ("contoso~8Q~d3f4hIjKl", "https://x.test/contoso%20finance%20and%20operations"),
            ("contoso~8Q~d3f4hIjKl", "D:\\contoso\\exports\\2026-11-21"),
            // A plus stands for a blank only, a backslash before no other character.
            ("hunter2~hunter2", "hunter2+hunter2, twice"),
            ("contoso.uat1", "contoso\\nuat1 and more"),
            ("contoso-nuat1", "contoso-\\nuat1 and more"),
        ] {
            let scrub = Scrubber::for_secret(&secret(value));
            assert_eq!(scrub.scrub(text), text, "{value}");
            assert!(!scrub.finds(text), "{value}");
        }
    }

    #[test]
    fn a_token_is_scrubbed_besides_the_secret() {
        let token = AccessToken::new(Zeroizing::new("e30.e30.canary-signature".into())).unwrap();
        assert_eq!(token.reveal(), "e30.e30.canary-signature");
        let scrub = Scrubber::for_secret(&secret("canary-value")).and_token(&token);
        assert_eq!(scrub.scrub("canary-value, Bearer e30.e30.canary-signature"), "[secret], Bearer [secret]");
        assert_eq!(format!("{scrub:?}"), "Scrubber(2 hidden)");
        assert_eq!(Scrubber::default().and_token(&token).scrub("e30.e30.canary-signature!"), "[secret]!");
    }

    #[test]
    fn a_secret_that_breaks_off_inside_of_a_character_is_hidden() {
        let value = "hunterTwo é漢😀~";
        let scrub = Scrubber::for_secret(&secret(value));
        let escaped = |spell: &dyn Fn(char) -> String| {
            let one = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { spell(c) };
            value.chars().map(one).collect::<String>()
        };
        let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect();
        for whole in [
            form.replace('%', "%2525"),
            form,
            escaped(&units),
            escaped(&|c| format!("&#{};", u32::from(c))),
            escaped(&|c| format!("&#x{:X};", u32::from(c))),
        ] {
            for (at, _) in whole.char_indices().skip(SHORTEST) {
                assert_eq!(scrub.scrub(&whole[..at]), SCRUBBED, "{}", &whole[..at]);
            }
        }
    }
}
