//! The floors, proved by reading the whole text: imports go down only, siblings do not know each other, and a floor
//! names no outside crate that it may not know.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Module, what it may name of this crate besides itself and `core`, and the outside crates that it may not name.
const FLOORS: &[(&str, &[&str], &[&str])] = &[
    (
        "core",
        &[],
        &[
            "tokio",
            "reqwest",
            "crossterm",
            "ratatui",
            "axum",
            "tempfile",
            "keyring_core",
            "rustix",
            "std::fs",
            "std::env",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "SystemTime::now",
            "Timestamp::now",
            "Zoned::now",
            "Instant::now",
        ],
    ),
    (
        "app",
        &[],
        &[
            "tokio",
            "reqwest",
            "crossterm",
            "ratatui",
            "axum",
            "std::fs",
            "std::env",
            "SystemTime::now",
            "Timestamp::now",
            "Zoned::now",
            "Instant::now",
            "tracing",
        ],
    ),
    ("assets", &[], &["tokio", "reqwest", "crossterm", "ratatui", "std::fs"]),
    ("store", &[], &["tokio", "reqwest", "crossterm", "ratatui", "axum"]),
    ("net", &[], &["crossterm", "ratatui", "axum", "std::fs::write", "keyring_core"]),
    ("export", &[], &["tokio", "reqwest", "crossterm", "ratatui", "axum", "std::fs", "std::env", "keyring_core"]),
    ("sandbox", &[], &["reqwest", "crossterm", "ratatui", "std::fs", "keyring_core"]),
    ("work", &["app", "assets", "store", "net", "export", "sandbox"], &["crossterm", "ratatui", "reqwest", "axum"]),
    ("ui", &["app"], &["tokio", "reqwest", "crossterm", "std::fs", "std::env"]),
    ("runtime", &["app", "assets", "store", "net", "export", "sandbox", "work", "ui"], &["reqwest", "axum"]),
    (
        "cli",
        &["app", "assets", "store", "net", "export", "sandbox", "work", "ui"],
        &["crossterm", "ratatui", "reqwest", "axum"],
    ),
];

fn files_of(module: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let single = src.join(format!("{module}.rs"));
    if single.exists() {
        files.push(single);
    }
    let mut folders = vec![src.join(module)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no files for module {module}: is the table up to date?");
    files
}

/// The text without comments and without the test module at the end: tests may look anywhere.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let head = text.find("#[cfg(test)]").map_or(text.as_str(), |at| &text[..at]);
    head.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether a word stands in a text as a path, not as a part of a longer name.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // `tokio` counts as a path only when something follows; `crate::net` and `std::fs` are paths already.
        !part(before) && !part(after) && (word.contains("::") || after == Some(':'))
    })
}

/// Whether imports are written so that [`names`] does not see them: several modules at once, or a crate by another name.
fn groups(code: &str) -> bool {
    let imports = code.lines().map(str::trim).filter(|line| line.starts_with("use ") || line.starts_with("pub use "));
    let path = |line: &str| line.trim_start_matches("pub ").trim_start_matches("use ").to_owned();
    imports.map(path).any(|path| {
        let head = path.split([';', ' ']).next().unwrap_or_default();
        ["crate::{", "std::{", "{"].iter().any(|open| path.starts_with(open))
            || head.starts_with(char::is_lowercase) && !head.contains("::") && path.contains(" as ")
    })
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (module, may, may_not) in FLOORS {
        for path in files_of(module) {
            let code = code_of(&path);
            for (other, ..) in FLOORS {
                let allowed = other == module || *other == "core" || may.contains(other);
                if !allowed && names(&code, &format!("crate::{other}")) {
                    wrong.push(format!("{}: {module} may not name {other}", path.display()));
                }
            }
            if groups(&code) {
                wrong.push(format!("{}: imports are written out, so that they can be searched", path.display()));
            }
            for word in *may_not {
                if names(&code, word) {
                    wrong.push(format!("{}: {module} may not name {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if !["main", "lib"].contains(&module) {
            assert!(FLOORS.iter().any(|(known, ..)| *known == module), "{module} has no floor");
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (module, ..) in FLOORS {
        for path in files_of(module) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{} does not open with a sentence on its purpose", path.display());
        }
    }
}

#[test]
fn the_search_finds_what_it_should() {
    assert!(names("let x = tokio::spawn(y);", "tokio"));
    assert!(names("use crate::net::Client;", "crate::net"));
    assert!(names("std::fs::read(x)", "std::fs"));
    assert!(!names("my_tokio::spawn", "tokio"));
    assert!(!names("a tokio runtime", "tokio"));
    assert!(!names("use crate::networking::x", "crate::net"));
    assert!(names("use std::net::TcpStream;", "std::net::TcpStream"));
    for hidden in ["use crate::{net::Client};", "    use std::{fs, env};", "use tokio as t;", "pub use crate::{net};"] {
        assert!(groups(hidden), "{hidden}");
    }
    assert!(!groups("use crate::net::{Client, run};") && !groups("use std::fmt::Write as _;"));
}

#[test]
fn the_table_of_safety_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("tests/SAFETY.md")).unwrap();
    let mut missing = Vec::new();
    let mut rules = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()) {
        rules.push(line[2..].split('.').next().unwrap().parse::<usize>().unwrap());
        let names: Vec<&str> = line.split('`').filter(|part| part.contains(".rs: ")).collect();
        assert!(!names.is_empty(), "a rule without a test: {line}");
        for name in names {
            let (file, test) = name.split_once(": ").unwrap();
            let text = fs::read_to_string(root.join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {test}(")) {
                missing.push(name);
            }
        }
    }
    assert_eq!(missing, [""; 0]);
    assert_eq!(rules, (1..=23).collect::<Vec<_>>());
}
