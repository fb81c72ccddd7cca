//! A filter that is typed: which entries of a list it leaves.
//!
//! Does not know what the entries are.

/// The words that an entry must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<String>);

impl Filter {
    /// A filter as it is typed: words with blanks between them, in any letter case.
    pub fn of(text: &str) -> Filter {
        Filter(text.to_lowercase().split_whitespace().map(str::to_owned).collect())
    }

    /// Whether it leaves everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word stands in one of the parts.
    pub fn fits(&self, parts: &[&str]) -> bool {
        self.is_empty() || {
            let parts: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
            self.0.iter().all(|word| parts.iter().any(|part| part.contains(word.as_str())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there_in_any_part() {
        let parts = ["contoso-uat", "F&O, client creds", "contoso.operations.dynamics.com", "Ärger.example"];
        for fits in ["", "  ", "UAT", "contoso client", "client  contoso ", "f&o operations", "ärger"] {
            assert!(Filter::of(fits).fits(&parts), "{fits}");
        }
        for not in ["prod", "contoso prod", "uatf", "uat\u{0}"] {
            assert!(!Filter::of(not).fits(&parts), "{not}");
        }
    }
}
