//! Takes access tokens and values of secrets out of a text, before anything of it is kept (safety rule 1).
//!
//! Knows their shapes and the names that stand before them. Rather too much is hidden than too little.

use super::layers::{head, tail};
use super::reading::OAUTH_ERRORS;
use crate::core::secret::looks_like_secret;

/// What stands where a token or secret was.
pub const HIDDEN: &str = "[token]";

/// Ends of names whose value is a secret.
const NAMES: [&str; 40] = [
    "access_token",
    "access-token",
    "accesstoken",
    "refresh_token",
    "refresh-token",
    "refreshtoken",
    "id_token",
    "id_token_hint",
    "secret",
    "client_assertion",
    "assertion",
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "contraseÑa",
    "passphrase",
    "device_code",
    "user_code",
    "code_verifier",
    "samlresponse",
    "subscription-key",
    "functions-key",
    "api-key",
    "api_key",
    "apikey",
    "accountkey",
    "sharedaccesskey",
    "sharedaccesssignature",
    "privatekey",
    "private_key",
    "private-key",
    "auth-token",
    "auth_token",
    "authtoken",
    "session_token",
    "sas_token",
    "sastoken",
];
/// Names so short that they must be whole words.
const WORDS: [&str; 3] = ["sig", "pwd", "pass"];
/// With what codes and refresh tokens of Entra begin.
const GRANTS: [&str; 6] = ["0.A", "1.A", "M.C", "M.R", "OAQABA", "AQABAA"];

/// So many bytes behind a name are looked at for what tells whether a secret stands there: this keeps the scan linear.
const NEAR: usize = 8 * 1024;

