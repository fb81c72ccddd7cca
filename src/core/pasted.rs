//! A text that somebody pasted, beside a profile or alone: what was read in it and what it means.
//!
//! Decides whether the text is about the profile at all: one of another product is judged by itself, so that no id, link
//! or word of the profile gets mixed in. Reading is done by [`crate::core::evidence`], judging by the rules.

use crate::core::claims::Row;
use crate::core::cloud::{Cloud, CloudId, Clouds};
use crate::core::evidence::{self, Evidence, Origin};
use crate::core::guide::Guide;
use crate::core::profile::{Profile, ProfileDraft};
use crate::core::question::FieldId;
use crate::core::rules::{Finding, Judge, RuleBook};
use crate::core::template::with_profile;

/// What a text is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The rules.
    pub book: &'a RuleBook,
    /// The guides whose steps mend things.
    pub guides: &'a [Guide],
    /// The clouds.
    pub clouds: &'a Clouds,
}

/// The profile that a text is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Its values.
    pub draft: &'a ProfileDraft,
    /// The same, where they are complete.
    pub profile: Option<&'a Profile>,
}

/// A text that was read and judged.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was read in it.
    pub evidence: Evidence,
    /// The claims of a token in it, beside what the profile needs; none where there is no token.
    pub token: Option<Vec<Row>>,
    /// What it means, most likely first; never empty.
    pub findings: Vec<Finding>,
    /// The product that the text is of, where that is not the profile's: then it was judged without the profile.
    pub other: Option<&'static str>,
}

/// Whether a text that was compared with a profile names its app, tenant or host, or another app, tenant or address.
pub fn names_ids(evidence: &Evidence, draft: &ProfileDraft) -> bool {
    let own = [FieldId::ClientId, FieldId::TenantId].map(|field| draft.value(field).to_lowercase());
    let host = evidence::host_of(draft.value(FieldId::ResourceUrl));
    let is_said = own.into_iter().chain(host).any(|id| !id.is_empty() && evidence.said.has(&id));
    is_said || ["other_app", "other_tenant", "other_resource"].iter().any(|name| evidence.named.contains_key(*name))
}

impl Known<'_> {
    /// Reads a text and judges it. `usual` is the guide where nothing tells one; `now` in seconds since 1970.
    pub fn read(&self, text: &str, beside: Option<Beside<'_>>, usual: Option<&Guide>, now: i64) -> Reading {
        let evidence = evidence::read_text(text);
        let other = beside.and_then(|beside| self.other_product(&evidence, beside));
        let own = beside.filter(|_| other.is_none());
        let profile = own.and_then(|own| own.profile);
        let (mut evidence, claims) = evidence::with_token(evidence, text, profile, now);
        // A token says what it is for, where nothing else does and nobody wants it for something.
        if own.is_none() && evidence.origin.is_none() {
            evidence.origin = claims.as_ref().and_then(|claims| claims.product()).map(Origin::of);
        }
        let findings = self.findings(&mut evidence, own, usual.filter(|_| other.is_none()));
        Reading { evidence, token: claims.map(|claims| claims.rows(profile, now)), findings, other }
    }

    /// Judges what was read before, an error of a log.
    pub fn judge(&self, evidence: &Evidence, beside: Option<Beside<'_>>) -> Vec<Finding> {
        let own = beside.filter(|beside| self.other_product(evidence, *beside).is_none());
        self.findings(&mut evidence.clone(), own, None)
    }

    fn findings(&self, evidence: &mut Evidence, own: Option<Beside<'_>>, usual: Option<&Guide>) -> Vec<Finding> {
        let guide = match own {
            Some(Beside { draft, .. }) => {
                evidence::compare(evidence, draft);
                self.guide(draft)
            }
            None => evidence.guide(self.guides).or(usual),
        };
        let cloud = self.cloud(evidence);
        let saved = own.and_then(|own| own.profile).map(|profile| profile.name.to_string());
        let values = with_profile(saved, |hole| match own {
            Some(own) => own.draft.template_value(hole, guide, self.clouds),
            None => cloud.filter(|_| hole == "portal").map(|cloud| cloud.portal.clone()),
        });
        let judged = Judge { book: self.book, guide, values: &values }.findings(evidence);
        // Some causes are of one product, whoever answered.
        let product = judged.first().filter(|_| guide.is_none()).and_then(|first| first.cause.product());
        match self.guides.iter().find(|guide| Some(guide.product) == product) {
            None => judged,
            own => Judge { book: self.book, guide: own, values: &values }.findings(evidence),
        }
    }

    /// The cloud whose sign-in host a text names, else the worldwide one.
    fn cloud(&self, evidence: &Evidence) -> Option<&Cloud> {
        let named = |cloud: &&Cloud| {
            let mut hosts =
                cloud.authority_aliases.iter().map(String::as_str).chain(cloud.authority.split("://").nth(1));
            hosts.any(|host| evidence.said.has(host))
        };
        CloudId::ALL.into_iter().filter_map(|id| self.clouds.get(id)).find(named).or(self.clouds.get(CloudId::Global))
    }

    /// The product that a text is of, where it is another one than the profile's. Entra answers for all of them, but for
    /// the resource that it names; a host of the profile's own is its product, whatever its name says.
    pub fn other_product(&self, evidence: &Evidence, beside: Beside<'_>) -> Option<&'static str> {
        let own = self.guide(beside.draft)?.product;
        let named = |name: &str| evidence.named.get(name).and_then(|value| evidence::host_of(value));
        let host = match evidence.origin? {
            Origin::Local => return None,
            Origin::Entra => named("resource"),
            _ => named("host"),
        };
        let origin = match evidence.origin? {
            Origin::Entra => evidence::origin_of(host.as_deref()?).filter(|origin| *origin != Origin::Entra)?,
            origin => origin,
        };
        let own_host = evidence::host_of(beside.draft.value(FieldId::ResourceUrl));
        let is_own = own_host.is_some() && own_host == host;
        (origin != Origin::of(own) && !is_own).then(|| origin.name())
    }

    fn guide(&self, draft: &ProfileDraft) -> Option<&Guide> {
        self.guides.iter().find(|guide| guide.id == draft.guide)
    }
}
