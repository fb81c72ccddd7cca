//! The TOML of a profile: text to draft and back, so that comments and unknown keys survive a change.
//!
//! Does not know where the text is kept, or whether its values can work.

use crate::core::expiry;
use crate::core::profile::{CertificateSource, CredentialSource, ProfileDraft, SecretSource};
use crate::core::question::{self, FieldId};
use crate::core::untrusted::Untrusted;
use crate::store::StoreError;
use crate::store::files::{damaged, line_of};
use crate::store::migrate::{self, VERSION};
use std::path::Path;
use toml_edit::{Array, Datetime, Document, DocumentMut, Item, TableLike, TomlError, Value};

/// The keys of `[credential]` that say where it is read from. Each kind and source uses some of them.
const SOURCE_KEYS: [&str; 8] = [
    "credential.kind",
    "credential.source",
    "credential.certificate",
    "credential.password_source",
    "credential.entry",
    "credential.env",
    "credential.file",
    "credential.command",
];

/// A text that was read.
pub struct Parsed {
    /// Its values.
    pub draft: ProfileDraft,
    /// Its version, where that is newer than ours.
    pub newer: Option<i64>,
}

/// Reads a profile, an older one as it is in today's format.
///
/// # Errors
/// [`StoreError::Damaged`] with the line, and without its text: a secret may have been put there by mistake.
pub fn parse(path: &Path, text: &str) -> Result<Parsed, StoreError> {
    let text = &*migrate::raised(text);
    let doc = Document::parse(text).map_err(|error| refused(path, text, &error))?;
    let reader = Reader { path, text, root: doc.as_table() };
    let newer = reader.version()?;
    let guide = match reader.item("guide")? {
        None => return Err(reader.wrong(None, "'guide' is missing")),
        Some(item) => reader.plain(item, "guide")?,
    };
    let mut draft = ProfileDraft::new(&guide);
    for field in fields() {
        match reader.value(field) {
            Ok(value) => draft.set(field, &value.unwrap_or_default()),
            // A newer version may keep other things under that name; the rest can still be shown.
            Err(_) if newer.is_some() => {}
            Err(error) => return Err(error),
        }
    }
    match reader.credential() {
        Ok(Credential::None) => {}
        Ok(Credential::Known(source)) => draft.source = Some(source),
        Ok(Credential::Foreign(what)) => draft.foreign_credential = Some(what),
        Err(_) if newer.is_some() => draft.foreign_credential = Some(String::from("a newer version")),
        Err(error) => return Err(error),
    }
    Ok(Parsed { draft, newer })
}

/// A new profile, in the order in which people read it.
pub fn document(draft: &ProfileDraft) -> DocumentMut {
    let mut doc = DocumentMut::new();
    set(&mut doc, "version", VERSION.into());
    set(&mut doc, "guide", draft.guide.as_str().into());
    let (root, tables): (Vec<FieldId>, Vec<FieldId>) = fields().partition(|field| !field.name().contains('.'));
    for field in root {
        set_field(&mut doc, field, draft.value(field));
    }
    if let Some(source) = &draft.source {
        set_source(&mut doc, source);
    }
    for field in tables {
        set_field(&mut doc, field, draft.value(field));
    }
    doc
}

/// The text with its values edited. Only what differs is touched; what differs in an older text is all of its format.
///
/// # Errors
/// When the text is damaged or newer, or the edit refuses.
pub fn change(
    path: &Path,
    text: &str,
    edit: impl FnOnce(ProfileDraft) -> Result<ProfileDraft, StoreError>,
) -> Result<String, StoreError> {
    let Parsed { draft: old, newer } = parse(path, text)?;
    if let Some(version) = newer {
        return Err(StoreError::Newer { path: path.to_owned(), version });
    }
    let draft = edit(old.clone())?;
    let other: Vec<FieldId> = fields().filter(|field| draft.value(*field) != old.value(*field)).collect();
    // A credential that this version cannot use reads as no source, and so stays unless there is one now.
    let other_source = draft.source != old.source;
    if other.is_empty() && !other_source && draft.guide == old.guide {
        return Ok(text.to_owned());
    }
    let windows = text.contains("\r\n");
    let mut text = migrate::raised(text).into_owned();
    for field in other.iter().filter(|field| draft.value(**field).is_empty()) {
        text = without(&text, field.name());
    }
    if other_source {
        let now = draft.source.as_ref().map(source_keys).unwrap_or_default();
        for key in SOURCE_KEYS.iter().filter(|key| now.iter().all(|(used, _)| used != *key)) {
            text = without(&text, key);
        }
    }
    let mut doc: DocumentMut = text.parse().map_err(|error| refused(path, &text, &error))?;
    set(&mut doc, "guide", draft.guide.as_str().into());
    for field in other {
        set_field(&mut doc, field, draft.value(field));
    }
    if let Some(source) = draft.source.as_ref().filter(|_| other_source) {
        set_source(&mut doc, source);
    }
    // A file keeps the line ends that it came with.
    let text = doc.to_string().replace("\r\n", "\n");
    Ok(if windows { text.replace('\n', "\r\n") } else { text })
}

