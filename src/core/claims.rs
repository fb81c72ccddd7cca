//! A look at a token's payload.
//!
//! A token is opaque to its client: claims explain, and may tell a certain refusal early, but never make a pass
//! (safety rule 11). Signatures are not checked here; the service does that.

use crate::core::evidence::{Evidence, Mark, Origin, host_of, origin_of};
use crate::core::guide::{Product, SignIn};
use crate::core::names::{TenantId, parse_guid};
use crate::core::profile::Profile;
use crate::core::resource::ResourceUrl;
use crate::core::secret::Scrubber;
use crate::core::untrusted::Untrusted;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Clock difference that is no fault, seconds. Entra itself allows five minutes.
pub const CLOCK_TOLERANCE: i64 = 300;

/// The claims that matter here. Facts 1.4.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// `aud`: what the token is for.
    pub audience: Option<String>,
    /// `tid`: the tenant that issued it.
    pub tenant: Option<String>,
    /// `oid`: the service principal.
    pub object_id: Option<String>,
    /// `appid` or `azp`: the app.
    pub app: Option<String>,
    /// `roles`: application permissions.
    pub roles: Vec<String>,
    /// `scp`: delegated permissions, in tokens of a user.
    pub scopes: Vec<String>,
    /// `upn`, `preferred_username` or `unique_name`: the user, in tokens of one.
    pub user: Option<String>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `exp`, seconds since 1970.
    pub expires: Option<i64>,
    /// `nbf`, seconds since 1970.
    pub not_before: Option<i64>,
    /// `appidacr` or `azpacr`: how the app proved itself.
    pub proof: Option<String>,
    /// `kid` of the header: the key with which the token is signed.
    pub key_id: Option<String>,
}

/// One claim of a token beside what its target needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which claim: `aud`, `tid`, `roles`…
    pub claim: &'static str,
    /// What the token says, harmless; `none` where it says nothing.
    pub found: String,
    /// What the target needs; empty where it does not ask for it, or nobody said what the target is.
    pub needed: String,
    /// Whether the two fit; none where nothing is needed, or this cannot be told.
    pub fits: Option<bool>,
}

impl Claims {
    /// Reads the payload of a JWT. `None` for an opaque token.
    pub fn read(token: &str) -> Option<Claims> {
        let mut parts = token.split('.');
        let (header, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let read = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
        };
        let Value::Object(all) = read(payload)? else { return None };
        let key_id = read(header).and_then(|header| Some(header.get("kid")?.as_str()?.to_owned()));
        Some(Claims { key_id, ..Claims::of(&all) })
    }

    /// The same without any known secret: a sign-in host may repeat what it was sent.
    #[must_use]
    pub fn scrubbed(mut self, scrubber: &Scrubber) -> Claims {
        let one = [
            &mut self.audience,
            &mut self.tenant,
            &mut self.object_id,
            &mut self.app,
            &mut self.user,
            &mut self.issuer,
            &mut self.proof,
            &mut self.key_id,
        ];
        let all = one.into_iter().flatten().chain(&mut self.roles).chain(&mut self.scopes);
        all.for_each(|text| *text = scrubber.scrub(text));
        self
    }

