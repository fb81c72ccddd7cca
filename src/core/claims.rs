//! A look at a token's payload.
//!
//! A token is opaque to its client: claims explain, and may tell a certain refusal early, but never make a pass
//! (safety rule 11). Signatures are not checked here; the service does that.

use crate::core::evidence::Mark;
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
            issuer: text("iss"),
            expires: number("exp"),
            not_before: number("nbf"),
        })
    }

    /// What makes a refusal by Finance & Operations certain. `now` in seconds since 1970. Facts 4.2.
    pub fn refusals(&self, profile: &Profile, now: i64) -> Vec<Mark> {
        let mut marks = Vec::new();
        if self.audience.as_deref().is_some_and(|audience| audience != profile.resource.as_str()) {
            marks.push(Mark::AudienceDiffers);
        }
        if let (TenantId::Guid(wanted), Some(had)) = (&profile.tenant, self.tenant.as_deref().and_then(parse_guid))
            && had != *wanted
        {
            marks.push(Mark::TenantDiffers);
        }
        if self.object_id.is_none() {
            marks.push(Mark::ObjectIdMissing);
        }
        let expired = self.expires.is_some_and(|end| end.saturating_add(CLOCK_TOLERANCE) < now);
        let early = self.not_before.is_some_and(|start| start.saturating_sub(CLOCK_TOLERANCE) > now);
        if expired || early {
            marks.push(Mark::ClockDiffers);
        }
        marks
    }
}