/// The fields that stand in a file: all but the secret.
fn fields() -> impl Iterator<Item = FieldId> {
    FieldId::ALL.into_iter().filter(|field| *field != FieldId::Secret)
}

/// What the parser says, without the line that it would quote.
fn refused(path: &Path, text: &str, error: &TomlError) -> StoreError {
    let line = line_of(text.as_bytes(), error.span().map_or(0, |span| span.start));
    let what = error.message().lines().next().unwrap_or_default();
    damaged(path, format!("line {line}: not TOML: {what}"))
}

/// What `[credential]` says.
enum Credential {
    None,
    Known(CredentialSource),
    /// A kind or source that this version cannot use.
    Foreign(String),
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    root: &'a dyn TableLike,
}

impl Reader<'_> {
    fn wrong(&self, item: Option<&Item>, what: &str) -> StoreError {
        let line = line_of(self.text.as_bytes(), item.and_then(Item::span).map_or(0, |span| span.start));
        damaged(self.path, format!("line {line}: {what}"))
    }

    /// What stands under a name such as `d365.company`.
    fn item(&self, name: &str) -> Result<Option<&Item>, StoreError> {
        let Some((table, key)) = name.split_once('.') else { return Ok(self.root.get(name)) };
        match self.root.get(table) {
            None => Ok(None),
            Some(item) => match item.as_table_like() {
                Some(inner) => Ok(inner.get(key)),
                None => Err(self.wrong(Some(item), &format!("'{table}' must be a table: [{table}]"))),
            },
        }
    }

    /// The version, if it is newer than ours.
    fn version(&self) -> Result<Option<i64>, StoreError> {
        let Some(item) = self.item("version")? else {
            return Err(self.wrong(None, "'version' is missing; it should be: version = 1"));
        };
        match item.as_integer() {
            Some(VERSION) => Ok(None),
            Some(version) if version > VERSION => Ok(Some(version)),
            _ => Err(self.wrong(Some(item), "'version' must be the number 1")),
        }
    }

    /// A text of one line.
    fn plain(&self, item: &Item, name: &str) -> Result<String, StoreError> {
        let text =
            item.as_str().ok_or_else(|| self.wrong(Some(item), &format!("'{name}' must be a text in quotes")))?;
        self.printable(item, name, text)
    }

    /// No control characters: values go to screens and into requests.
    fn printable(&self, item: &Item, name: &str, text: &str) -> Result<String, StoreError> {
        if text.chars().any(char::is_control) {
            return Err(self.wrong(Some(item), &format!("'{name}' has a line end or other control character inside")));
        }
        Ok(text.to_owned())
    }

    fn value(&self, field: FieldId) -> Result<Option<String>, StoreError> {
        let name = field.name();
        let Some(item) = self.item(name)? else { return Ok(None) };
        let (text, wanted) = match field {
            FieldId::Expires => {
                let date = item.as_datetime().and_then(|when| when.date).map(|date| date.to_string());
                (date, "a date such as 2027-05-20")
            }
            FieldId::Entities | FieldId::Permissions => {
                let names: Option<Vec<&str>> = item.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
                (names.map(|names| names.join(", ")), "a list such as [\"CustomersV3\", \"VendorsV2\"]")
            }
            _ => (None, "a text in quotes"),
        };
        let Some(text) = text.or_else(|| item.as_str().map(str::to_owned)) else {
            return Err(self.wrong(Some(item), &format!("'{name}' must be {wanted}")));
        };
        self.printable(item, name, &text).map(Some)
    }

    fn credential(&self) -> Result<Credential, StoreError> {
        let get = |name: &str| self.item(name)?.map(|item| self.plain(item, name)).transpose();
        // What is not used now may be written over by a change.
        SOURCE_KEYS.iter().try_for_each(|key| get(key).map(drop))?;
        let foreign = |what: &str, value: &str| {
            Ok(Credential::Foreign(format!("{what} '{}'", Untrusted::plain(value).one_line(40))))
        };
        let (certificate, named) = match get("credential.kind")?.as_deref() {
            None | Some("secret") => (None, "credential.source"),
            Some("certificate") => {
                let path = get("credential.certificate")?.filter(|path| !path.trim().is_empty());
                let kind = self.item("credential.kind")?;
                let path = path.ok_or_else(|| self.wrong(kind, "kind 'certificate' needs 'certificate' beside it"))?;
                (Some(path), "credential.password_source")
            }
            Some(kind) => return foreign("kind", kind),
        };
        let of_certificate =
            |path, password| Credential::Known(CredentialSource::Certificate(CertificateSource { path, password }));
        let Some(kind) = get(named)? else {
            return Ok(certificate.map_or(Credential::None, |path| of_certificate(path, None)));
        };
        let needed = |name: &str| match get(name)?.filter(|value| !value.trim().is_empty()) {
            Some(value) => Ok(value),
            None => {
                let key = name.trim_start_matches("credential.");
                let item = self.item(named)?;
                Err(self.wrong(item, &format!("source '{kind}' needs '{key}' beside it")))
            }
        };
        let source = match kind.as_str() {
            "keyring" => SecretSource::Keyring { entry: needed("credential.entry")? },
            "vault" => SecretSource::Vault { entry: needed("credential.entry")? },
            "env" => SecretSource::Env { var: needed("credential.env")? },
            "file" => SecretSource::File { path: needed("credential.file")? },
            "command" => SecretSource::Command { words: needed("credential.command")? },
            _ => return foreign(named.trim_start_matches("credential."), &kind),
        };
        Ok(match certificate {
            Some(path) => of_certificate(path, Some(source)),
            None => Credential::Known(source.into()),
        })
    }
}

