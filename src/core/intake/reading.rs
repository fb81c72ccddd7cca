//! A pasted text taken apart into names and values, whatever the notation: JSON, YAML, environment files, PowerShell,
//! Terraform, command lines, form bodies, connection strings, tables, a portal's page.
//!
//! Knows notations and their quoting. Does not know what a name means, but for [`label`] telling which ones are known.

use crate::core::evidence::head;
use crate::core::intake::label;
use crate::core::names::parse_guid;
use crate::core::question::clean;
use crate::core::secret::looks_like_secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// How a value stood in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Without quotes: what copying leaves around it is not part of it.
    Bare,
    /// In quotes within which a shell fills in variables.
    Open,
    /// As it is, letter by letter.
    Exact,
}

/// A name and its value.
pub struct Pair {
    /// The name as it stood there.
    pub name: String,
    /// The value; wiped on drop.
    pub value: Zeroizing<String>,
    /// How it stood there.
    pub written: Written,
    /// On which line, from 1, where that is known.
    pub line: Option<usize>,
}

/// A separator beyond that many bytes of a line separates no name.
const MAX_NAME: usize = 200;

/// So many statements on one line are read.
const MAX_STATEMENTS: usize = 64;

/// So many words of one line are read: each is given room for the rest of its line, so that no copy is left by growing.
const MAX_WORDS: usize = 256;

/// So many bytes of a line are read. The longest command that is worth reading has some thousands.
const MAX_LINE: usize = 64 * 1024;

/// Every name and value of a text.
pub fn pairs(text: &str) -> Vec<Pair> {
    let mut all = Vec::new();
    match serde_json::from_str::<Value>(text.trim()) {
        Ok(mut json) if json.is_object() || json.is_array() => {
            flatten(&json, false, &mut all);
            wipe(&mut json);
        }
        _ => match untagged(text) {
            Some(rows) => {
                lines(&rows, &mut all);
                // The lines are no longer those of the text.
                all.iter_mut().for_each(|pair| pair.line = None);
            }
            None => lines(text, &mut all),
        },
    }
    // A value may itself be a list of names and values.
    let inner: Vec<Pair> = all.iter().flat_map(|pair| connection(&pair.value, pair.line)).collect();
    all.extend(inner);
    all
}

/// Every address in a text, with its line.
pub fn addresses(text: &str) -> Vec<(usize, &str)> {
    let ends = |c: char| c.is_whitespace() || "\"'<>()[]{},;|\\`".contains(c);
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(start) = rest.find("https://") {
            let url = &rest[start..];
            let end = url.find(ends).unwrap_or(url.len());
            all.push((at + 1, &url[..end]));
            rest = &url[end..];
        }
    }
    all
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

/// `encoded`: values are base64, as in the `data` of a Kubernetes Secret.
fn flatten(json: &Value, encoded: bool, all: &mut Vec<Pair>) {
    match json {
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str);
            // {"key": "client_id", "value": "…"} of Postman, {"name": …, "value": …} of app settings and containers.
            if let (Some(name), Some(value)) = (text("key").or_else(|| text("name")), text("value")) {
                if map.get("enabled") != Some(&Value::Bool(false)) {
                    all.push(exact(name, value, None));
                }
                return;
            }
            let is_secret = text("kind") == Some("Secret");
            for (name, value) in map {
                match value {
                    Value::String(text) if encoded => {
                        all.extend(decoded(text).map(|value| exact(name, &value, None)));
                    }
                    // Only beside a name, above and below.
                    Value::String(_) if name == "value" => {}
                    Value::String(text) => all.push(exact(name, text, None)),
                    other => {
                        // "client_id": {"value": "…"} of Terraform's outputs and of ARM's parameters.
                        let is_named = ["key", "name"].iter().any(|key| other.get(key).is_some());
                        let own = other.get("value").and_then(Value::as_str).filter(|_| !is_named);
                        all.extend(own.map(|value| exact(name, value, None)));
                        flatten(other, is_secret && name == "data", all);
                    }
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(item, false, all)),
        _ => {}
    }
}