    /// The claims of a payload that was decoded.
    pub fn of(all: &Map<String, Value>) -> Claims {
        let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
        // v1 answers send numbers as strings in places; both are read (facts 1.1).
        let number = |name: &str| all.get(name).and_then(|v| v.as_i64().or_else(|| v.as_str()?.parse().ok()));
        Claims {
            audience: text("aud"),
            tenant: text("tid"),
            object_id: text("oid"),
            app: text("appid").or_else(|| text("azp")),
            roles: all
                .get("roles")
                .and_then(Value::as_array)
                .map(|roles| roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
            scopes: text("scp").map(|all| all.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
            user: text("upn").or_else(|| text("preferred_username")).or_else(|| text("unique_name")),
            issuer: text("iss"),
            expires: number("exp"),
            not_before: number("nbf"),
            proof: text("appidacr").or_else(|| text("azpacr")),
            key_id: None,
        }
    }

    /// The claims that matter beside what the profile needs, for people; without a profile, just the claims. `now` in
    /// seconds since 1970. A row that does not fit need not be a reason for a refusal: [`Claims::refusals`] tells those.
    pub fn rows(&self, profile: Option<&Profile>, now: i64) -> Vec<Row> {
        let row = |claim, found: Option<&str>, needed: String, fits: Option<bool>| {
            let found = found.filter(|found| !found.trim().is_empty()).unwrap_or("none");
            Row { claim, found: Untrusted::plain(found).one_line(200), needed, fits }
        };
        let guid = |text: &Option<String>| text.as_deref().and_then(parse_guid);
        let target = |needed: fn(&Profile) -> String| profile.map(needed).unwrap_or_default();
        let mut rows = Vec::new();

        let audience = |audience: &str| profile.map(|profile| is_audience(audience, profile));
        let needed = target(|profile| match profile.product {
            Product::FinanceOperations => profile.resource.to_string(),
            product => format!("{} or {}", profile.resource, product.app_id()),
        });
        rows.push(row("aud", self.audience.as_deref(), needed, audience(self.audience.as_deref().unwrap_or_default())));

        // Of a tenant that is given by a domain the id is not known here.
        let wanted = profile.and_then(|profile| profile.tenant.guid());
        let fits = wanted.map(|wanted| guid(&self.tenant) == Some(wanted));
        rows.push(row("tid", self.tenant.as_deref(), target(|profile| profile.tenant.to_string()), fits));

        if self.is_of_two_tenants() {
            let needed = format!("the tenant of tid, {}", self.tenant.as_deref().unwrap_or_default());
            let needed = Untrusted::plain(&needed).one_line(200);
            rows.push(row("iss", self.issuer.as_deref(), needed, Some(false)));
        }

        let fits = profile.map(|profile| guid(&self.app) == Some(profile.client.uuid()));
        rows.push(row("appid", self.app.as_deref(), target(|profile| profile.client.to_string()), fits));

        let is_needed = profile.is_some_and(|profile| profile.product == Product::FinanceOperations);
        let needed = if is_needed { "any: the app's entry in the tenant".into() } else { String::new() };
        rows.push(row("oid", self.object_id.as_deref(), needed, is_needed.then_some(self.object_id.is_some())));

        let wants_user = profile.map(|profile| profile.sign_in.is_user());
        let is_user = self.is_user();
        if is_user || wants_user == Some(true) {
            let user = self.user.as_deref().or(is_user.then_some("a person who is not named"));
            let needed = match wants_user {
                Some(true) => "a person",
                Some(false) => "nobody: the app signs in by itself",
                None => "",
            };
            rows.push(row("upn", user, needed.into(), wants_user.map(|wanted| wanted == is_user)));
        }

        let (claim, had) = if is_user || wants_user == Some(true) {
            ("scp", self.scopes.join(", "))
        } else {
            ("roles", self.roles.join(", "))
        };
        let chosen = target(|profile| profile.permissions.join(", "));
        let needed = match profile {
            Some(_) if !chosen.is_empty() => chosen,
            Some(profile) if profile.product.wants_roles() => "at least one permission".into(),
            _ => String::new(),
        };
        let lacks = |profile: &Profile| {
            self.granted(profile.sign_in).is_empty() && profile.product.wants_roles()
                || !self.lacking(profile).is_empty()
        };
        let fits = profile.filter(|_| !needed.is_empty()).map(|profile| !lacks(profile));
        rows.push(row(claim, Some(&had), needed, fits));

        let proof = self.proof.as_deref().map(|proof| match proof {
            "0" => "0: nothing, a public client",
            "1" => "1: a secret",
            "2" => "2: a certificate",
            other => other,
        });
        rows.extend(proof.map(|proof| row("appidacr", Some(proof), String::new(), None)));

        let time = |seconds: i64| jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string());
        for (claim, seconds, needed, fits) in [
            ("nbf", self.not_before, "not later than now", !self.is_early(now)),
            ("exp", self.expires, "later than now", !self.is_over(now)),
        ] {
            rows.extend(seconds.map(|at| row(claim, time(at).as_deref(), needed.into(), Some(fits))));
        }
        rows
    }

    /// Whether the token acts for a person. Facts 1.4.
    pub fn is_user(&self) -> bool {
        self.user.is_some() || !self.scopes.is_empty()
    }

    /// Whether it has run out.
    pub fn is_over(&self, now: i64) -> bool {
        self.expires.is_some_and(|end| end.saturating_add(CLOCK_TOLERANCE) < now)
    }

    /// Whether its time has not come.
    fn is_early(&self, now: i64) -> bool {
        self.not_before.is_some_and(|start| start.saturating_sub(CLOCK_TOLERANCE) > now)
    }

    /// The product that it is for: by the product's application id, or by a host of the product's.
    pub fn product(&self) -> Option<Product> {
        const ALL: [Product; 3] = [Product::FinanceOperations, Product::BusinessCentral, Product::Graph];
        let audience = self.audience.as_deref()?;
        match parse_guid(audience) {
            Some(id) => ALL.into_iter().find(|product| product.app_id() == id),
            None => origin_of(&host_of(audience)?)?.product(),
        }
    }

    /// Whether it was issued by another tenant than the one it is of: both v1 and v2 issuers name it (facts 1.4).
    fn is_of_two_tenants(&self) -> bool {
        let issuer = self.issuer.as_deref().unwrap_or_default().split('/').find_map(parse_guid);
        let tenant = self.tenant.as_deref().and_then(parse_guid);
        issuer.is_some() && tenant.is_some() && issuer != tenant
    }

    /// As [`Claims::refusals`], of a token that somebody pasted, beside a profile or alone. That it has run out since is
    /// told apart, one that acts for a person has no application permissions, and one for another product than the
    /// profile's has nothing that this product wants.
    pub fn refusals_of_pasted(&self, profile: Option<&Profile>, now: i64) -> Vec<Mark> {
        let mut marks = match profile {
            Some(profile) => {
                let mut marks = self.refusals(profile, now);
                let is_other_kind = self.is_user() != profile.sign_in.is_user();
                let is_elsewhere =
                    marks.contains(&Mark::AudienceDiffers) && self.product().is_some_and(|it| it != profile.product);
                marks.retain(|mark| match mark {
                    Mark::ObjectIdMissing => !is_elsewhere,
                    Mark::RolesMissing | Mark::RoleMissing => !is_elsewhere && !is_other_kind,
                    _ => true,
                });
                marks.extend(is_elsewhere.then_some(Mark::AudienceElsewhere));
                marks
            }
            None => self.refusals_alone(now),
        };
        marks.retain(|mark| *mark != Mark::ClockDiffers || self.is_early(now));
        marks.extend(self.is_of_two_tenants().then_some(Mark::IssuerDiffers));
        marks.extend(self.is_over(now).then_some(Mark::TokenOver));
        marks
    }

    /// Whether the token is for something else than what the text beside it shows as called, and refused.
    pub fn differs_from_call(&self, evidence: &Evidence) -> Option<Mark> {
        evidence.http_status.filter(|status| [401, 403].contains(status))?;
        let called = evidence.origin.filter(|origin| !matches!(origin, Origin::Entra | Origin::Local))?;
        let host = self.audience.as_deref().and_then(host_of);
        let own = host.as_deref().and_then(origin_of).or(self.product().map(Origin::of))?;
        // Where the claims stand decoded in the text, their audience is a host in it as well.
        let is_decoded = evidence.said.has("\"aud\"");
        if own != called || is_decoded && evidence.beside.as_ref().is_some_and(|call| call.origin != Some(own)) {
            return Some(Mark::AudienceElsewhere);
        }
        let called = evidence.named.get("host").and_then(|host| host_of(host));
        (own == Origin::FinanceOperations && host.is_some() && called.is_some() && host != called)
            .then_some(Mark::AudienceDiffers)
    }

    /// What makes a refusal certain, or nearly so, by the product that the token itself says it is for. Facts 1.3, 4.2.
    fn refusals_alone(&self, now: i64) -> Vec<Mark> {
        let mut marks = Vec::new();
        let audience = self.audience.as_deref().unwrap_or_default();
        match self.product() {
            Some(Product::FinanceOperations) => {
                if parse_guid(audience).is_some() {
                    marks.push(Mark::AudienceIsAppId);
                } else if ResourceUrl::parse(audience).is_ok_and(|(url, _)| url.as_str() != audience) {
                    marks.push(Mark::AudienceDiffers);
                }
                if self.object_id.is_none() {
                    marks.push(Mark::ObjectIdMissing);
                }
            }
            Some(product) if product.wants_roles() && !self.is_user() && self.roles.is_empty() => {
                marks.push(Mark::RolesMissing);
            }
            _ => {}
        }
        if self.is_early(now) {
            marks.push(Mark::ClockDiffers);
        }
        marks
    }

    /// What makes a refusal by the profile's product certain. `now` in seconds since 1970. Facts 1.3, 1.4 and 4.2.
    pub fn refusals(&self, profile: &Profile, now: i64) -> Vec<Mark> {
        let mut marks = Vec::new();
        if self.audience.as_deref().is_some_and(|audience| !is_audience(audience, profile)) {
            marks.push(Mark::AudienceDiffers);
        }
        if let (TenantId::Guid(wanted), Some(had)) = (&profile.tenant, self.tenant.as_deref().and_then(parse_guid))
            && had != *wanted
        {
            marks.push(Mark::TenantDiffers);
        }
        if self.object_id.is_none() && profile.product == Product::FinanceOperations {
            marks.push(Mark::ObjectIdMissing);
        }
        let granted = self.granted(profile.sign_in);
        if granted.is_empty() && profile.product.wants_roles() {
            marks.push(Mark::RolesMissing);
        } else if !self.lacking(profile).is_empty() {
            marks.push(Mark::RoleMissing);
        }
        if self.is_over(now) || self.is_early(now) {
            marks.push(Mark::ClockDiffers);
        }
        marks
    }

    /// The permissions that the token carries: application permissions for an app, delegated ones for a user.
    pub fn granted(&self, sign_in: SignIn) -> &[String] {
        if sign_in.is_user() { &self.scopes } else { &self.roles }
    }

    /// The chosen permissions that the token does not carry.
    pub fn lacking<'a>(&self, profile: &'a Profile) -> Vec<&'a str> {
        let granted = self.granted(profile.sign_in);
        let chosen = profile.permissions.iter().map(String::as_str);
        chosen.filter(|name| !granted.iter().any(|had| had.eq_ignore_ascii_case(name))).collect()
    }
}