/// Every key that a credential uses, and what stands under it.
fn source_keys(source: &CredentialSource) -> Vec<(&'static str, &str)> {
    let mut keys = vec![("credential.kind", source.kind())];
    if let CredentialSource::Certificate(certificate) = source {
        keys.push(("credential.certificate", &certificate.path));
    }
    if let Some(secret) = source.secret() {
        let named = match source {
            CredentialSource::Secret(_) => "credential.source",
            CredentialSource::Certificate(_) => "credential.password_source",
        };
        keys.push((named, secret.kind()));
        keys.push(source_key(secret));
    }
    keys
}

/// The key of a source, and what stands under it.
fn source_key(source: &SecretSource) -> (&'static str, &str) {
    match source {
        SecretSource::Keyring { entry } | SecretSource::Vault { entry } => ("credential.entry", entry),
        SecretSource::Env { var } => ("credential.env", var),
        SecretSource::File { path } => ("credential.file", path),
        SecretSource::Command { words } => ("credential.command", words),
    }
}

fn set_source(doc: &mut DocumentMut, source: &CredentialSource) {
    for (key, value) in source_keys(source) {
        set(doc, key, value.into());
    }
}

/// Sets a field; an empty one is left out.
fn set_field(doc: &mut DocumentMut, field: FieldId, text: &str) {
    if text.is_empty() {
        return;
    }
    let value = match field {
        FieldId::Entities | FieldId::Permissions => question::list(text).collect::<Array>().into(),
        FieldId::Expires => {
            let date = expiry::parse_date(text).and_then(|date| date.to_string().parse::<Datetime>().ok());
            date.map_or_else(|| text.into(), Value::from)
        }
        _ => text.into(),
    };
    set(doc, field.name(), value);
}

/// Sets what stands under a name such as `d365.company`; the comment behind it stays.
fn set(doc: &mut DocumentMut, name: &str, mut value: Value) {
    let (table, key): (&mut dyn TableLike, &str) = match name.split_once('.') {
        None => (doc.as_table_mut(), name),
        Some((table, key)) => match doc.entry(table).or_insert_with(toml_edit::table).as_table_like_mut() {
            Some(table) => (table, key),
            // A text that was parsed has a table there.
            None => return,
        },
    };
    let mut inner = String::new();
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) if old.as_str().is_some() && old.as_str() == value.as_str() => {}
        Some(old) => {
            let mut bare = old.clone();
            bare.decor_mut().clear();
            inner = comments_within(&bare.to_string());
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
    if let Some(mut key) = table.key_mut(key).filter(|_| !inner.is_empty()) {
        let before = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        key.leaf_decor_mut().set_prefix(inner + &before);
    }
}

/// The comments between the items of a list, each on a line: they stay where the list goes.
fn comments_within(value: &str) -> String {
    let mut all = String::new();
    for line in value.lines() {
        let mut quote = None;
        let mut chars = line.char_indices();
        while let Some((at, c)) = chars.next() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some('"'), '\\') => drop(chars.next()),
                (Some(open), c) if open == c => quote = None,
                (None, '#') => {
                    all.extend([line[at..].trim_end(), "\n"]);
                    break;
                }
                _ => {}
            }
        }
    }
    all
}