/// The parsed copy of a paste may hold the secret.
fn wipe(json: &mut Value) {
    match json {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

fn decoded(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = STANDARD.decode(text.trim()).ok()?;
    let value = str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()));
    bytes.zeroize();
    value
}

fn exact(name: &str, value: &str, line: Option<usize>) -> Pair {
    Pair { name: name.to_owned(), value: Zeroizing::new(value.to_owned()), written: Written::Exact, line }
}

// ---- HTML -----------------------------------------------------------------------------------------------------------

/// The rows of HTML tables as lines with tabs between the cells, and what stands around them. None where there is no table.
fn untagged(text: &str) -> Option<Zeroizing<String>> {
    let is_tag = |tag: &str, name: &str| {
        let after = tag.get(name.len()..).unwrap_or_default();
        tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !after.starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let (mut rest, mut in_row, mut has_cells) = (text, false, false);
    while let Some((before, inside)) = rest.split_once('<') {
        plain(before, in_row, &mut out);
        rest = inside;
        // A tag has a name and an end before the next one begins.
        let is_begun = inside.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        let end = inside.find(['<', '>']).filter(|end| is_begun && inside[*end..].starts_with('>'));
        let Some((tag, after)) = end.map(|end| (&inside[..end], &inside[end + 1..])) else {
            out.push('<');
            continue;
        };
        if is_tag(tag, "tr") || is_tag(tag, "/tr") {
            in_row = is_tag(tag, "tr");
            out.push('\n');
        } else if is_tag(tag, "/td") || is_tag(tag, "/th") {
            has_cells = true;
            out.push('\t');
        } else if ["br", "p", "/p", "div", "/div", "li", "/li"].iter().any(|name| is_tag(tag, name)) {
            out.push(if in_row { ' ' } else { '\n' });
        }
        rest = after;
    }
    plain(rest, in_row, &mut out);
    has_cells.then_some(out)
}

/// Text between tags; within a row a line's end is a blank.
fn plain(mut text: &str, in_row: bool, out: &mut String) {
    const SIGNS: [(&str, char); 7] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&nbsp;", ' '),
    ];
    while let Some(c) = text.chars().next() {
        let (taken, sign) = match SIGNS.iter().find(|(name, _)| text.starts_with(name)) {
            Some((name, sign)) => (name.len(), *sign),
            None => (c.len_utf8(), c),
        };
        out.push(if in_row && matches!(sign, '\n' | '\r' | '\t') { ' ' } else { sign });
        text = &text[taken..];
    }
}

// ---- lines ------------------------------------------------------------------------------------------------------------

/// What the lines before tell about a line.
struct Lines<'a> {
    lines: Vec<(usize, Zeroizing<String>)>,
    /// Indented names and values, `#` after a blank begins a comment.
    yaml: bool,
    all: &'a mut Vec<Pair>,
}

fn lines(text: &str, all: &mut Vec<Pair>) {
    const SIGNS: [&str; 9] =
        ["apiVersion:", "kind:", "stringData:", "data:", "---", "jobs:", "env:", "services:", "variables:"];
    let yaml = text
        .lines()
        .any(|line| SIGNS.iter().any(|sign| line.trim_end() == *sign || line.trim().starts_with("apiVersion:")));
    Lines { lines: joined(text), yaml, all }.read();
}

/// The lines, those put together that go on with `\` or a back-tick at their end.
fn joined(text: &str) -> Vec<(usize, Zeroizing<String>)> {
    let mut all: Vec<(usize, Zeroizing<String>)> = Vec::new();
    let mut open: Option<(usize, Vec<&str>)> = None;
    for (at, line) in text.lines().map(unmailed).enumerate() {
        let bare = line.trim_end();
        let goes_on = bare.ends_with(" \\") || bare.ends_with(" `");
        let part = if goes_on { &bare[..bare.len() - 1] } else { line };
        let (first, mut parts) = open.take().unwrap_or((at + 1, Vec::new()));
        parts.push(part);
        if goes_on {
            open = Some((first, parts));
        } else {
            all.push((first, Zeroizing::new(parts.concat())));
        }
    }
    all.extend(open.map(|(first, parts)| (first, Zeroizing::new(parts.concat()))));
    all
}

