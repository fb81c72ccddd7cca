//! A secret in a file of its own, read at each use.
//!
//! Does not know who wrote it.

use super::{Place, SecretTrouble};
use crate::core::secret::ClientSecret;
use crate::store::{StoreError, files};
use std::sync::Arc;
use zeroize::Zeroizing;

pub fn read(path: &str) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let place = Place::new("file", path, "it should hold the secret and nothing else, readable for you alone");
    // Links are followed, also to files of other users: that is how orchestrators mount secrets.
    place.secret(&bytes(path, &place)?)
}

/// What a file holds.
pub fn bytes(path: &str, place: &Place) -> Result<Zeroizing<Vec<u8>>, SecretTrouble> {
    files::read_whole(&files::expanded(path)).map_err(|error| match error {
        StoreError::Io { what, .. } => place.trouble(what.as_str()),
        StoreError::Damaged { what, .. } => place.trouble(&what),
        other => place.trouble(&other.to_string()),
    })
}