/// The text without access tokens and values of secrets.
pub(super) fn without_tokens(text: &str) -> String {
    let text = without_jwts(&without_private_keys(text));
    let text = replace_runs(
        &text,
        |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'),
        |run| {
            let bare = run.trim_end_matches('.');
            let is_grant = bare.len() >= 60 && GRANTS.iter().any(|start| bare.starts_with(start));
            (is_grant || looks_like_secret(bare)).then(|| format!("{HIDDEN}{}", &run[bare.len()..]))
        },
    );
    let lower = text.to_ascii_lowercase();
    let after = |names: &[&str], find: fn(&str, usize) -> Option<(usize, usize)>| {
        let ends = names.iter().flat_map(|name| lower.match_indices(name).map(|(at, _)| at + name.len()));
        ends.map(|end| (end, find)).collect::<Vec<_>>()
    };
    let mut ends = after(&NAMES, secret_at);
    ends.extend(after(&["bearer ", "basic "], credentials_at));
    ends.extend(after(&["?code=", "&code=", "#code="], code_at));
    ends.extend(after(&["code"], grant_at));
    ends.extend(after(&["cookie"], line_at));
    ends.extend(after(&["authorization"], header_at));
    ends.extend(after(&WORDS, |text, end| word_starts(text, end).then(|| secret_at(text, end)).flatten()));
    ends.extend(after(&["://", "-user ", "-user=", "-u"], |text, end| {
        // An option begins a word.
        let option = tail(&text[..end], 60).trim_end_matches([' ', '=']).trim_start_matches(' ');
        let lead = option.rsplit(char::is_whitespace).next().unwrap_or_default();
        (text[..end].ends_with('/') || lead.starts_with('-')).then(|| password_at(text, end)).flatten()
    }));
    ends.extend(after(&["convertto-securestring"], secure_string_at));
    if lower.contains("login") || lower.contains("pac auth") {
        ends.extend(after(&[" -p "], quoted_or_word));
    }
    ends.sort_unstable_by_key(|(end, _)| *end);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (end, find) in ends {
        // A name inside a value that is already hidden is not looked at again: this keeps the scan linear.
        let value = if end < done { None } else { find(&text, end) };
        let is_shown = |(from, to): &(usize, usize)| from < to && *from >= done && &text[*from..*to] != HIDDEN;
        if let Some((from, to)) = value.filter(is_shown) {
            out.push_str(&text[done..from]);
            out.push_str(HIDDEN);
            done = to;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// The text without what begins as a JWT does: with `{"` in base64url.
fn without_jwts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let (token, after) = token.split_at(jwt_len(token));
        out.push_str(before);
        out.push_str(if token.len() >= 30 && token.contains('.') { HIDDEN } else { token });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// How long the token is with which a text begins, over line breaks that a terminal or an e-mail put into it.
pub(super) fn jwt_len(text: &str) -> usize {
    let run = |text: &str| {
        text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'=')).count()
    };
    let mut len = run(text);
    let mut line = len;
    loop {
        let rest = &text[len..];
        let bare = rest.trim_start_matches(['\r', '\n', ' ', '\t', '>', '|']);
        let gap = rest.len() - bare.len();
        let next = run(bare);
        // The first line of a token is short where much stands before it, and the last one.
        let goes_on = line >= 40 || (len == line && next >= 40);
        // Only a line that holds nothing else goes on with it.
        let alone =
            bare[next..].chars().next().is_none_or(|c| matches!(c, '\r' | '\n' | '"' | '\'' | '<' | '\\' | ','));
        if !goes_on || next == 0 || !alone || !rest[..gap].contains('\n') {
            return len;
        }
        len += gap + next;
        line = next;
    }
}

/// The text without what stands between the first and the last line of a private key.
fn without_private_keys(text: &str) -> String {
    const LABEL: &str = "PRIVATE KEY-----";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(LABEL) {
        let kind = before.rsplit_once("-----").map_or("", |(_, kind)| kind);
        out.extend([before, LABEL]);
        rest = after;
        // Behind the last line of a key that began outside of the text stands nothing of it.
        if !kind.starts_with("END") {
            let (key, after) = rest.split_at(rest.find("-----END").unwrap_or(rest.len()));
            out.push_str(if key.trim().is_empty() { key } else { HIDDEN });
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Whether the word that ends here begins where a name does.
fn word_starts(text: &str, end: usize) -> bool {
    let near = tail(&text[..end], 8);
    let front = near.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    WORDS.iter().any(|word| near.len() - front.len() == word.len())
}

/// What stands in quotes, or up to the next blank.
fn quoted_or_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let value = text[from..].trim_start_matches(' ');
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inside = &value[quote.map_or(0, char::len_utf8)..];
    let from = text.len() - inside.len();
    let ends = |c: char| quote.map_or(c.is_whitespace(), |quote| c == quote || c == '\n');
    Some((from, from + inside.find(ends).unwrap_or(inside.len())))
}

/// Where a password stands behind a user's name: `user:password@host` in an address, `-u user:password`.
fn password_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_address = text[..from].ends_with('/');
    let bare = text[from..].trim_start_matches([' ', '"', '\'']);
    let quote = text[..text.len() - bare.len()].chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let (user, password) = head(bare, NEAR).split_once(':')?;
    let ends = |c: char| match quote {
        Some(quote) => c == quote || c == '\n',
        None => c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'),
    };
    // `https://host:443/path?who=a@b.example`: what follows the host's port is a path.
    let is_port = || password.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('/');
    if user.contains(ends) || is_address && (user.contains(['/', '?']) || is_port()) {
        return None;
    }
    let from = text.len() - bare.len() + user.len() + 1;
    let word = |text: &str| text.find(ends).unwrap_or(text.len());
    let length = match is_address {
        true if !password.contains('@') => return None,
        true => password[..word(password)].rfind('@')?,
        false => word(&text[from..]),
    };
    Some((from, from + length))
}

/// Where the code or refresh token stands that is the value of a `code`, by how Entra's begin.
fn grant_at(text: &str, from: usize) -> Option<(usize, usize)> {
    // Most codes are none, and are not looked for to the end of the text.
    let (near, _) = secret_at(head(text, from + 200), from)?;
    GRANTS.iter().find(|start| text[near..].starts_with(**start))?;
    secret_at(text, from).filter(|(from, to)| to - from >= 20)
}

/// Where the credentials of an `Authorization` header stand, behind the name of their scheme.
fn header_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let (from, to) = secret_at(text, from)?;
    let is_long = |value: &str| {
        let is_mixed =
            value.bytes().any(|b| b.is_ascii_digit()) || value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
        value.len() >= 20 || (value.len() >= 8 && is_mixed)
    };
    let next = text[to..].strip_prefix(' ').and_then(|_| quoted_or_word(text, to));
    match text[from..to].split_once(' ') {
        Some((scheme, rest)) => is_long(rest).then_some((from + scheme.len() + 1, to)),
        None => match next.filter(|(from, to)| is_long(&text[*from..*to])) {
            Some((_, end)) if text[from..to].bytes().any(|b| b.is_ascii_digit()) => Some((from, end)),
            Some(credentials) => Some(credentials),
            None => is_long(&text[from..to]).then_some((from, to)),
        },
    }
}

/// Where a code stands that can be exchanged for a token: the value of a redirect's `code`, which is long.
fn code_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let run = text[from..].bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-_.~*!%".contains(b)).count();
    (run >= 24).then_some((from, from + run))
}