impl Lines<'_> {
    fn read(mut self) {
        let lines = std::mem::take(&mut self.lines);
        let secrets = secrets(&lines);
        let mut encoded: Option<usize> = None; // the indent of `data:` in a Secret
        let mut named: Option<String> = None; // `- name: X`, before its `value:`
        let mut header: Vec<String> = Vec::new();
        for (at, (number, raw)) in lines.iter().enumerate() {
            let (number, line) = (*number, head(raw, MAX_LINE).trim());
            let indent = raw.len() - raw.trim_start().len();
            if line.is_empty() {
                continue;
            }
            if self.comment(line, number) {
                continue;
            }
            if self.yaml {
                if encoded.is_some_and(|data| indent <= data) || line == "---" {
                    encoded = None;
                }
                if line == "data:" && secrets[at] {
                    encoded = Some(indent);
                    continue;
                }
                let item = line.trim_start_matches("- ");
                if let Some(name) = item.strip_prefix("name:") {
                    named = Some(unquoted(name.trim(), Style::Yaml).1.to_string());
                    continue;
                }
                if let Some(value) = item.strip_prefix("value:") {
                    if let Some(name) = named.take() {
                        self.put(&name, value, Style::Yaml, number);
                    }
                    continue;
                }
                if encoded.is_some() {
                    if let Some((name, value)) = line.split_once(':') {
                        let text = unquoted(value.trim(), Style::Yaml).1;
                        self.all
                            .extend(decoded(&text).map(|value| exact(name.trim_matches('"'), &value, Some(number))));
                    }
                    continue;
                }
            }
            if self.table(line, number, &mut header) {
                continue;
            }
            if !self.line(line, number) {
                self.label_above(&lines, at);
            }
        }
    }

    /// Comments hold nothing that is in force; but this program's own, and how a secret is put into a repository.
    fn comment(&mut self, line: &str, number: usize) -> bool {
        let text = line.trim_start_matches(['#', '/', ';', ' ']);
        if let Some(own) = line.strip_prefix('#').and_then(|_| text.strip_prefix("d365-connect ")) {
            if let Some((name, value)) = own.split_once(" = ") {
                let (written, value) = unquoted(value.trim(), Style::Json);
                self.all.push(Pair { name: name.trim().to_owned(), value, written, line: Some(number) });
            }
            return true;
        }
        if let Some((before, after)) = text.split_once("gh secret set ") {
            let (before, after) = (words(before, false), words(after, false));
            let given = |flag: &str| after.iter().position(|(_, word)| **word == flag).and_then(|at| after.get(at + 1));
            let piped = before.iter().skip_while(|(_, word)| !matches!(word.as_str(), "%s" | "echo")).nth(1);
            if let (Some((_, name)), Some((written, value))) =
                (after.first(), given("--body").or_else(|| given("-b")).or(piped))
            {
                let name = name.to_string();
                self.all.push(Pair { name, value: value.clone(), written: *written, line: Some(number) });
            }
            return true;
        }
        line.starts_with('#')
            || line.starts_with("//")
            || line.starts_with(';')
            || line.starts_with("<!--")
            || line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("rem "))
    }

    /// Cells between tabs or strokes: below a row of names, or beside their name.
    fn table(&mut self, line: &str, number: usize, header: &mut Vec<String>) -> bool {
        let cells: Vec<&str> = if line.contains('\t') {
            line.split('\t').map(str::trim).collect()
        } else if line.starts_with('|') {
            line.trim_matches('|').split('|').map(str::trim).collect()
        } else {
            header.clear();
            return false;
        };
        if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | ' '))) {
            return true;
        }
        let is_name = |cell: &&str| label(cell.trim_matches(['*', '`', ':', ' '])).is_some();
        if cells.iter().filter(|cell| is_name(cell)).count() > 1 {
            *header = cells.iter().map(|cell| (*cell).to_owned()).collect();
            return true;
        }
        if header.len() == cells.len() {
            for (name, cell) in header.clone().iter().zip(cells) {
                self.put(name, cell, Style::Label, number);
            }
            return true;
        }
        if cells.len() > 1 && is_name(&cells[0]) {
            let value = cells[1..].iter().find(|cell| !cell.is_empty()).copied().unwrap_or_default();
            self.put(cells[0].trim_matches(['*', '`', ':', ' ']), value, Style::Label, number);
            return true;
        }
        false
    }

    /// A line with names and values of its own.
    fn line(&mut self, line: &str, number: usize) -> bool {
        let inner = connection(line, Some(number));
        if !inner.is_empty() {
            self.all.extend(inner);
            return true;
        }
        if let Some(inner) = innermost_table(line) {
            return self.line(inner, number);
        }
        let form = form(line, Some(number));
        if form.len() > 1 {
            self.all.extend(form);
            return true;
        }
        let assigned = words(line, false);
        // `Credential(tenant_id=x, client_id=y)`
        let is_call = assigned.iter().any(|(_, word)| word.split_once('=').is_some_and(|(name, _)| name.contains('(')));
        let assignment = |word: &str| {
            let (name, value) = word.split_once('=')?;
            let name = name.rsplit('(').next().unwrap_or(name);
            let value = if is_call { value.trim_end_matches([')', ',']) } else { value };
            label(name).is_some().then(|| (name.to_owned(), Zeroizing::new(value.to_owned())))
        };
        if assigned.iter().filter(|(_, word)| assignment(word).is_some()).count() > 1 {
            for (written, word) in &assigned {
                if let Some((name, value)) = assignment(word) {
                    let written = if line.contains(&***word) { Written::Bare } else { *written };
                    self.all.push(Pair { name, value, written, line: Some(number) });
                }
            }
            return true;
        }
        let parts = several(line, self.yaml);
        if parts.len() > 1 {
            for part in parts {
                self.line(part, number);
            }
            return true;
        }
        let Some((name, value, style)) = split(line, self.yaml) else {
            return self.command(line, number) || self.side_by_side(line, number);
        };
        let mut rest = self.put(name, value, style, number);
        // `$a = 'x'; $b = 'y'`
        for _ in 0..MAX_STATEMENTS {
            let Some((name, value, style)) = rest.and_then(|rest| split(rest, self.yaml)) else { break };
            rest = self.put(name, value, style, number);
        }
        !value.trim().is_empty() || style != Style::Label
    }

    /// `-Tenant x`, `--client-id x`, `-d 'client_id=x'`, `setx NAME x`.
    fn command(&mut self, line: &str, number: usize) -> bool {
        let power_shell = line.contains("-D365")
            || line.split_whitespace().next().is_some_and(|word| word.contains('-') && !word.starts_with('-'));
        let words = words(line, power_shell);
        let is_login = line.contains("az login");
        let mut found = false;
        for (at, (_, word)) in words.iter().enumerate() {
            let Some((written, value)) = words.get(at + 1) else { break };
            let flag = word.trim_start_matches('-');
            let name = match (word.as_str(), flag) {
                ("-u" | "--username", _) if is_login => "client id",
                ("-p" | "--password", _) if is_login => "client secret",
                ("-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" | "-F" | "--form", _) => {
                    let form = form(value, Some(number));
                    found |= !form.is_empty();
                    self.all.extend(form);
                    continue;
                }
                ("--data-urlencode", _) => match value.split_once('=') {
                    Some((name, value)) => {
                        found = true;
                        let (name, value) = (name.to_owned(), Zeroizing::new(value.to_owned()));
                        self.all.push(Pair { name, value, written: *written, line: Some(number) });
                        continue;
                    }
                    None => continue,
                },
                _ if at == 0 && word.eq_ignore_ascii_case("setx") && words.len() > 2 => {
                    found = true;
                    let (written, last) = &words[2];
                    self.all.push(Pair {
                        name: value.to_string(),
                        value: last.clone(),
                        written: *written,
                        line: Some(number),
                    });
                    break;
                }
                // dotnet user-secrets set "AzureAd:ClientId" "x"
                ("set", _) if label(value).is_some() => {
                    if let Some((written, given)) = words.get(at + 2) {
                        found = true;
                        let (name, value) = (value.to_string(), given.clone());
                        self.all.push(Pair { name, value, written: *written, line: Some(number) });
                    }
                    continue;
                }
                (whole, flag) if whole.starts_with('-') => flag,
                _ => continue,
            };
            if label(name).is_some() {
                found = true;
                let (name, value) = (name.to_owned(), value.clone());
                self.all.push(Pair { name, value, written: *written, line: Some(number) });
            }
        }
        found
    }

    /// `Application (client) ID 6666…`: nothing but a blank between them, where the form of the value leaves no doubt.
    fn side_by_side(&mut self, line: &str, number: usize) -> bool {
        let Some((name, value)) = beside(line) else { return false };
        self.put(name, value, Style::Label, number);
        true
    }

    /// A label on a line of its own: its value is on the next.
    fn label_above<'t>(&mut self, lines: &'t [(usize, Zeroizing<String>)], at: usize) {
        // A table of one column has strokes around its cells.
        let cell = |line: &'t str| line.trim_matches(['|', ' ', '\t']);
        let label_cell = cell(&lines[at].1);
        let line = bullet(label_cell);
        let is_numbered = unnumbered(label_cell) != label_cell;
        let name = line.trim_end_matches([':', ' ']);
        if self.yaml || label(name).is_none() {
            return;
        }
        let is_rule = |line: &str| line.len() > 2 && line.trim_matches([':', '-']).is_empty();
        let is_noise = |line: &str| {
            line.is_empty() || line == ":" || is_rule(line) || line.eq_ignore_ascii_case("copy to clipboard")
        };
        // After a colon the value is expected at once; a page leaves empty lines.
        let far = if line.ends_with(':') { 1 } else { 4 };
        let next = lines[at + 1..].iter().take(far).find(|(_, line)| !is_noise(cell(line)));
        // A mail's signature is behind two dashes.
        let next = next.filter(|(_, line)| cell(line) != "--");
        if let Some((number, value)) = next {
            let value = cell(value);
            let value = if is_numbered { unnumbered(value) } else { value };
            if label(value.trim_end_matches([':', ' '])).is_none() && split(value, false).is_none() {
                self.put(name, value, Style::Label, *number);
            }
        }
    }

    /// Takes a value; gives back what stands behind it on the line after a semicolon.
    fn put<'t>(&mut self, name: &str, raw: &'t str, style: Style, number: usize) -> Option<&'t str> {
        let (written, value, rest) = unquoted_with_rest(raw.trim(), style);
        let name = name.trim().trim_matches(['"', '\'', '*', '`']).to_owned();
        self.all.push(Pair { name, value, written, line: Some(number) });
        rest.trim_start().strip_prefix(';').map(str::trim).filter(|rest| !rest.is_empty())
    }
}