/// Whether the profile's product takes a token for that audience. Finance & Operations wants its own address to the
/// letter (facts 4.2); the others are also known by their application id, which is what a v2 token carries (facts 1.4).
/// Graph's own clients ask for it with a slash at the end as often as without.
fn is_audience(audience: &str, profile: &Profile) -> bool {
    let is_id = || parse_guid(audience) == Some(profile.product.app_id());
    let bare = match profile.product {
        Product::Graph => audience.strip_suffix('/').unwrap_or(audience),
        Product::FinanceOperations | Product::BusinessCentral => audience,
    };
    bare == profile.resource.as_str() || (profile.product != Product::FinanceOperations && is_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_with_the_key_that_signed_it() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.sig",
            part("{\"kid\":\"key-1\"}"),
            part("{\"aud\":\"https://contoso.test\",\"exp\":\"12\"}")
        );
        let claims = Claims::read(&token).unwrap();
        assert_eq!(
            (claims.key_id.as_deref(), claims.audience.as_deref()),
            (Some("key-1"), Some("https://contoso.test"))
        );
        assert_eq!(claims.expires, Some(12));
        for opaque in ["", "a.b", "a.b.c", "abc", "e30.W10.x"] {
            assert_eq!(Claims::read(opaque), None, "{opaque}");
        }
    }
}
