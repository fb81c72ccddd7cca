//! Texts with holes: `{client_id}` is filled in, a part in `[[…]]` is left out when a hole inside it cannot be filled.
//!
//! Serves links, guide texts, findings and exports alike. Does not know what the names mean.

/// Fills a text. `None` when a hole outside of `[[…]]` has no value.
pub fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for (optional, part) in parts(text) {
        if !optional || has_all(part, value) {
            fill_part(&mut out, part, value)?;
        }
    }
    Some(out)
}

/// Fills a text for people: a hole without value shows as `<client_id>`.
pub fn fill_or_name(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let named = |name: &str| Some(value(name).unwrap_or_else(|| format!("<{name}>")));
    let mut out = String::new();
    for (optional, part) in parts(text) {
        // Optional parts still go when their hole has no value.
        if !optional || has_all(part, value) {
            let _ = fill_part(&mut out, part, &named);
        }
    }
    out
}

/// The same values, and under `profile` the name by which a command finds the profile, where one does.
pub fn with_profile(name: Option<String>, values: impl Fn(&str) -> Option<String>) -> impl Fn(&str) -> Option<String> {
    move |hole| if hole == "profile" { name.clone() } else { values(hole) }
}

/// The text cut at its `[[…]]`, and whether each part is one of those.
pub fn parts(text: &str) -> Vec<(bool, &str)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((before, (inside, after))) =
        rest.split_once("[[").and_then(|(before, rest)| Some((before, rest.split_once("]]")?)))
    {
        all.extend([(false, before), (true, inside)]);
        rest = after;
    }
    all.push((false, rest));
    all
}

/// Whether every hole of a part has a value.
pub fn has_all<V>(part: &str, value: &dyn Fn(&str) -> Option<V>) -> bool {
    holes(part).into_iter().all(|hole| value(hole).is_some())
}

/// Appends a part with its holes filled in. `None` when one has no value.
pub fn fill_part<V: AsRef<str>>(out: &mut String, part: &str, value: &dyn Fn(&str) -> Option<V>) -> Option<()> {
    let mut rest = part;
    while let Some((before, inside)) = rest.split_once('{') {
        out.push_str(before);
        match inside.split_once('}') {
            Some((name, after)) if is_name(name) => {
                out.push_str(value(name)?.as_ref());
                rest = after;
            }
            _ => {
                out.push('{');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    Some(())
}

/// The names of all holes, for cross-checks of the assets.
pub fn holes(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .filter(|n| is_name(n))
        .collect()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling() {
        let value = |name: &str| (name == "id").then(|| "42".to_owned());
        for (text, filled) in [
            ("plain", Some("plain")),
            ("app {id}!", Some("app 42!")),
            ("app {other}", None),
            ("app[[ {other}]] ok[[ ({id})]]", Some("app ok (42)")),
            ("{\"json\": {id}}", Some("{\"json\": 42}")),
        ] {
            assert_eq!(fill(text, &value).as_deref(), filled, "{text}");
        }
        assert_eq!(fill_or_name("{id} of {tenant_id}[[, {nope}]]", &value), "42 of <tenant_id>");
        assert_eq!(holes("a {id} [[b {other}]] {\"x\": 1}"), ["id", "other"]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_no_hole_stays(text in "(\\{|\\}|\\[\\[|\\]\\]|id|other|_|漢|İ| ){0,30}") {
            use proptest::{prop_assert, prop_assert_eq};
            // Holes that are filled with themselves.
            let itself = |name: &str| Some(format!("{{{name}}}"));
            let bare: String = parts(&text).into_iter().map(|(_, part)| part).collect();
            prop_assert_eq!(fill(&text, &itself), Some(bare.clone()));
            prop_assert_eq!(fill_or_name(&text, &itself), bare);
            let known = holes(&text).into_iter().all(|name| name == "id");
            prop_assert!(!known || fill(&text, &|_| Some(String::new())).is_some());
        }
    }
}