/// Of each line, whether the YAML document around it is a Secret.
fn secrets(lines: &[(usize, Zeroizing<String>)]) -> Vec<bool> {
    let documents = lines.split_inclusive(|(_, line)| line.trim() == "---");
    documents
        .flat_map(|document| {
            let is_secret = document.iter().any(|(_, line)| line.trim() == "kind: Secret");
            std::iter::repeat_n(is_secret, document.len())
        })
        .collect()
}

/// A line without the marks of a quoted mail.
fn unmailed(mut line: &str) -> &str {
    while let Some(rest) = line.strip_prefix('>') {
        line = rest.strip_prefix(' ').unwrap_or(rest);
    }
    line
}

/// A line without the sign or the number with which a list has it: `- x`, `2. x`, `2) x`.
fn bullet(line: &str) -> &str {
    unnumbered(line.trim_start_matches(['-', '*', '•', '·', ' ']))
}

fn unnumbered(line: &str) -> &str {
    let behind = line.trim_start_matches(|c: char| c.is_ascii_digit());
    match behind.strip_prefix(['.', ')']) {
        Some(item) if behind.len() < line.len() && item.starts_with([' ', '\t']) => item.trim_start(),
        _ => line,
    }
}

/// What stands in the last of the tables that a line opens one within another: `$p = @{ TenantId = 'x'; ClientId = 'y' }`.
fn innermost_table(line: &str) -> Option<&str> {
    let mut inner = None;
    while let Some((before, rest)) = inner.unwrap_or(line).split_once("@{")
        && matches!(before.trim_end().chars().next_back(), None | Some('='))
    {
        inner = Some(rest);
    }
    inner.map(|inner| inner.trim_start().trim_end_matches(|c: char| c.is_whitespace() || c == '}'))
}

