//! What is settled for all profiles: where typed secrets go, the cloud of new profiles, when an end is near, the colours.
//!
//! Does not know the file that says so, or what is done with it.

use crate::core::cloud::CloudId;
use crate::core::expiry::WARNING_DAYS;

/// Where a secret that is typed or piped in is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultStore {
    /// In the keyring; where there is none, in the vault.
    #[default]
    Keyring,
    /// In the vault.
    Vault,
}

/// The colours of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Those for the background that the terminal tells of; else those for a dark one.
    #[default]
    Auto,
    /// Those that can be read on a dark background.
    Dark,
    /// Those that can be read on a light background.
    Light,
    /// None.
    None,
}

/// All of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Where a secret that is typed or piped in is kept, where nothing else is said.
    pub default_store: DefaultStore,
    /// The cloud that a new profile begins with. Profiles that are there keep theirs.
    pub cloud: CloudId,
    /// Days left from which on an end is near.
    pub warning_days: i64,
    /// The colours of the screens.
    pub theme: Palette,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            default_store: DefaultStore::default(),
            cloud: CloudId::Global,
            warning_days: WARNING_DAYS,
            theme: Palette::default(),
        }
    }
}

impl DefaultStore {
    /// The store of that name.
    pub fn parse(text: &str) -> Option<DefaultStore> {
        match text {
            "keyring" => Some(DefaultStore::Keyring),
            "vault" => Some(DefaultStore::Vault),
            _ => None,
        }
    }
}

impl Palette {
    /// The colours of that name.
    pub fn parse(text: &str) -> Option<Palette> {
        match text {
            "auto" => Some(Palette::Auto),
            "dark" => Some(Palette::Dark),
            "light" => Some(Palette::Light),
            "none" => Some(Palette::None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_colours_are_known_by_their_names() {
        for (text, store) in [
            ("keyring", Some(DefaultStore::Keyring)),
            ("vault", Some(DefaultStore::Vault)),
            ("Keyring", None),
            ("env", None),
            ("", None),
        ] {
            assert_eq!(DefaultStore::parse(text), store, "{text}");
        }
        for (text, palette) in [
            ("auto", Some(Palette::Auto)),
            ("dark", Some(Palette::Dark)),
            ("light", Some(Palette::Light)),
            ("none", Some(Palette::None)),
            ("blue", None),
        ] {
            assert_eq!(Palette::parse(text), palette, "{text}");
        }
    }
}
