//! A look at a token's payload.
//!
//! A token is opaque to its client: claims explain, and may tell a certain refusal early, but never make a pass
//! (safety rule 11). Signatures are not checked here; the service does that.

use crate::core::evidence::Mark;
use crate::core::guide::{Product, SignIn};
use crate::core::names::{TenantId, parse_guid};
use crate::core::profile::Profile;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

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
}

impl Claims {
    /// Reads the payload of a JWT. `None` for an opaque token.
    pub fn read(token: &str) -> Option<Claims> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let Value::Object(all) = serde_json::from_slice(&bytes).ok()? else { return None };
        let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
        // v1 answers send numbers as strings in places; both are read (facts 1.1).
        let number = |name: &str| all.get(name).and_then(|v| v.as_i64().or_else(|| v.as_str()?.parse().ok()));
        Some(Claims {
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
        })
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
        let expired = self.expires.is_some_and(|end| end.saturating_add(CLOCK_TOLERANCE) < now);
        let early = self.not_before.is_some_and(|start| start.saturating_sub(CLOCK_TOLERANCE) > now);
        if expired || early {
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
fn is_audience(audience: &str, profile: &Profile) -> bool {
    let is_id = || parse_guid(audience) == Some(profile.product.app_id());
    audience == profile.resource.as_str() || (profile.product != Product::FinanceOperations && is_id())
}