/// What stands before a name where it is declared, in the order in which several stand.
const DECLARED: [&str; 17] = [
    "export ",
    "declare -x ",
    "local ",
    "set ",
    "SET ",
    "ENV ",
    "private ",
    "public ",
    "internal ",
    "protected ",
    "static ",
    "readonly ",
    "final ",
    "const ",
    "let ",
    "var ",
    "string ",
];

/// A name that is known, a blank, and a value whose form leaves no doubt.
fn beside(text: &str) -> Option<(&str, &str)> {
    let text = bullet(text);
    let blanks = text.match_indices(char::is_whitespace).take_while(|(at, _)| *at < MAX_NAME);
    let parts = blanks.map(|(at, _)| (&text[..at], text[at..].split_whitespace().next().unwrap_or_default()));
    parts.into_iter().find(|(_, value)| is_sure(value)).filter(|(name, _)| label(name).is_some())
}

/// Whether a word cannot be anything but a value.
fn is_sure(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', '`', ',', ';', '|']);
    parse_guid(word).is_some() || word.starts_with("https://") || looks_like_secret(word)
}

/// A line cut before each name that is known and stands behind a comma or the like, or behind a value whose form leaves no
/// doubt: `Tenant ID: 1111…, Client ID 6666…`. The line itself where there are not two of them.
fn several(line: &str, yaml: bool) -> Vec<&str> {
    // The flags of a command are read elsewhere.
    let is_flag = |text: &str| text.starts_with('-') && !text.starts_with("- ");
    let begins = |text: &str| !is_flag(text) && (split(text, yaml).is_some() || beside(text).is_some());
    let mut starts: Vec<usize> = Vec::new();
    let (mut before, mut quote, mut rest) = ("", None, line);
    while let Some(word) = rest.split_whitespace().next() {
        let at = line.len() - rest.trim_start().len();
        let is_cut =
            before.ends_with([',', ';', '|', '/']) || ["and", "und", "et", "y"].contains(&before) || is_sure(before);
        if quote.is_none() && starts.len() <= MAX_STATEMENTS && (at == 0 || is_cut) && begins(&line[at..]) {
            starts.push(at);
        }
        // What stands in quotes is one value.
        let mut last = ' ';
        for c in word.chars() {
            match quote {
                Some(open) if c == open => quote = None,
                None if matches!(c, '"' | '\'') && !last.is_alphanumeric() => quote = Some(c),
                _ => {}
            }
            last = c;
        }
        before = word;
        rest = &line[at + word.len()..];
    }
    if starts.len() < 2 {
        return vec![line];
    }
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    let parts = starts.iter().zip(ends).take(MAX_STATEMENTS).map(|(start, end)| line[*start..end].trim_end());
    let ends_in = [" |", " /", " and", " und", " et", " y", ",", ";"];
    parts.map(|part| ends_in.iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part).trim_end()).collect()
}

/// A line cut at the first sign behind a name that is known.
fn split(line: &str, yaml: bool) -> Option<(&str, &str, Style)> {
    // `-Tenant x` is not a bullet.
    let line = if line.starts_with('-') && !line.starts_with("- ") { line } else { bullet(line) };
    let mut bare = line;
    let mut style = None;
    for word in DECLARED {
        bare = bare.strip_prefix(word).unwrap_or(bare);
    }
    if let Some(rest) = bare.strip_prefix('$') {
        style = Some(Style::PowerShell);
        bare = ["env:", "Env:", "ENV:", "global:", "script:"]
            .iter()
            .find_map(|lead| rest.strip_prefix(lead))
            .unwrap_or(rest);
    }
    // set "NAME=value"
    if let Some(inner) = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !inner.contains('"')
    {
        bare = inner;
        style = style.or(Some(Style::Label));
    }
    let signs =
        bare.char_indices().take_while(|(at, _)| *at < MAX_NAME).filter(|(_, c)| matches!(c, '=' | ':' | '–' | '—'));
    for (at, sign) in signs {
        let (name, value) = (&bare[..at], &bare[at + sign.len_utf8()..]);
        let name = name.trim().trim_matches(['"', '\'', '*', '`', ' ']);
        if label(name).is_none() {
            continue;
        }
        let spaced = value.starts_with([' ', '\t']);
        let own = match sign {
            '=' if spaced => Style::Hcl,
            '=' => Style::Sh,
            _ if yaml => Style::Yaml,
            _ => Style::Label,
        };
        return Some((name, value.trim_start_matches('='), style.unwrap_or(own)));
    }
    None
}