/// The rest of a header's line; what is quoted, where the header stands in JSON.
fn line_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let Some(value) = text[from..].strip_prefix(':') else { return secret_at(text, from) };
    let from = text.len() - value.len();
    Some((from, from + value.find(['\n', '\r']).unwrap_or(value.len())))
}

/// Where the credentials stand that follow `Bearer` or `Basic`. Parameters of a challenge (`Bearer realm=`) and words of a
/// sentence are none: they are short, or all of small letters.
fn credentials_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let length = |signs: &[u8]| rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || signs.contains(b)).count();
    let (first, whole) = (length(b"-._~+/"), length(b"-._~+/="));
    let run = &rest.as_bytes()[..first];
    let mixed = run.iter().any(u8::is_ascii_digit) || run.iter().skip(1).any(u8::is_ascii_uppercase);
    (first >= 20 || (first >= 8 && mixed)).then_some((from, from + whole))
}

/// What stands before the pair that gives a secret's name: `"key": "client_secret"`.
fn before_pair(text: &str, after_name: usize) -> Option<&str> {
    let front = &text[..after_name];
    let front = front[..front.rfind('"')?].trim_end().strip_suffix(':')?.trim_end();
    ["\"key\"", "\"name\""].iter().find_map(|key| {
        let (before, end) = front.split_at_checked(front.len().checked_sub(key.len())?)?;
        end.eq_ignore_ascii_case(key).then_some(before)
    })
}

/// Where the value stands in a pair that begins with it: `"value": "x", "key": "client_secret"`.
fn value_before(text: &str, after_name: usize) -> Option<(usize, usize)> {
    let ends = |text: &'_ str, end: &str| text.trim_end().strip_suffix(end).map(str::len);
    let to = ends(&text[..ends(before_pair(text, after_name)?, ",")?], "\"")?;
    let from = text[..to].rfind('"')? + 1;
    let front = ends(&text[..ends(&text[..from - 1], ":")?], "\"")?;
    text[..front]
        .get(front.saturating_sub(6)..)
        .is_some_and(|end| end.eq_ignore_ascii_case("\"value"))
        .then_some((from, to))
}

/// Where PowerShell's `ConvertTo-SecureString` is given a secret, before, between or behind its switches.
fn secure_string_at(text: &str, from: usize) -> Option<(usize, usize)> {
    const SWITCHES: [&str; 3] = ["-asplaintext", "-force", "-string"];
    let mut rest = &text[from..];
    loop {
        rest = rest.trim_start_matches(' ');
        let is_switch = |switch: &&&str| rest.get(..switch.len()).is_some_and(|word| word.eq_ignore_ascii_case(switch));
        let Some(switch) = SWITCHES.iter().find(is_switch) else { break };
        rest = &rest[switch.len()..];
    }
    quoted_or_word(text, text.len() - rest.len())
}

/// What services answer, and no secret: `AADSTS…`, `invalid_client`.
fn is_answer(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'']);
    let is_word = |end: &str| !end.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    value.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("aadsts"))
        || OAUTH_ERRORS.iter().any(|error| value.strip_prefix(error).is_some_and(is_word))
}

/// What stands in the next cell of a table's line, where the name that ends here is a cell by itself, not the end of a sentence.
fn next_cell<'t>(text: &str, end: usize, rest: &'t str) -> Option<&'t str> {
    let cells = rest.strip_prefix(['|', '\t'])?.trim_start_matches(['|', '\t', ' ']);
    let cell = tail(&text[..end], 60).rsplit(['|', '\t', '\n']).next()?.trim().to_ascii_lowercase();
    let is_name = cell.split_whitespace().count() <= 3 && !WORDS.iter().any(|word| cell.ends_with(word));
    let is_status = cells.bytes().take_while(u8::is_ascii_digit).count() == 3;
    (is_name && !is_status).then_some(cells)
}

