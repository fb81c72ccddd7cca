//! `settings.toml`: read, and never written, not even when it is damaged.
//!
//! Does not know what is done with the settings.

use crate::core::cloud::CloudId;
use crate::core::settings::{DefaultStore, Palette, Settings};
use crate::store::StoreError;
use crate::store::files::{self, line_of};
use crate::store::paths::Home;
use std::path::Path;
use toml_edit::{Document, Item};

/// The most days before its end that an end can be near.
const MOST_DAYS: i64 = 3650;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The settings; the default where nothing is said.
    pub settings: Settings,
    /// What this version does not know and left aside, each with the file and the line.
    pub aside: Vec<String>,
}

/// Reads the settings of a home. Without a file everything has its default.
///
/// An unknown key is left aside and told, as a newer version may know it; everything else must be right.
///
/// # Errors
/// [`StoreError::Settings`] with the line, when the file is not TOML, a value is none of those that are possible, or the
/// file is not a small regular one.
pub fn read(home: &Home) -> Result<Found, StoreError> {
    let path = home.settings();
    match files::read(&path) {
        Ok(None) => Ok(Found::default()),
        Ok(Some(text)) => parse(&path, &text),
        Err(StoreError::Damaged { path, what }) => Err(StoreError::Settings { path, what }),
        Err(other) => Err(other),
    }
}

fn parse(path: &Path, text: &str) -> Result<Found, StoreError> {
    let line = |at: Option<usize>| line_of(text.as_bytes(), at.unwrap_or(0));
    let wrong =
        |line: usize, what: &str| StoreError::Settings { path: path.to_owned(), what: format!("line {line}: {what}") };
    let doc = Document::parse(text).map_err(|error| {
        let what = error.message().lines().next().unwrap_or_default();
        wrong(line(error.span().map(|span| span.start)), &format!("not TOML: {what}"))
    })?;
    let mut found = Found::default();
    let settings = &mut found.settings;
    for (key, item) in doc.as_table() {
        let at = line(item.span().map(|span| span.start));
        let must_be = |what: &str| wrong(at, &format!("'{key}' must be {what}"));
        match key {
            "default_store" => {
                settings.default_store =
                    item.as_str().and_then(DefaultStore::parse).ok_or_else(|| must_be("\"keyring\" or \"vault\""))?;
            }
            "cloud" => {
                let known = CloudId::ALL.map(|cloud| format!("\"{cloud}\"")).join(", ");
                settings.cloud =
                    item.as_str().and_then(CloudId::parse).ok_or_else(|| must_be(&format!("one of {known}")))?;
            }
            "warning_days" => {
                let days = item.as_integer().filter(|days| (0..=MOST_DAYS).contains(days));
                settings.warning_days = days.ok_or_else(|| must_be(&format!("a number from 0 to {MOST_DAYS}")))?;
            }
            "theme" => {
                let palette = item.as_str().and_then(Palette::parse);
                settings.theme = palette.ok_or_else(|| must_be("\"auto\", \"dark\", \"light\" or \"none\""))?;
            }
            _ => found.aside.push(unknown(path, key, at, item)),
        }
    }
    Ok(found)
}

fn unknown(path: &Path, key: &str, at: usize, item: &Item) -> String {
    let what = if item.is_table_like() { "table" } else { "setting" };
    // Named only when it is a plain word: it may be a secret in the wrong place.
    let is_word = key.len() <= 32 && key.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-'));
    let named = if is_word { format!(" '{key}'") } else { " of that name".to_owned() };
    format!("{}: line {at}: there is no {what}{named} in this version; it was left aside", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Found, String> {
        parse(Path::new("settings.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_of_it_or_some_of_it() {
        assert_eq!(read("# nothing yet\n"), Ok(Found::default()));
        let whole = "default_store = \"vault\"\r\ncloud = 'us-gov'\nwarning_days = 0\ntheme = \"none\"\n";
        let settings = Settings {
            default_store: DefaultStore::Vault,
            cloud: CloudId::UsGov,
            warning_days: 0,
            theme: Palette::None,
        };
        assert_eq!(read(whole).unwrap().settings, settings);
        let some = read("warning_days = 60").unwrap();
        assert_eq!(some.settings, Settings { warning_days: 60, ..Settings::default() });
        assert_eq!(some.aside, [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, says) in [
            ("\nwarning_days = \"30\"", "line 2: 'warning_days' must be a number from 0 to 3650"),
            ("warning_days = -1", "line 1: 'warning_days' must be a number"),
            ("warning_days = 30.5", "line 1: 'warning_days' must be a number"),
            ("theme = \"auto\"\ncloud = \"Global\"", "line 2: 'cloud' must be one of \"global\", \"us-gov\""),
            ("default_store = \"env\"", "line 1: 'default_store' must be \"keyring\" or \"vault\""),
            ("default_store = [\"vault\"]", "line 1: 'default_store' must be"),
            ("theme = true", "line 1: 'theme' must be \"auto\", \"dark\", \"light\" or \"none\""),
            ("theme = \"dark\"\ntheme = \"light\"", "line 2: not TOML: duplicate key"),
            ("theme = \"dark", "line 1: not TOML"),
            ("[theme]", "line 1: 'theme' must be"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.starts_with(&format!("settings.toml: {says}")), "{text}: {told}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_and_left_aside() {
        let found = read("theme = \"light\"\nwarning_day = 9\n\"aB8Q~x\" = 1\n[of_tomorrow]\nx = 1\n").unwrap();
        assert_eq!(found.settings, Settings { theme: Palette::Light, ..Settings::default() });
        assert_eq!(
            found.aside,
            [
                "settings.toml: line 2: there is no setting 'warning_day' in this version; it was left aside",
                "settings.toml: line 3: there is no setting of that name in this version; it was left aside",
                "settings.toml: line 4: there is no table 'of_tomorrow' in this version; it was left aside",
            ]
        );
    }
}