// ---- values -----------------------------------------------------------------------------------------------------------

/// Whose quoting a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Sh,
    PowerShell,
    Yaml,
    Hcl,
    Json,
    /// Written for people: quotes count only around the whole.
    Label,
}

fn unquoted(text: &str, style: Style) -> (Written, Zeroizing<String>) {
    let (written, value, _) = unquoted_with_rest(text, style);
    (written, value)
}

/// A value without its quotes, and what stands behind it.
fn unquoted_with_rest(text: &str, style: Style) -> (Written, Zeroizing<String>, &str) {
    let whole = |rest: &str| style != Style::Label || rest.trim().trim_start_matches([',', ';', '}']).is_empty();
    let quoted = match (text.chars().next(), style) {
        (Some('\'' | '"'), Style::Sh) => word(text, false),
        (Some('\'' | '"'), Style::PowerShell) => word(text, true),
        (Some('\''), _) => single(text),
        (Some('"'), _) => double(text),
        _ => None,
    };
    if let Some((written, mut value, rest)) = quoted.filter(|(_, _, rest)| whole(rest)) {
        match style {
            Style::Hcl => value = Zeroizing::new(value.replace("$${", "${").replace("%%{", "%{")),
            Style::Yaml => value = Zeroizing::new(value.replace("${{ '${{' }}", "${{")),
            Style::Sh | Style::PowerShell | Style::Json | Style::Label => {}
        }
        return (written, value, rest);
    }
    // Quotes around the whole that its reader would trip over: a person has put them there.
    let inside = ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.trim_end().strip_suffix(quote));
    if let Some(inside) = inside.filter(|inside| !inside.is_empty()) {
        return (Written::Exact, Zeroizing::new(inside.to_owned()), "");
    }
    let comment = if style == Style::Label { None } else { text.find(" #").or_else(|| text.find("\t#")) };
    let (bare, _) = clean(&text[..comment.unwrap_or(text.len())]);
    (Written::Bare, Zeroizing::new(bare), "")
}

