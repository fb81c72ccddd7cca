//! The little OData that is understood here: `Field eq 'value'` joined by `and`, and keys in brackets.
//!
//! Knows the grammar. Does not know any entity.

use crate::sandbox::Request;
use crate::sandbox::rows::Row;
use serde_json::Value;

/// A field that must have a value. The field is empty for a key that is a value alone.
#[derive(Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) field: String,
    pub(super) value: Value,
}

impl Condition {
    /// Whether a row has it. Texts are compared without case, as the database behind F&O does.
    pub(super) fn holds(&self, row: &Row) -> bool {
        match (row.get(&self.field), &self.value) {
            (Some(Value::String(had)), Value::String(wanted)) => had.to_lowercase() == wanted.to_lowercase(),
            (had, wanted) => had == Some(wanted),
        }
    }
}

/// What a request asks of an entity set.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) conditions: Vec<Condition>,
    /// The fields that are wanted; none for all.
    select: Vec<String>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    /// The number of all rows is wanted too.
    pub(super) count: bool,
}

/// Why a query is not answered: the option that is at fault.
#[derive(Debug)]
pub(super) enum QueryFault {
    Unknown(String),
    Malformed(String),
}

impl Query {
    /// Reads the options. A field that none of the rows has is a fault; of no rows nothing is known.
    pub(super) fn read(request: &Request, rows: &[Row]) -> Result<Query, QueryFault> {
        const KNOWN: [&str; 5] = ["$top", "$filter", "$select", "$count", "$skiptoken"];
        let mut names = request.query.iter().map(|(name, _)| name);
        if let Some(name) = names.find(|name| name.starts_with('$') && !KNOWN.contains(&name.as_str())) {
            return Err(QueryFault::Unknown(name.clone()));
        }
        let unknown = |field: &str| rows.first().is_some_and(|row| !row.contains_key(field));
        let number = |name: &str| {
            let read = |text: &str| text.parse::<usize>().map_err(|_| QueryFault::Malformed(name.to_owned()));
            request.query(name).map(read).transpose()
        };
        let conditions = request.query("$filter").map_or(Some(Vec::new()), filter);
        let known = |conditions: &Vec<Condition>| !conditions.iter().any(|condition| unknown(&condition.field));
        let list = request.query("$select").unwrap_or_default();
        let select: Vec<String> =
            list.split(',').map(|field| field.trim().to_owned()).filter(|_| !list.is_empty()).collect();
        if select.iter().any(|field| unknown(field)) {
            return Err(QueryFault::Malformed("$select".into()));
        }
        Ok(Query {
            conditions: conditions.filter(known).ok_or_else(|| QueryFault::Malformed("$filter".into()))?,
            select,
            top: number("$top")?,
            skip: number("$skiptoken")?.unwrap_or_default(),
            count: request.query("$count").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }

    /// The rows that fit, without pages.
    pub(super) fn answer(&self, rows: Vec<Row>) -> Vec<Value> {
        let fits = |row: &Row| self.conditions.iter().all(|condition| condition.holds(row));
        let found = rows.into_iter().filter(fits).take(self.top.unwrap_or(usize::MAX));
        found.map(|row| self.selected(row)).collect()
    }

    /// The wanted fields of a row.
    pub(super) fn selected(&self, mut row: Row) -> Value {
        if !self.select.is_empty() {
            row.retain(|field, _| self.select.contains(field));
        }
        Value::Object(row)
    }
}

/// Reads a `$filter`. `None` when it says more than is understood here.
pub(super) fn filter(text: &str) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    let mut rest = text.trim();
    loop {
        let (field, after) = name(rest)?;
        let (value, after) = literal(after.trim_start().strip_prefix("eq ")?.trim_start())?;
        conditions.push(Condition { field: field.into(), value });
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(conditions);
        }
        rest = rest.strip_prefix("and ")?.trim_start();
    }
}