/// Where the value of a secret stands that follows its name. Rather too much is hidden than too little.
fn secret_at(text: &str, after_name: usize) -> Option<(usize, usize)> {
    let rest = &text[after_name..];
    let bare = rest.trim_start_matches(['\\', '"', '\'', ' ']);
    let is_option = || {
        let word = tail(&text[..after_name], 60);
        word.rsplit(char::is_whitespace).next().is_some_and(|word| word.starts_with('-'))
    };
    let behind_sign = bare.strip_prefix("=>").or_else(|| bare.strip_prefix([':', '=', '>']));
    let bare = match behind_sign.or_else(|| next_cell(text, after_name, bare)) {
        Some(bare) => bare,
        // The pair of a name and its value: `"key": "client_secret", "value": "x"`.
        None => match value_of_pair(bare).or_else(|| value_further_on(text, after_name, bare)) {
            Some(value) => value,
            None if rest.starts_with(' ') && is_option() => {
                return quoted_or_word(text, after_name + 1).filter(|(from, _)| !is_answer(&text[*from..]));
            }
            None => return value_before(text, after_name),
        },
    };
    let value = bare.trim_start_matches(' ');
    // Inside of an object or a list: `"clientSecret": { "value": "x" }`.
    let value = match value.strip_prefix('{') {
        Some(object) => value_in_object(object)?.trim_start(),
        None if value.starts_with(HIDDEN) => value,
        None => value.strip_prefix('[').map_or(value, str::trim_start),
    };
    if is_answer(value) || value.starts_with(']') {
        return None;
    }
    let unescaped = value.trim_start_matches('\\');
    let is_escaped = unescaped.len() < value.len();
    let quote = unescaped.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = value.find(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '<')).unwrap_or(value.len());
        let from = text.len() - value.len();
        return Some((from, from + end));
    };
    let inside = &unescaped[quote.len_utf8()..];
    let from = text.len() - inside.len();
    let mut skip = false;
    for (at, c) in inside.char_indices() {
        let ends = match c {
            '\n' => true,
            // An escaped opening quote is closed by an escaped one, a plain one by a plain one.
            '\\' if is_escaped && skip => false,
            '\\' if is_escaped => inside[at..].trim_start_matches('\\').starts_with(quote),
            c => c == quote && !skip,
        };
        if ends {
            return Some((from, from + at));
        }
        // Of a row of backslashes the first one tells what is behind it.
        skip = c == '\\' && (is_escaped || !skip);
    }
    Some((from, text.len()))
}

/// What follows the name `value` and its colon or equals sign, with which a text begins.
fn value_of_pair(text: &str) -> Option<&str> {
    let name = text.trim_start_matches(|c: char| c == ',' || c.is_whitespace()).trim_start_matches(['\\', '"']);
    let after = name.get(..5).filter(|word| word.eq_ignore_ascii_case("value")).map(|_| &name[5..])?;
    after.trim_start_matches(['\\', '"', ' ']).strip_prefix([':', '='])
}

/// What follows the name `value` in the object of JSON in which a text begins.
fn value_in_object(text: &str) -> Option<&str> {
    let object = head(text, 400).split(['{', '}']).next()?;
    object.match_indices("value").find_map(|(at, _)| value_of_pair(&text[at..]))
}

/// The value of a pair between whose name and value others stand: `"name": "x", "slotSetting": false, "value": "y"`.
fn value_further_on<'t>(text: &str, after_name: usize, rest: &'t str) -> Option<&'t str> {
    rest.strip_prefix(',').filter(|_| before_pair(text, after_name).is_some()).and_then(value_in_object)
}