/// `'…'`, with `''` for a quote inside.
fn single(text: &str) -> Option<(Written, Zeroizing<String>, &str)> {
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        rest = after;
        match rest.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((Written::Exact, value, rest)),
        }
    }
}

/// `"…"` as JSON writes it.
fn double(text: &str) -> Option<(Written, Zeroizing<String>, &str)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = Zeroizing::new(stream.next()?.ok()?);
    Some((Written::Exact, value, &text[stream.byte_offset()..]))
}

/// A word of a shell, or of PowerShell, that begins the text.
fn word(text: &str, power_shell: bool) -> Option<(Written, Zeroizing<String>, &str)> {
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    let mut written = Written::Bare;
    let mut rest = text;
    let escape = if power_shell { '`' } else { '\\' };
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' if power_shell => {
                if written == Written::Bare {
                    written = Written::Exact;
                }
                loop {
                    let end = rest.find(is_single)?;
                    value.push_str(&rest[..end]);
                    let mut signs = rest[end..].chars();
                    let quote = signs.next()?;
                    rest = &rest[end + quote.len_utf8()..];
                    match rest.chars().next().filter(|c| is_single(*c)) {
                        Some(doubled) => {
                            value.push(doubled);
                            rest = &rest[doubled.len_utf8()..];
                        }
                        None => break,
                    }
                }
            }
            '\'' => {
                let (part, after) = rest.split_once('\'')?;
                value.push_str(part);
                rest = after;
                if written == Written::Bare {
                    written = Written::Exact;
                }
            }
            '"' => {
                written = Written::Open;
                loop {
                    let c = rest.chars().next()?;
                    rest = &rest[c.len_utf8()..];
                    match c {
                        '"' if power_shell && rest.starts_with('"') => {
                            value.push('"');
                            rest = &rest[1..];
                        }
                        '"' => break,
                        c if c == escape => {
                            let next = rest.chars().next()?;
                            // A shell keeps the sign before what needs none.
                            if !power_shell && !matches!(next, '$' | '`' | '"' | '\\') {
                                value.push(c);
                            }
                            value.push(next);
                            rest = &rest[next.len_utf8()..];
                        }
                        c => value.push(c),
                    }
                }
            }
            c if c == escape && !rest.is_empty() => {
                let next = rest.chars().next()?;
                value.push(next);
                rest = &rest[next.len_utf8()..];
            }
            c if c.is_whitespace() || c == ';' && !value.is_empty() => {
                return Some((written, value, &text[text.len() - rest.len() - c.len_utf8()..]));
            }
            c => value.push(c),
        }
    }
    Some((written, value, rest))
}

