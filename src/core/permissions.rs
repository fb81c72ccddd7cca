//! Permissions of a guide beside those of a token: which are needed, asked for, granted, missing, or without effect.
//!
//! Claims explain; whether a service admits the token is the service's word (safety rule 11). Does not know how the
//! token came.

use crate::core::check::Details;
use crate::core::claims::Claims;
use crate::core::guide::{Guide, Need, PermissionKind, SignIn};
use crate::core::profile::Profile;
use serde::{Deserialize, Serialize};

/// How a permission stands in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is needed or was chosen, and the token carries it.
    Granted,
    /// It is needed or was chosen, and the token does not carry it.
    Missing,
    /// The token carries it, and nothing of this guide needs it.
    More,
    /// Vendors ask for it; the token does not carry it.
    NotGranted,
    /// It has no effect on this sign-in, whether granted or not.
    NoEffect,
    /// It belongs to an API that is switched off.
    Retired,
}

impl Standing {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Standing::Granted => "granted",
            Standing::Missing => "missing",
            Standing::More => "granted, and more than is needed",
            Standing::NotGranted => "not granted",
            Standing::NoEffect => "no effect here",
            Standing::Retired => "retired",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The permission's value: `API.ReadWrite.All`.
    pub name: String,
    /// Delegated or application.
    pub kind: PermissionKind,
    /// The truth about it, where the guide knows it.
    pub need: Option<Need>,
    /// Whether the operator chose it for this connection.
    pub chosen: bool,
    /// How it stands.
    pub standing: Standing,
}

impl Line {
    /// The line for people: `User.Read.All (application): granted, needed`.
    pub fn text(&self) -> String {
        let need = match self.need {
            _ if self.chosen => ", chosen",
            _ if self.standing == Standing::NoEffect => "",
            Some(Need::Needed) => ", needed",
            Some(Need::AskedFor) => ", asked for by vendors",
            Some(Need::Harmless | Need::Retired) | None => "",
        };
        format!("{} ({}): {}{need}", self.name, self.kind.label(), self.standing.label())
    }

    /// Whether it is told without being asked for: what is granted, missing or too much. The rest is in the details.
    pub fn is_told(&self) -> bool {
        matches!(self.standing, Standing::Granted | Standing::Missing | Standing::More)
    }

    /// Reads the table out of the details of the check `claims`; what is not there is empty.
    pub fn of(details: &Details) -> Vec<Line> {
        let table = details.get("permissions").cloned().unwrap_or_default();
        serde_json::from_value(table).unwrap_or_default()
    }
}

/// Scopes that every sign-in of a user brings along.
const OF_SIGN_IN: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The table for a token: the guide's permissions in its order, then what was chosen besides, then what the token carries
/// besides.
pub fn table(guide: &Guide, profile: &Profile, claims: &Claims) -> Vec<Line> {
    let granted = claims.granted(profile.sign_in);
    let has = |name: &str| granted.iter().any(|had| had.eq_ignore_ascii_case(name));
    let chose = |name: &str| profile.permissions.iter().any(|chosen| chosen.eq_ignore_ascii_case(name));
    let fitting = kind_of(profile.sign_in);
    let mut lines: Vec<Line> = Vec::new();
    // A token is for one API: permissions of others cannot be in it. Retired ones stay, for what takes their place.
    let api = profile.product.api();
    for known in guide.permissions.iter().filter(|known| known.api == api || known.need == Need::Retired) {
        let chosen = chose(&known.name) && known.kind == fitting && known.need != Need::Retired;
        let standing = match (known.need, known.kind == fitting) {
            (Need::Retired, _) => Standing::Retired,
            (_, false) => Standing::NoEffect,
            _ if has(&known.name) && (chosen || known.need == Need::Needed) => Standing::Granted,
            _ if has(&known.name) => Standing::More,
            _ if chosen => Standing::Missing,
            // Chosen ones take the place of those that the guide thinks of.
            (Need::Needed, _) if profile.permissions.is_empty() => Standing::Missing,
            (Need::Harmless, _) => Standing::NoEffect,
            _ => Standing::NotGranted,
        };
        lines.push(Line { name: known.name.clone(), kind: known.kind, need: Some(known.need), chosen, standing });
    }
    let line =
        |name: &String, chosen, standing| Line { name: name.clone(), kind: fitting, need: None, chosen, standing };
    let is_new = |lines: &[Line], name: &str| {
        !lines.iter().any(|line| {
            line.name.eq_ignore_ascii_case(name) && line.kind == fitting && line.standing != Standing::Retired
        })
    };
    for name in &profile.permissions {
        if is_new(&lines, name) {
            lines.push(line(name, true, if has(name) { Standing::Granted } else { Standing::Missing }));
        }
    }
    for name in granted {
        if is_new(&lines, name) && !OF_SIGN_IN.contains(&name.as_str()) {
            lines.push(line(name, false, Standing::More));
        }
    }
    lines
}

/// The kind of permission that counts for a way to sign in. Facts 1.3.
pub fn kind_of(sign_in: SignIn) -> PermissionKind {
    if sign_in.is_user() { PermissionKind::Delegated } else { PermissionKind::Application }
}