/// The text without the value of that name. All comments stay, also the one behind the value.
fn without(text: &str, name: &str) -> String {
    let cut = || -> Option<String> {
        let doc = Document::parse(text).ok()?;
        let (parent, key) = match name.split_once('.') {
            None => (doc.as_item(), name),
            Some((table, key)) => (doc.get(table)?, key),
        };
        let (found, item) = parent.as_table_like()?.get_key_value(key)?;
        if parent.is_inline_table() {
            let mut doc: DocumentMut = text.parse().ok()?;
            let (table, _) = name.split_once('.')?;
            doc.get_mut(table)?.as_table_like_mut()?.remove(key)?;
            return Some(doc.to_string());
        }
        // Outside of inline tables a value has its lines for itself.
        let start = text[..found.span()?.start].rfind('\n').map_or(0, |end| end + 1);
        let span = item.span()?;
        let inner = comments_within(&text[span.clone()]);
        let rest = &text[span.end..];
        let (behind, after) = rest.split_at(rest.find('\n').map_or(rest.len(), |end| end + 1));
        let comment = if behind.trim().is_empty() { "" } else { behind.trim_start() };
        Some([&text[..start], &inner, comment, after].concat())
    };
    cut().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What stands outside of tables.
    const ROOT: [&str; 9] = [
        "# alone",
        "tenant_id = \"İ\" # ü",
        "client_id = ''",
        "resource_url = \"https://x.example\" # address",
        "cloud = \"\"\"\nglobal\"\"\"",
        "unknown = [[1], { a = \"#\" }]",
        "network.graph_url = 'x' # dotted",
        "d365 = { company = \"z\", color = 1 } # inline",
        "credential = { source = \"env\", env = \"X\" }",
    ];
    const D365: [&str; 6] = [
        "# above",
        "company = 'x' # company",
        "entities = [\n \"A\", # first\n \"漢#\" # second\n] # list",
        "permissions = [ 'A' ]",
        "color = 1 # unknown",
        "\t",
    ];
    const CREDENTIAL: [&str; 9] = [
        "source = \"env\" # source",
        "env = \"A\" # variable",
        "env = { a = 1 }",
        "env.a = 1",
        "file = \"/tmp/ü\"",
        "command = [\"x\"]",
        "expires = 2027-05-20 # end",
        "# below",
        "other = 1 # unknown",
    ];
    /// What breaks most files.
    const ODD: [&str; 6] = ["version = 2", "[d365]", "[credential.env]", "[[credential]]", "x", "d365.company = \"y\""];

    fn some(all: &'static [&str]) -> impl Strategy<Value = Vec<&'static str>> {
        prop::sample::subsequence(all, 0..=all.len()).prop_shuffle()
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        for part in ["[", "{a=", "[{a="] {
            let text = format!("version = 1\nguide = 'g'\nx = {}", part.repeat(50_000));
            assert!(parse(Path::new("p.toml"), &text).is_err(), "{part}");
        }
        for start in ["", "["] {
            let text = format!("version = 1\nguide = 'g'\n{start}{}", "a.".repeat(50_000));
            assert!(parse(Path::new("p.toml"), &text).is_err(), "{start}");
        }
    }

    proptest! {
        /// What is changed reads as it was wanted, and no comment is lost.
        #[test]
        fn any_file_is_changed_or_refused(
            root in some(&ROOT),
            d365 in prop::option::of(some(&D365)),
            credential in prop::option::of(some(&CREDENTIAL)),
            odd in prop::option::weighted(0.1, prop::sample::select(&ODD[..])),
            end in prop::sample::select(vec!["\n", "\r\n"]),
            company in "[a-z漢]{0,3}",
            sources in 0..3,
        ) {
            let mut lines = vec!["version = 1", "guide = 'g' # guide"];
            lines.extend(root);
            lines.extend(d365.into_iter().flat_map(|own| [vec!["[d365] # 漢"], own].concat()));
            lines.extend(credential.into_iter().flat_map(|own| [vec!["[ credential ] # where"], own].concat()));
            lines.extend(odd);
            let text = lines.join("\n").replace('\n', end);
            let mut wanted = None;
            let changed = change(Path::new("p.toml"), &text, |mut draft| {
                draft.set(FieldId::Company, &company);
                draft.set(FieldId::Expires, "");
                draft.set(FieldId::Entities, "B, C");
                match sources {
                    0 => draft.source = Some(SecretSource::File { path: "/x".into() }.into()),
                    1 => draft.source = Some(SecretSource::Env { var: "X".into() }.into()),
                    _ => {}
                }
                wanted = Some(draft.clone());
                Ok(draft)
            });
            if let (Ok(changed), Some(wanted)) = (changed, wanted) {
                let read = parse(Path::new("p.toml"), &changed).map(|parsed| parsed.draft);
                prop_assert_eq!(read.ok(), Some(wanted), "{}\n->\n{}", text, changed);
                let comments = |text: &str| {
                    let mut all: Vec<String> = comments_within(text).lines().map(str::to_owned).collect();
                    all.sort();
                    all
                };
                prop_assert_eq!(comments(&changed), comments(&text), "{}\n->\n{}", text, changed);
            }
        }
    }
}