/// Reads a path segment: an entity set, and the key in brackets if it has one.
pub(super) fn segment(text: &str) -> Option<(&str, Option<Vec<Condition>>)> {
    let (set, rest) = name(text)?;
    if rest.is_empty() {
        return Some((set, None));
    }
    let mut rest = rest.strip_prefix('(')?.strip_suffix(')')?;
    let mut key = Vec::new();
    loop {
        let named = name(rest).and_then(|(field, after)| Some((field, after.strip_prefix('=')?)));
        let (field, after) = named.unwrap_or(("", rest));
        let (value, after) = literal(after)?;
        key.push(Condition { field: field.into(), value });
        if after.is_empty() {
            return Some((set, Some(key)));
        }
        rest = after.strip_prefix(',')?;
    }
}

fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `'text'` with doubled quotes, `Enumeration'Member'`, `true`, `false`, `null` or a whole number.
fn literal(text: &str) -> Option<(Value, &str)> {
    let is_type = |front: &str| front.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    let Some((_, mut rest)) = text.split_once('\'').filter(|(front, _)| is_type(front)) else {
        let end = text.find([' ', ',', ')']).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let value: Value = serde_json::from_str(word).ok()?;
        return (!value.is_string() && !value.is_array() && !value.is_object()).then_some((value, rest));
    };
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((Value::String(value), after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(conditions: Vec<Condition>) -> Vec<(String, Value)> {
        conditions.into_iter().map(|c| (c.field, c.value)).collect()
    }

    #[test]
    fn filters() {
        for (text, wanted) in [
            ("A eq 'x'", Some(vec![("A", json!("x"))])),
            ("  A eq 'x'  and B eq true ", Some(vec![("A", json!("x")), ("B", json!(true))])),
            ("A eq 'O''Brien and B eq ''x'''", Some(vec![("A", json!("O'Brien and B eq 'x'"))])),
            ("A eq Microsoft.Dynamics.DataEntities.NoYes'Yes'", Some(vec![("A", json!("Yes"))])),
            ("A_1 eq 12 and B eq null", Some(vec![("A_1", json!(12)), ("B", json!(null))])),
            ("A eq ''", Some(vec![("A", json!(""))])),
            ("", None),
            ("A", None),
            ("A eq", None),
            ("A eq 'x", None),
            ("A eq x", None),
            ("A eq 'x' and", None),
            ("A eq 'x' or B eq 'y'", None),
            ("A gt 1", None),
            ("contains(A,'x')", None),
        ] {
            let wanted = wanted.map(|all| all.into_iter().map(|(f, v)| (f.to_owned(), v)).collect::<Vec<_>>());
            assert_eq!(filter(text).map(read), wanted, "{text}");
        }
    }

    #[test]
    fn segments() {
        assert_eq!(segment("CustomersV3"), Some(("CustomersV3", None)));
        for (text, wanted) in [
            ("Users('a')", vec![("", json!("a"))]),
            ("Users(UserID='a=(b),c''d')", vec![("UserID", json!("a=(b),c'd"))]),
            ("Rows(A='x',B=2)", vec![("A", json!("x")), ("B", json!(2))]),
        ] {
            let (_, key) = segment(text).unwrap();
            let wanted: Vec<_> = wanted.into_iter().map(|(f, v)| (f.to_owned(), v)).collect();
            assert_eq!(read(key.unwrap()), wanted, "{text}");
        }
        for bad in ["", "$metadata", "Users(", "Users()", "Users(A=)", "Users('a'", "Users('a')x", "Users('a' 'b')"] {
            assert_eq!(segment(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_as_it_was_quoted(value in "('|[a-z(),=]|eq | and |漢|İ|\\PC){0,30}", number in proptest::num::i64::ANY) {
            use proptest::prop_assert_eq;
            let quoted = value.replace('\'', "''");
            let wanted = vec![("A".to_owned(), json!(value)), ("B".to_owned(), json!(number))];
            prop_assert_eq!(filter(&format!("A eq '{quoted}' and B eq {number}")).map(read), Some(wanted.clone()));
            let path = format!("Rows(A='{quoted}',B={number})");
            let (set, key) = segment(&path).unwrap();
            prop_assert_eq!((set, key.map(read)), ("Rows", Some(wanted)));
            // As it stands it is read or refused.
            let _ = (filter(&value), segment(&value), filter(&format!("A eq {value}")), segment(&format!("Rows({value})")));
        }
    }
}
