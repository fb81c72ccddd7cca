//! A secret in an environment variable, read at each use.
//!
//! Does not know who set it.

use super::{Place, SecretTrouble};
use crate::core::secret::ClientSecret;
use std::ffi::OsString;
use std::sync::Arc;
use zeroize::Zeroizing;

pub fn read(var: &str) -> Result<Arc<ClientSecret>, SecretTrouble> {
    from_value(var, std::env::var_os(var))
}

fn from_value(var: &str, value: Option<OsString>) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let place = Place::new("environment variable", var, "set it in the environment that this program is started from");
    let value = value.ok_or_else(|| place.trouble("it is not set"))?;
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    if bytes.is_empty() {
        return Err(place.trouble("it is set, but empty"));
    }
    place.secret(&bytes)
}
