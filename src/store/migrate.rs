//! Older formats of profiles, brought up to today's: step by step in memory, and on disk only with the next save, which
//! keeps the older file beside (safety rule 17). Comments and unknown keys go along.
//!
//! Does not know how a profile is read, or where it is kept.

use std::borrow::Cow;
use toml_edit::{Document, DocumentMut, Item};

/// The version that is written.
pub const VERSION: i64 = 1;

/// What makes the next version of one.
struct Step {
    from: i64,
    change: fn(&mut DocumentMut),
}

/// One step from each older version. Version 1 is the first, so there is none yet.
#[cfg(not(test))]
const STEPS: &[Step] = &[];
/// A version that never was, to test the way.
#[cfg(test)]
const STEPS: &[Step] = &[Step { from: 0, change: tests::from_nothing }];

/// The version of a text, where it is an older one that can be brought up.
pub fn older(text: &str) -> Option<i64> {
    let version = Document::parse(text).ok()?.get("version").and_then(Item::as_integer)?;
    (version..VERSION).all(|from| step(from).is_some()).then_some(version).filter(|version| *version < VERSION)
}

/// The text in today's format. What is no older format stays as it is.
pub fn raised(text: &str) -> Cow<'_, str> {
    let (Some(version), Ok(mut doc)) = (older(text), text.parse::<DocumentMut>()) else { return Cow::Borrowed(text) };
    for step in (version..VERSION).filter_map(step) {
        (step.change)(&mut doc);
    }
    if let Some(version) = doc.get_mut("version").and_then(Item::as_value_mut) {
        let decor = version.decor().clone();
        *version = VERSION.into();
        *version.decor_mut() = decor;
    }
    Cow::Owned(doc.to_string())
}

fn step(from: i64) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.from == from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::names::ProfileName;
    use crate::core::question::FieldId;
    use crate::store::StoreError;
    use crate::store::paths::Home;
    use crate::store::profiles::MOST_BACKUPS;
    use crate::store::profiles::{self, Save};
    use std::fs;

    /// In the made-up version 0 the company was called `legal_entity`.
    pub fn from_nothing(doc: &mut DocumentMut) {
        if let Some(table) = doc.get_mut("d365").and_then(Item::as_table_mut)
            && let Some((key, value)) = table.remove_entry("legal_entity")
        {
            let key = toml_edit::Key::new("company").with_leaf_decor(key.leaf_decor().clone());
            table.insert_formatted(&key, value);
        }
    }

    const OLD: &str = "# ours\nversion = 0 # the first\nguide = \"g\"\nowner = \"jane\" # unknown\n\n[d365]\n# whose books\n\
                       legal_entity = \"USMF\" # Contoso\ncolor = \"blue\"\n";
    const NEW: &str = "# ours\nversion = 1 # the first\nguide = \"g\"\nowner = \"jane\" # unknown\n\n[d365]\ncolor = \
                       \"blue\"\n# whose books\ncompany = \"DAT\" # Contoso\n";

    fn home_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        fs::create_dir(home.profiles()).unwrap();
        for (file, text) in files {
            fs::write(home.profiles().join(file), text).unwrap();
        }
        (folder, home)
    }

    fn name(text: &str) -> ProfileName {
        text.parse().unwrap()
    }

    fn read(home: &Home, file: &str) -> String {
        fs::read_to_string(home.profiles().join(file)).unwrap_or_default()
    }

    #[test]
    fn an_older_version_is_read_as_it_stands_and_migrated_by_the_next_save() {
        let (_folder, home) = home_with(&[("a.toml", OLD)]);
        let mut stored = profiles::load(&home, &name("a")).unwrap();
        assert_eq!((stored.draft.value(FieldId::Company), stored.newer), ("USMF", false));
        assert!(profiles::list(&home).unwrap()[0].profile.is_ok());
        // A save that changes nothing leaves it alone.
        profiles::save(&home, &name("a"), &stored.draft, Save::Change).unwrap();
        assert_eq!(read(&home, "a.toml"), OLD);

        stored.draft.set(FieldId::Company, "DAT");
        profiles::save(&home, &name("a"), &stored.draft, Save::Change).unwrap();
        assert_eq!((read(&home, "a.toml").as_str(), read(&home, "a.toml.v0.bak").as_str()), (NEW, OLD));
        assert_eq!(profiles::load(&home, &name("a")).unwrap().draft, stored.draft);
        // The backup is no profile, and there is no second one of what is up to date.
        assert_eq!(profiles::list(&home).unwrap().len(), 1);
        stored.draft.set(FieldId::Company, "USMF");
        profiles::save(&home, &name("a"), &stored.draft, Save::Change).unwrap();
        assert_eq!(fs::read_dir(home.profiles()).unwrap().count(), 2);
    }

    #[test]
    fn a_backup_is_never_written_over() {
        let (_folder, home) = home_with(&[("a.toml", OLD), ("a.toml.v0.bak", "another's"), ("a.toml.v0.2.bak", "")]);
        let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
        draft.set(FieldId::Company, "DAT");
        profiles::save_changes(
            &home,
            &name("a"),
            &name("a"),
            &profiles::load(&home, &name("a")).unwrap().draft,
            &draft,
        )
        .unwrap();
        assert_eq!(read(&home, "a.toml"), NEW);
        assert_eq!(
            (read(&home, "a.toml.v0.bak").as_str(), read(&home, "a.toml.v0.3.bak").as_str()),
            ("another's", OLD)
        );
    }

    #[test]
    fn a_save_that_failed_leaves_one_backup() {
        let (_folder, home) = home_with(&[("a.toml", OLD), ("a.toml.v0.bak", OLD)]);
        let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
        draft.set(FieldId::Company, "DAT");
        profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
        assert_eq!(fs::read_dir(home.profiles()).unwrap().count(), 2);
    }

    #[test]
    fn without_a_backup_nothing_is_migrated() {
        let (_folder, home) = home_with(&[("a.toml", OLD)]);
        for number in 1..=MOST_BACKUPS {
            let middle = if number == 1 { String::new() } else { format!(".{number}") };
            fs::write(home.profiles().join(format!("a.toml.v0{middle}.bak")), "another's").unwrap();
        }
        let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
        draft.set(FieldId::Company, "DAT");
        let error = profiles::save(&home, &name("a"), &draft, Save::Change).unwrap_err();
        assert!(matches!(error, StoreError::FileExists { .. }), "{error}");
        assert_eq!(read(&home, "a.toml"), OLD);
        // Its name and a copy of it want no migration of the file itself.
        profiles::copy(&home, &name("a"), &name("b"), |draft| draft).unwrap();
        profiles::rename(&home, &name("a"), &name("c")).unwrap();
        assert_eq!((read(&home, "c.toml").as_str(), read(&home, "b.toml").as_str()), (OLD, OLD));
    }

    #[test]
    fn a_version_without_a_step_is_refused() {
        for version in ["-1", "-9223372036854775808"] {
            let (_folder, home) = home_with(&[("a.toml", &OLD.replace("= 0", &format!("= {version}")))]);
            let error = profiles::load(&home, &name("a")).unwrap_err();
            assert!(error.to_string().contains("line 2: 'version'"), "{error}");
        }
    }
}
