//! Rows of a sign-in log that was saved as CSV from the portal, or copied out of a table of it: rewritten as the JSON in
//! which Graph gives the same log, so that both are read by the same rules.
//!
//! Knows the titles of the columns. Does not know what an error code means.

use serde_json::{Map, Value, json};

/// Titles of columns, in small letters, and the names that Graph has for them.
const COLUMNS: [(&str, &str); 13] = [
    ("date (utc)", "createdDateTime"),
    ("date", "createdDateTime"),
    ("correlation id", "correlationId"),
    ("username", "userPrincipalName"),
    ("user", "userDisplayName"),
    ("service principal id", "servicePrincipalId"),
    ("application id", "appId"),
    ("resource", "resourceDisplayName"),
    ("resource id", "resourceId"),
    ("resource tenant id", "resourceTenantId"),
    ("status", "result"),
    ("conditional access", "conditionalAccessStatus"),
    ("ip address", "ipAddress"),
];
/// The columns without which it is no such log.
const CODE: [&str; 2] = ["sign-in error code", "error code"];
const REASON: &str = "failure reason";

/// The columns of such a log.
#[derive(Debug, Clone)]
pub struct Rows {
    separator: char,
    titles: Vec<String>,
}

impl Rows {
    /// Reads the line with the titles; none where the line is something else.
    pub fn titled(line: &str) -> Option<Rows> {
        let line = line.trim_start_matches('\u{feff}');
        let lower = line.to_ascii_lowercase();
        if !lower.contains("error code") {
            return None;
        }
        [',', ';', '\t'].into_iter().find_map(|separator| {
            let titles: Vec<String> = cells(&lower, separator);
            let has = |title: &str| titles.iter().any(|own| own == title);
            // Where all went well nobody exports the reasons.
            let is_log = (has(REASON) && CODE.iter().any(|title| has(title))) || (has(CODE[0]) && has("status"));
            is_log.then_some(Rows { separator, titles })
        })
    }

    /// A row as Graph gives it; none for a line that is no row.
    pub fn json(&self, line: &str) -> Option<String> {
        let cells = cells(line, self.separator);
        let cell = |title: &str| {
            let at = self.titles.iter().position(|own| own == title)?;
            cells.get(at).map(String::as_str).filter(|cell| !cell.is_empty())
        };
        let code = CODE.iter().find_map(|title| cell(title));
        let status = cell("status").map(str::to_ascii_lowercase);
        // A success has an empty cell, or 0.
        let code = match code.map(|code| code.parse::<u32>().ok()) {
            Some(code) => code?,
            None if status.as_deref() == Some("success") => 0,
            None => return None,
        };
        let mut row = Map::from_iter([("category".to_owned(), "SignInLogs".into())]);
        for (title, name) in COLUMNS {
            if let Some(cell) = cell(title) {
                row.entry(name).or_insert_with(|| cell.into());
            }
        }
        row.insert("status".into(), json!({ "errorCode": code, "failureReason": cell(REASON) }));
        Some(Value::Object(row).to_string())
    }
}

/// The cells of a line, without their quotes.
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for c in line.trim_end_matches(['\r', '\n']).chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => cells.push(String::new()),
            c => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// The whole of such a text; none for any other.
pub(super) fn rewritten(text: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
    let rows = Rows::titled(lines.next()?)?;
    let rows: Vec<String> = lines.filter_map(|line| rows.json(line)).collect();
    (!rows.is_empty()).then(|| rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::*;

    #[test]
    fn rows_are_read_by_the_titles_above_them() {
        const APP: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
        const HEAD: &str = "Date (UTC),Request ID,Service principal ID,Application ID,Resource,Status,Sign-in error code,Failure reason,Conditional Access";
        let row = |code: &str| {
            format!("2026-11-21T10:00:00Z,abc,def,{APP},\"Microsoft, Graph\",Failure,{code},\"No.\",Failure")
        };
        for (text, codes) in [
            (format!("{HEAD}\r\n{}\r\n", row("53003")), vec![53003]),
            (format!("\u{feff}{HEAD}\n{}\n{}", row("0"), row("7000222")), vec![7_000_222]),
            (
                format!("{HEAD}\n{}", row("7000222")).replace("\"Microsoft, Graph\"", "Graph").replace(',', ";"),
                vec![7_000_222],
            ),
            (
                format!("{HEAD}\n{}", row("7000222")).replace("\"Microsoft, Graph\"", "Graph").replace(',', "\t"),
                vec![7_000_222],
            ),
            (format!("{HEAD}\n{}", row("0")), vec![]),
            ("Date (UTC),Status,Sign-in error code\n2026-11-21T10:00:00Z,Failure,53003".to_owned(), vec![53003]),
            // Only the titles, and another table.
            (HEAD.to_owned(), vec![]),
            ("Order,Error code,Text\n1,50126,No".to_owned(), vec![]),
            ("Order,Error code,Status\n1,50126,No".to_owned(), vec![]),
        ] {
            let evidence = read_text(&text);
            assert_eq!(evidence.codes, codes, "{text}");
            assert!(codes.is_empty() || !text.contains(APP) || evidence.named["app"] == APP, "{text}");
        }
    }

    #[test]
    fn only_a_success_may_lack_its_code() {
        let rows = Rows::titled("Date,User,Status,Sign-in error code,Failure reason").unwrap();
        for (row, code) in [
            ("2026-11-21,Ada,Success,,", Some(0)),
            ("2026-11-21,Ada,Success,0,Other.", Some(0)),
            ("2026-11-21,Ada,Failure,53003,Access was blocked.", Some(53003)),
            ("2026-11-21,Ada,Failure,,", None),
            ("2026-11-21,Ada,Interrupted,none,", None),
            ("2026-11-21,Ada", None),
        ] {
            let json = rows.json(row).map(|json| serde_json::from_str::<Value>(&json).unwrap());
            assert_eq!(json.map(|row| row["status"]["errorCode"].clone()), code.map(Value::from), "{row}");
        }
    }
}