/// PowerShell takes the typographic ones for quotes, too.
fn is_single(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

/// The words of a command line, as far as they can be told apart.
fn words(line: &str, power_shell: bool) -> Vec<(Written, Zeroizing<String>)> {
    let mut all = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && all.len() < MAX_WORDS {
        let Some((written, value, after)) = word(rest, power_shell) else { break };
        all.push((written, value));
        rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    }
    all
}

/// `a=1&b=2`, with percent signs.
fn form(text: &str, line: Option<usize>) -> Vec<Pair> {
    if text.contains(char::is_whitespace) {
        return Vec::new();
    }
    url::form_urlencoded::parse(text.as_bytes())
        .filter(|(name, _)| label(name).is_some())
        .map(|(name, value)| Pair {
            name: name.into_owned(),
            value: Zeroizing::new(value.into_owned()),
            written: if text.contains('%') { Written::Exact } else { Written::Bare },
            line,
        })
        .collect()
}

/// `AuthType=ClientSecret;Url=…;ClientId=…`.
fn connection(text: &str, line: Option<usize>) -> Vec<Pair> {
    let part = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let name = name.trim().trim_matches(['"', '\'']);
        // What stands before the first part: `connection_string = "AuthType`.
        let name = name.rsplit(['"', '\'', ' ']).next().unwrap_or(name);
        (label(name).is_some() && !value.trim().is_empty()).then(|| Pair {
            name: name.to_owned(),
            value: Zeroizing::new(clean(value).0),
            written: Written::Bare,
            line,
        })
    };
    let all: Vec<Pair> = if text.contains(';') { text.split(';').filter_map(part).collect() } else { Vec::new() };
    // `$a = 'x'; $b = 'y'` is none, and neither is a value that happens to hold the signs.
    let is_one = all.len() > 1
        && ["authtype", "clientid", "appid"].iter().any(|word| text.to_ascii_lowercase().contains(word))
        && !text.trim_start().starts_with('$');
    if is_one { all } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_parsed_copy() {
        let text = r#"{"client_secret": "a", "values": [{"value": "b"}, ["c"], 1, null]}"#;
        let mut json: Value = serde_json::from_str(text).unwrap();
        wipe(&mut json);
        assert_eq!(json, serde_json::json!({"client_secret": "", "values": [{"value": ""}, [""], 1, null]}));
    }
}
