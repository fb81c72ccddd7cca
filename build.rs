//! Embeds every file of `assets/guides`, `assets/rules` and `assets/exports`: a new one needs no code.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let guides = embedded("GUIDES", &root.join("assets/guides"))?;
    let rules = embedded("RULES", &root.join("assets/rules"))?;
    let exports = embedded("EXPORTS", &root.join("assets/exports"))?;
    fs::write(out.join("embedded.rs"), guides + &rules + &exports)
}

/// A constant with the text of each TOML file of a folder, by name.
fn embedded(name: &str, folder: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut code = format!("const {name}: &[&str] = &[\n");
    for file in files {
        // Writing to a string does not fail.
        let _ = writeln!(code, "    include_str!({:?}),", file.display().to_string());
    }
    code.push_str("];\n");
    Ok(code)
}
