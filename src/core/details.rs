//! The details of a check in words, for people. In JSON they stand as they are.
//!
//! Does not know which check has which details: whatever is there is told.

use crate::core::check::Details;
use serde_json::Value;

/// What details are called on screens; the others by their own name with blanks.
const LABELS: &[(&str, &str)] = &[
    ("http_status", "status"),
    ("expires_in", "good for"),
    ("aud", "audience"),
    ("tid", "tenant"),
    ("oid", "object id"),
    ("appid", "app"),
    ("exp", "ends"),
    ("kid", "signing key"),
    ("user_id", "user"),
    ("is_sys_admin", "administrator"),
    ("challenge_authority", "signs in at"),
    ("tenant_id", "tenant"),
    ("trace_id", "trace id"),
    ("notes", "note"),
];

/// Labels and texts, one a line, in the order of the details. The table of permissions is [`super::permissions`]'s.
pub fn in_words(details: &Details) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, value) in details.iter().filter(|(name, _)| *name != "permissions") {
        let known = LABELS.iter().find(|(other, _)| other == name).map(|(_, label)| (*label).to_owned());
        let label = known.unwrap_or_else(|| name.replace('_', " "));
        match value {
            Value::Array(list) if list.iter().any(|one| one.is_object() || name == "notes") => {
                let label = |at: usize| if at == 0 { label.clone() } else { String::new() };
                lines.extend(list.iter().enumerate().map(|(at, one)| (label(at), text(one))));
            }
            Value::Number(seconds) if name == "expires_in" => lines.push((label, format!("{seconds} seconds"))),
            value => lines.push((label, text(value))),
        }
    }
    lines
}

/// A value in words: `CustomersV3: passed, status 200, 1 row` for an entity.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".into(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            let part = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                (_, Value::Null) => None,
                ("name" | "what" | "status", value) => Some(text(value)),
                ("http_status", value) => Some(format!("status {}", text(value))),
                ("rows", value) => Some(format!("{} row{}", text(value), if *value == 1 { "" } else { "s" })),
                (name, value) => Some(format!("{} {}", name.replace('_', " "), text(value))),
            };
            all.iter().filter_map(part).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_is_told_in_words() {
        let Value::Object(details) = json!({
            "http_status": 200, "expires_in": 3599, "is_sys_admin": true, "roles": [], "companies": ["CRONUS", "My"],
            "permissions": [{ "name": "hidden here" }], "time_zone": "GMT", "notes": ["one", "two"], "odd": null,
            "entities": [
                { "name": "A", "status": "passed", "http_status": 200, "rows": 1 },
                { "name": "B", "status": "failed", "http_status": 403, "rows": null },
            ],
        }) else {
            panic!("an object")
        };
        let lines: Vec<String> =
            in_words(&details).into_iter().map(|(label, text)| format!("{label}|{text}")).collect();
        assert_eq!(
            lines,
            [
                "status|200",
                "good for|3599 seconds",
                "administrator|yes",
                "roles|none",
                "companies|CRONUS, My",
                "time zone|GMT",
                "note|one",
                "|two",
                "odd|none",
                "entities|A, passed, status 200, 1 row",
                "|B, failed, status 403",
            ]
        );
    }
}