/// Replaces runs of such bytes (ASCII) where `with` says by what.
fn replace_runs(text: &str, belongs: impl Fn(u8) -> bool, with: impl Fn(&str) -> Option<String>) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| belongs(**b)).count();
        let rest = bytes[at + run..].iter().take_while(|b| !belongs(**b)).count();
        let word = &text[at..at + run];
        match with(word) {
            Some(other) => out.push_str(&other),
            None => out.push_str(word),
        }
        out.push_str(&text[at + run..at + run + rest]);
        at += run + rest;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{read_text, shown};
    use super::*;

    #[test]
    fn secrets_are_hidden_by_the_names_and_places_they_stand_in() {
        let mut leaks = Vec::new();
        for text in [
            "Server=tcp:x.database.windows.net;User ID=sa;Password=hunterCaN4rY1;Encrypt=True 401 Unauthorized",
            "GET https://svc:hunterCaN4rY@proxy.corp.test:8080/ 407",
            "proxy http://svc%40corp:hunterCaN4rY@proxy.corp.test:8080 answered 407",
            "http://localhost/?code=0.AXCaN4rYexampleexampleexample&state=1",
            "code=0.AXCaN4rYexampleexampleexample&client_id=x AADSTS54005",
            "{\"code\":\"0.AXCaN4rYexampleexampleexample\",\"redirect_uri\":\"http://localhost\"} 400",
            "\"code\": \"1.AXCaN4rYexampleexampleexample\" AADSTS70008",
            "code: M.C123_BAY.2.U.CaN4rYexample-example AADSTS",
            "x-api-key: CaN4rY12345 401",
            "{\"x-api-key\":\"CaN4rY12345\"} 401",
            "GET https://api.test/x?apikey=CaN4rY12345 401",
            "GET https://api.test/x?api_key=CaN4rY12345 401",
            "api-key: CaN4rY12345 401",
            "X-Functions-Key: CaN4rY12345 401",
            "https://x.blob.core.windows.net/c?sv=2022&sig=CaN4rY%2Babc%3D&se=2026 403",
            "SharedAccessSignature sr=x&sig=CaN4rYabc%3d&se=1&skn=Root 401",
            "SharedAccessSignature=sv=2020&sig=CaN4rY 401",
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=CaN4rYkey= 401",
            "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=CaN4rYkey==;EndpointSuffix=core 401",
            "AuthType=ClientSecret;Url=https://org.crm.dynamics.com;ClientId=x;ClientSecret=CaN4rYkey; 401",
            "AuthType=OAuth;Username=a@b.c;Pwd=CaN4rYkey;Url=https://org.crm.dynamics.com 401",
            "client%5Fsecret%3DCaN4rYkey%26grant_type 401",
            "client_secret%3DCaN4rYkey%26grant_type%3Dx 401",
            "client-secret: CaN4rYkey 401",
            "--client-secret CaN4rYkey 401",
            "--password CaN4rYkey AADSTS7000215",
            "az login --service-principal -u x -p CaN4rYkey --tenant y  AADSTS7000215",
            "pac auth create --clientSecret CaN4rYkey AADSTS7000215",
            "$clientSecret = \"CaN4rYkey\" AADSTS7000215",
            "AZURE_CLIENT_SECRET=CaN4rYkey AADSTS7000215",
            "\"AzureAd:ClientSecret\": \"CaN4rYkey\" AADSTS7000215",
            "<add key=\"ida:ClientSecret\" value=\"CaN4rYkey\" /> AADSTS7000215",
            "<ClientSecret>CaN4rYkey</ClientSecret> AADSTS7000215",
            "BATON_DYNAMICS_CLIENT_SECRET: CaN4rYkey AADSTS7000215",
            "secret: CaN4rYkey AADSTS7000215",
            "{\"name\":\"client_secret\",\"value\":\"CaN4rYkey\"} AADSTS7000215",
            "{\"key\":\"client_secret\",\"value\":\"CaN4rYkey\",\"type\":\"text\"} AADSTS7000215",
            "{\"key\": \"client_secret\",\n \"value\": \"CaN4rYkey\"} AADSTS7000215",
            "refresh_token=0.AXCaN4rYexample AADSTS700082",
            "RefreshToken: 0.AXCaN4rYexample AADSTS700082",
            "1.AX8ACaN4rYexampleexampleexampleexampleexampleexampleexampleexampleexampleexample0123 AADSTS700082",
            "M.R3_BAY.-CaN4rYexampleexampleexampleexampleexampleexampleexampleexampleexample AADSTS700082",
            "Set-Cookie: .AspNet.Cookies=CaN4rYexample; path=/ 401",
            "curl -u user:CaN4rYkey https://x.operations.dynamics.com 401",
            "client_secret='CaN4rY key' 401",
            "&#34;client_secret&#34;:&#34;CaN4rYkey&#34; 401",
            "client_secret=CaN4rY%2Bkey 401",
            "client\\u005fsecret=CaN4rYkey 401",
            "-----BEGIN PRIVATE KEY-----\nMIICaN4rYabc\nCaN4rYdef==\n-----END PRIVATE KEY-----\nAADSTS700027",
            "-----BEGIN RSA PRIVATE KEY-----\nCaN4rY\n-----END RSA PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nCaN4rY\n AADSTS700027",
            "curl --user=svc:CaN4rYkey https://x.test 401",
            "curl -usvc:CaN4rYkey https://x.test 401",
            "-u svc:CaN4rYkey https://x.test 401",
            "curl -u \"svc:CaN4rYkey\" https://x.test 401",
            "https://svc:CaN/4rYCaN4rY@proxy.test/x 407",
            "{\"value\":\"CaN4rYkey\",\"key\":\"client_secret\"} 401",
            "CONTRASEÑA: CaN4rYkey 401",
            "Passwort: CaN4rYkey AADSTS50126",
            "mot de passe : CaN4rYkey AADSTS50126",
            "pwd=CaN4rYkey; AADSTS50126",
            "Authorization: SharedKey acc:CaN4rYkey= 401",
            "Authorization: CaN4rYrawtokenvalue 401",
            "Ocp-Apim-Subscription-Key: CaN4rYkey 401",
            "{\"Authorization\": \"Token CaN4rYkey\"} 401",
            "id_token_hint=CaN4rYx 401",
            "session_state=x&id_token=CaN4rYx 401",
            "user_code: CaN4rYX12",
            "client_assertion=CaN4rYx 401",
            "passphrase: CaN4rYkey 401",
            "$env:CLIENT_SECRET='CaN4rYkey' 401",
            "export CLIENT_SECRET=CaN4rYkey\nAADSTS7000215",
            "privateKey: CaN4rYkey 401",
            "SAMLResponse=CaN4rYx 401",
            "X-Auth-Token: CaN4rYkey 401",
            "\"connectionString\": \"Server=x;User ID=sa;Password = CaN4rYkey;Encrypt=True\" 401",
            "{\\\"password\\\":\\\"CaN4rYkey\\\"} 401",
            "git clone https://user:CaN4rYkey@dev.azure.com/contoso/_git/x 403",
            "Y2xpZW50X3NlY3JldD1DYU40clkxMjMmZ3JhbnRfdHlwZT1jbGllbnRfY3JlZGVudGlhbHMmY2xpZW50X2lkPTEyMw==",
        ] {
            let shown = shown(text);
            let shown = shown.as_str();
            let is_kept = format!("{shown}{:?}", read_text(text)).contains("CaN4rY");
            if is_kept || !shown.contains(HIDDEN) {
                leaks.push(format!("{text} -> {shown}"));
            }
        }
        assert!(leaks.is_empty(), "{}", leaks.join("\n"));
        // What stands behind a secret is read all the same.
        for before in [
            "-----BEGIN PRIVATE KEY-----\nMIICaN4rYabc\n-----END PRIVATE KEY-----\n",
            "client_secret=CaN4rYkey&grant_type=x ",
            "curl -u user:CaN4rYkey https://x.test ",
            "Authorization: Bearer CaN4rY0123456789CaN4rY\n",
            "https://svc:CaN4rYkey@proxy.test/x ",
        ] {
            let text = format!("{before}AADSTS7000215: Invalid client secret provided.");
            assert_eq!(read_text(&text).codes, [7_000_215], "{before}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "The client secret: AADSTS7000215: Invalid client secret provided.",
            "https://contoso.operations.dynamics.com/data/CustomersV3(dataAreaId='usmf',CustomerAccount='a@b.test')",
            "http://proxy.test:8080/ answered",
            "{\"code\":\"Authentication_InvalidCredentials\",\"message\":\"x\"}",
            "error code: 0x80072560, design: none",
            "Authorization has been denied for this request.",
            "client_assertion or client_secret must be sent",
            "the password is wrong",
            "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(shown(text).as_str(), text);
        }
    }

    #[test]
    fn the_secret_is_taken_out_and_nothing_else() {
        for (text, left) in [
            // Users and passwords in addresses and of curl.
            ("GET https://svc:hunter2@proxy.corp.test:8080/ 407", "GET https://svc:[token]@proxy.corp.test:8080/ 407"),
            ("redis://:hunter2@cache.test:6380/0", "redis://:[token]@cache.test:6380/0"),
            ("curl -u CORP/svc:hunter2 https://x.test", "curl -u CORP/svc:[token] https://x.test"),
            // Keys of Azure Functions and codes of other sign-in services are a `code` too.
            (
                "POST https://x.azurewebsites.net/api/f?code=q7Zr_X3n-a8KfLmT20bYcVw9AzFuEs1D==&name=y 401",
                "POST https://x.azurewebsites.net/api/f?code=[token]==&name=y 401",
            ),
            (
                "http://localhost:8400/#code=4*0AeaYSHBn7q-2fKx!9LmTwZ.aPd%2F&scope=email",
                "http://localhost:8400/#code=[token]&scope=email",
            ),
            // Credentials behind the name of a scheme, in prose as in a header.
            ("sent as Bearer q7zr8kfl20 and refused", "sent as Bearer [token] and refused"),
            ("sent as Bearer hunter-twoHunter and refused", "sent as Bearer [token] and refused"),
            ("sent as Basic c3ZjOmh1bnRlcjI= and refused", "sent as Basic [token] and refused"),
            ("sent as Bearer correct-horse/battery_staple and refused", "sent as Bearer [token] and refused"),
            ("{\"Authorization\": \"Token q7zr8kfl20\"}", "{\"Authorization\": \"Token [token]\"}"),
            ("Authorization: Token hunterTwo\nHost: x.test", "Authorization: Token [token]\nHost: x.test"),
            ("Authorization: q7zr8kfl 20bycvw9azfues1d 401", "Authorization: [token] 401"),
            // Quoted values end at their own quote.
            (
                "{\"client_secret\":\"hunter2\",\"grant_type\":\"password\",\"password\":\"hunter22\",\"n\":1}",
                "{\"client_secret\":\"[token]\",\"grant_type\":\"password\",\"password\":\"[token]\",\"n\":1}",
            ),
            ("{\"password\":\"hun\\\"ter2\",\"n\":\"1\"}", "{\"password\":\"[token]\",\"n\":\"1\"}"),
            ("{\"password\":\"hun\\\\\",\"n\":\"1\"}", "{\"password\":\"[token]\",\"n\":\"1\"}"),
            (
                "body={\\\"client_secret\\\":\\\"hunter2\\\",\\\"n\\\":\\\"1\\\"}",
                "body={\\\"client_secret\\\":\\\"[token]\\\",\\\"n\\\":\\\"1\\\"}",
            ),
            ("login --password \"correct horse\" --tenant x", "login --password \"[token]\" --tenant x"),
            // As other languages and programs write it.
            ("array('client_secret' => 'hunter2', 'n' => 1)", "array('client_secret' => '[token]', 'n' => 1)"),
            ("Get-D365Token -ClientSecret hunter2 -Tenant x", "Get-D365Token -ClientSecret [token] -Tenant x"),
            ("Get-D365Token -ClientSecret \"hun ter2\" -Tenant x", "Get-D365Token -ClientSecret \"[token]\" -Tenant x"),
            (
                "$p = ConvertTo-SecureString \"hun ter2\" -AsPlainText -Force",
                "$p = ConvertTo-SecureString \"[token]\" -AsPlainText -Force",
            ),
            ("curl --proxy-user svc:hunter2 https://x.test", "curl --proxy-user svc:[token] https://x.test"),
            ("curl -u 'svc:hun ter2' https://x.test", "curl -u 'svc:[token]' https://x.test"),
            ("| client_secret | hunter2 |", "| client_secret | [token] |"),
            ("Client secret\thunter2\tx", "Client secret [token] x"),
            ("x-ms-access-token: hunter2", "x-ms-access-token: [token]"),
            ("\"private_key\": \"hunter2\"", "\"private_key\": \"[token]\""),
            (
                "\"clientSecret\": {\n  \"value\": \"hunter2\"\n}, \"n\": 1",
                "\"clientSecret\": {\n  \"value\": \"[token]\"\n}, \"n\": 1",
            ),
            ("\"client_secret\":[\"hunter2\"]", "\"client_secret\":[\"[token]\"]"),
            (
                "{\"name\": \"CLIENT_SECRET\",\n \"slotSetting\": false,\n \"value\": \"hunter2\"}",
                "{\"name\": \"CLIENT_SECRET\",\n \"slotSetting\": false,\n \"value\": \"[token]\"}",
            ),
            // Whatever stands beside the value in its object.
            (
                "{\"client_secret\": {\"sensitive\": true, \"type\": \"string\", \"value\": \"hunter2\"}}",
                "{\"client_secret\": {\"sensitive\": true, \"type\": \"string\", \"value\": \"[token]\"}}",
            ),
            (
                "{\\\"password\\\": {\\\"type\\\": \\\"SecureString\\\", \\\"value\\\": \\\"hunter2\\\"}}",
                "{\\\"password\\\": {\\\"type\\\": \\\"SecureString\\\", \\\"value\\\": \\\"[token]\\\"}}",
            ),
            ("\"secret\":[],\"password\":{},\"n\":1", "\"secret\":[],\"password\":{},\"n\":1"),
            (
                "ConvertTo-SecureString -AsPlainText \"hunter2\" -Force",
                "ConvertTo-SecureString -AsPlainText \"[token]\" -Force",
            ),
            (
                "ConvertTo-SecureString -AsPlainText -Force -String 'hun ter2'",
                "ConvertTo-SecureString -AsPlainText -Force -String '[token]'",
            ),
            (
                "$s | ConvertTo-SecureString -AsPlainText -Force\nlogin",
                "$s | ConvertTo-SecureString -AsPlainText -Force\nlogin",
            ),
            ("Client secret\t\thunter2\tx", "Client secret  [token] x"),
            ("| client secret | | hunter2 |", "| client secret | | [token] |"),
            // The name of a secret is no more than its name.
            (
                "{\"secret\":\"contoso-client-secret\",\"value\":\"hunter2\"}",
                "{\"secret\":\"[token]\",\"value\":\"[token]\"}",
            ),
        ] {
            assert_eq!(shown(text).as_str(), left);
            // What was shown once is pasted again.
            assert_eq!(shown(left).as_str(), left);
        }
    }

    #[test]
    fn a_token_is_hidden_to_its_last_line_and_no_further() {
        // As long as the lines into which mail programs and terminals break one.
        let first = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2Ny";
        let second = "bS5keW5hbWljcy5jb20iLCJpc3MiOiJodHRwczovL3N0cy53aW5kb3dzLm5ldC8x";
        let hash = "3b1f9c03d1f0b1f2a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4";
        let third = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1pdHNlbGYtaW4tYmFzZTY0dXJs";
        for (text, left) in [
            (format!("sent {first} expired\n"), "sent [token] expired\n"),
            (format!("{first}\n{second}\n{third}\nAADSTS7000215: Invalid"), "[token]\nAADSTS7000215: Invalid"),
            (format!("> {first}\r\n> {second}\r\n> tail==\r\n> Regards"), "> [token]\r\n> Regards"),
            (format!("{first}\n{second}\n\"next\""), "[token]\n\"next\""),
            // The end of a token is a short line; what comes next is something else.
            (
                format!("{first}\n{second}\ntail\n{hash}\nRegards"),
                "[token]\n3b1f9c03d1f0b1f2a9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4\nRegards",
            ),
            (format!("{{\"access\":\"{first}\n{second}\",\"expires\":1}}"), "{\"access\":\"[token]\",\"expires\":1}"),
            (
                format!("a long line before it: eyJ0eXAi\n{}\n{second}\ntail==\nRegards", &first[8..]),
                "a long line before it: [token]\nRegards",
            ),
            // The first part alone says how a token is signed, and is none.
            (
                "Its header is eyJhbGciOiJub25lIn0. Is it signed?".to_owned(),
                "Its header is eyJhbGciOiJub25lIn0. Is it signed?",
            ),
        ] {
            assert_eq!(without_tokens(&text), left, "{text}");
        }
    }

    #[test]
    fn a_token_is_hidden_wherever_its_lines_break() {
        let (header, claims) =
            ("eyJ0eXAi".to_owned() + &"aB3d".repeat(30), "eyJhdWQi".to_owned() + &"xY7z".repeat(150));
        let signature: String = (0..340).map(|n| char::from(b'a' + (n % 23) as u8)).collect();
        for width in [72, 80, 100] {
            for lead in 0..width {
                let text = format!("{:lead$}{header}.{claims}.{signature}", "");
                let lines: Vec<&str> =
                    text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let left = without_tokens(&(lines.join("\n") + "\nnext line"));
                assert!(left.ends_with("[token]\nnext line"), "{width} {lead}: {left}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_the_place_of_a_secret_stays() {
        for text in [
            "client_secret=&grant_type=client_credentials",
            // What an answer says of a secret, and cells that are no names.
            "get token with client secret | invalid_client | 401",
            "password | invalid_grant",
            "client secret | 401 Unauthorized | x",
            "test pass | next",
            "missing -Secret invalid_client",
            "{\"error\":\"bad secret\",\"id\":4,\"value\":\"invalid_client\"}",
            "{\"error\":\"bad secret\",\"id\":4,\"value\":\"next\"}",
            // A code of Entra's is long.
            "answered with code=1.Area and no text",
            "{\"password\":\"\",\"user\":\"x\"}",
            "\"networkAcls\": {\"bypass\": \"AzureServices\", \"defaultAction\": \"Deny\"}",
            "compass: north",
            "GET https://contoso.crm.dynamics.com:443/api/data/v9.2/contacts?who=a@b.test",
            "GET https://contoso.crm.dynamics.com/api/data/v9.2/contacts?at=10:30&who=a@b.test",
            "http://localhost/?code=50011&state=1",
            "WWW-Authenticate: Bearer realm=\"\", error=\"invalid_token\"",
            "a Bearer token was not sent, Basic authentication is switched off",
            "the Bearer V2 scheme",
        ] {
            assert_eq!(shown(text).as_str(), text);
        }
    }
}
