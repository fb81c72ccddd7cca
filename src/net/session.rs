//! A run's access to the API, with a token, and reads of entities that all products share.
//!
//! Does not know how the token came, or what a product's paths are.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::evidence::{Evidence, Mark, Origin, Reply};
use crate::core::guide::Product;
use crate::core::secret::{AccessToken, Scrubber};
use crate::net::client::{Ask, Call};
use crate::net::progress::Progress;
use crate::net::{Client, RunRequest};
use serde_json::{Value, json};

/// Whose answers they are.
pub(super) fn origin(product: Product) -> Origin {
    match product {
        Product::FinanceOperations => Origin::FinanceOperations,
        Product::BusinessCentral => Origin::BusinessCentral,
        Product::Graph => Origin::Graph,
    }
}

/// A run's access to the API, with a token.
pub(super) struct Session<'a> {
    pub client: &'a Client,
    pub request: &'a RunRequest,
    pub progress: &'a Progress<'a>,
    pub token: &'a AccessToken,
    /// Knows the secret and the token.
    pub scrubber: &'a Scrubber,
    /// What the claims foretell.
    pub marks: Vec<Mark>,
}

/// How the read of one entity came out: its status, and how many rows came or why none.
pub(super) struct Read {
    pub name: String,
    pub http_status: Option<u16>,
    pub outcome: Result<usize, Evidence>,
}

impl Session<'_> {
    /// Asks the API, with the token.
    pub async fn ask(&self, check: CheckId, path: &str, call: Call<'_>) -> Result<Reply, Evidence> {
        let ask = Ask { check, url: self.request.profile.resource.join(path), call, bearer: Some(self.token) };
        self.client.ask(&ask, self.progress).await
    }

    /// The evidence of an answer that is no pass. With status 200 it is not the service's at all.
    pub fn evidence(&self, check: CheckId, reply: &Reply) -> Evidence {
        let mut evidence = reply.evidence(check, origin(self.request.profile.product), self.scrubber);
        if reply.status == 200 {
            evidence.marks.insert(Mark::Unreadable);
        }
        if self.request.profile.sign_in.is_user() {
            evidence.marks.insert(Mark::UserSignIn);
        }
        evidence
    }

    /// The evidence of a refused registration: what the claims foretell goes along.
    pub fn refusal(&self, reply: &Reply) -> Evidence {
        let mut evidence = self.evidence(CheckId::Registration, reply);
        evidence.marks.extend(self.marks.iter().copied());
        evidence
    }

    /// The names of the entities to read: those of the profile, else the guide's own.
    pub fn entities(&self) -> Vec<&str> {
        if self.request.profile.entities.is_empty() {
            self.request.guide.reads.iter().map(|entity| entity.name.as_str()).collect()
        } else {
            self.request.profile.entities.iter().map(String::as_str).collect()
        }
    }

    /// Reads one row of an entity.
    pub async fn read(&self, name: &str, path: &str) -> Read {
        let (http_status, outcome) = match self.ask(CheckId::Access, path, Call::Get).await {
            Ok(reply) => (Some(reply.status), rows(&reply).ok_or_else(|| self.evidence(CheckId::Access, &reply))),
            Err(evidence) => (None, Err(evidence)),
        };
        Read { name: name.to_owned(), http_status, outcome: outcome.map(|rows| rows.len()) }
    }

    /// `access`: one verdict an entity. Of several that stand for each other one is enough.
    pub fn access(&self, reads: Vec<Read>) -> CheckResult {
        let either = |name: &str| {
            let entity = self.request.guide.reads.iter().find(|entity| entity.name == name);
            entity.and_then(|entity| entity.either.as_deref())
        };
        let has_twin = |one: &Read| {
            let word = either(&one.name);
            word.is_some() && reads.iter().any(|other| either(&other.name) == word && other.outcome.is_ok())
        };
        let spared: Vec<bool> = reads.iter().map(|one| one.outcome.is_err() && has_twin(one)).collect();
        let (mut entities, mut evidence, mut passed, mut counted) = (Vec::new(), Vec::new(), 0, 0);
        for (Read { name, http_status, outcome }, spared) in reads.into_iter().zip(spared) {
            counted += usize::from(!spared);
            // How a refused one stands is judged with its evidence.
            let (status, rows) = match outcome {
                Ok(rows) => {
                    passed += 1;
                    ("passed", Some(rows))
                }
                Err(_) if spared => ("skipped", None),
                Err(mut one) => {
                    one.marks.insert(Mark::SessionAccepted);
                    evidence.push(one.naming("entity", &name));
                    ("unknown", None)
                }
            };
            entities.push(json!({ "name": name, "status": status, "http_status": http_status, "rows": rows }));
        }
        let summary = format!("{passed} of {counted} entities can be read");
        let mut details = Details::new();
        details.insert("entities".into(), entities.into());
        if evidence.is_empty() {
            CheckResult::Passed { summary, details }
        } else {
            CheckResult::Refused { summary, details, evidence }
        }
    }
}

/// The rows of an OData answer.
pub(super) fn rows(reply: &Reply) -> Option<Vec<Value>> {
    let mut json = reply.json().filter(|_| reply.status == 200)?;
    match json.get_mut("value")?.take() {
        Value::Array(rows) => Some(rows),
        _ => None,
    }
}

/// A check that one piece of evidence speaks against.
pub(super) fn refused(summary: impl Into<String>, details: Details, evidence: Evidence) -> CheckResult {
    CheckResult::Refused { summary: summary.into(), details, evidence: vec![evidence] }
}
