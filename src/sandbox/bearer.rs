//! Who calls a product: what a bearer token of this tenant says.
//!
//! Knows claims. Does not know which audience or permission a product wants.

use crate::core::names::parse_guid;
use crate::sandbox::tenant::TENANT_ID;
use crate::sandbox::{Request, Shared};
use serde_json::Value;
use uuid::Uuid;

/// Seconds that clocks may differ.
pub(super) const CLOCK: i64 = 300;

/// A token that this tenant signed, within its time.
#[derive(Debug)]
pub(super) struct Bearer {
    pub(super) caller: Caller,
    pub(super) audience: String,
    /// Application permissions of an app, delegated ones of a user.
    pub(super) permissions: Vec<String>,
}

/// For whom a token speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// An app by itself.
    App(Uuid),
    /// A user who signed in.
    User(String),
}

impl Bearer {
    /// The token that a request brings, if it is a good one.
    pub(super) async fn of(sandbox: &Shared, request: &Request) -> Option<Bearer> {
        let token = request.header("authorization")?.strip_prefix("Bearer ")?;
        Bearer::read(&sandbox.key().await?.verify(token)?)
    }

    /// Reads claims: they have to be of this tenant, in time, and name a service principal or a user (facts 4.2).
    pub(super) fn read(claims: &Value) -> Option<Bearer> {
        let now = jiff::Timestamp::now().as_second();
        let in_time = claims["exp"].as_i64()? + CLOCK > now && claims["nbf"].as_i64()? - CLOCK < now;
        let here = claims["tid"].as_str().and_then(parse_guid)? == TENANT_ID;
        if !in_time || !here || !claims["oid"].is_string() {
            return None;
        }
        let (caller, permissions) = match (claims["upn"].as_str(), claims["scp"].as_str()) {
            (Some(name), Some(scopes)) => {
                (Caller::User(name.to_owned()), scopes.split(' ').map(str::to_owned).collect())
            }
            _ => {
                let roles = claims["roles"].as_array().into_iter().flatten();
                let app = claims["appid"].as_str().and_then(parse_guid)?;
                (Caller::App(app), roles.filter_map(|role| role.as_str().map(str::to_owned)).collect())
            }
        };
        Some(Bearer { caller, audience: claims["aud"].as_str()?.to_owned(), permissions })
    }
}
