//! The steps that are still open for one person, as a text to send them.
//!
//! Judges by the values that are there and by the last test. Does not know how either is kept, and holds no secret.

use crate::core::check::Status;
use crate::core::guide::{Actor, Guide, Step};
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::rules::{Cause, Owner};
use crate::core::template::fill_or_name;
use std::fmt::Write;

/// The steps of a role that are still to be done, in the guide's order.
///
/// `last` is how the last test came out and its first cause, `cause_step` the step that mends a cause.
pub fn open_steps<'g>(
    guide: &'g Guide,
    role: Actor,
    draft: &ProfileDraft,
    last: Option<(Status, Option<Cause>)>,
    cause_step: impl Fn(Cause) -> String,
) -> Vec<&'g Step> {
    let fault = last.and_then(|(_, cause)| cause).filter(|cause| {
        // Who has a network trouble or a slip in a value knows nothing about the steps of others.
        matches!(cause.owner(), Owner::EntraAdmin | Owner::D365Admin)
    });
    let at = fault.and_then(|cause| guide.position(&cause_step(cause)));
    let is_open = |(place, step): (usize, &Step)| match (last, at) {
        (Some((Status::Passed, _)), _) => false,
        // A warning is about its own step; the connection works.
        (Some((Status::Warning, _)), at) => at == Some(place),
        // Entra and D365 look at things in the order of the guide: what comes before the fault was found right.
        (_, Some(at)) if place <= at => place == at,
        (Some((Status::Failed | Status::Unknown | Status::Skipped, _)) | None, _) => !is_seen(step, guide, draft),
    };
    let of_role = |(_, step): &(usize, &Step)| step.actor == role;
    guide.steps.iter().enumerate().filter(of_role).filter(|at| is_open(*at)).map(|(_, step)| step).collect()
}

/// Whether the values show that a step was done: all that the profile needs of what it collects is there.
fn is_seen(step: &Step, guide: &Guide, draft: &ProfileDraft) -> bool {
    let needs = guide.needs();
    let mut needed = step.collects.iter().filter(|field| needs.contains(field)).peekable();
    let is_there = |field: &FieldId| match field {
        FieldId::Secret => draft.source.is_some() || draft.foreign_credential.is_some(),
        field => !draft.value(*field).is_empty(),
    };
    needed.peek().is_some() && needed.all(is_there)
}

/// Who is meant, for people.
fn whom(role: Actor) -> &'static str {
    match role {
        Actor::EntraAdmin => "a Microsoft Entra administrator",
        Actor::D365Admin => "a Dynamics 365 administrator",
        Actor::Operator => "whoever runs the connection",
    }
}

/// The steps as Markdown, with links and ids filled in. `values` gives the values of texts with holes and never a secret.
pub fn markdown(
    guide: &Guide,
    role: Actor,
    name: &str,
    values: &dyn Fn(&str) -> Option<String>,
    open: &[&Step],
) -> String {
    // Writing to a string does not fail.
    let mut out = String::new();
    let _ = writeln!(out, "# {}: for {}\n", plain(name), whom(role));
    let _ = writeln!(out, "{} Guide: {}.", plain(&guide.summary), plain(&guide.title));
    if open.is_empty() {
        let _ = writeln!(out, "\nNothing is open here, by the values noted so far and the last test.");
        return out;
    }
    let known: Vec<(&str, String)> = [
        (FieldId::ClientId, "client_id"),
        (FieldId::TenantId, "tenant_id"),
        (FieldId::ResourceUrl, "resource_url"),
        (FieldId::Environment, "environment"),
        (FieldId::Company, "company"),
        (FieldId::UserId, "user_id"),
        (FieldId::Permissions, "permissions"),
        (FieldId::RedirectUri, "redirect_uri"),
    ]
    .into_iter()
    .filter(|(field, _)| guide.takes(*field))
    .filter_map(|(field, hole)| Some((guide.label(field), values(hole)?)))
    .collect();
    if !known.is_empty() {
        let _ = writeln!(out, "\n## What it is about\n");
        for (label, value) in &known {
            let _ = writeln!(out, "- {}: {}", plain(label), code(value));
        }
    }
    let filled = |text: &str| plain(&fill_or_name(text, values));
    for (number, step) in open.iter().enumerate() {
        let _ = writeln!(out, "\n## {}. {}\n", number + 1, plain(&step.title));
        let _ = writeln!(out, "- Who: {}", filled(&step.who));
        let _ = writeln!(out, "- Where: {}", filled(&step.place));
        if let Some(url) = step.url(values) {
            let _ = writeln!(out, "- Link: <{}>", url.replace(['<', '>', ' '], ""));
        }
        out.push('\n');
        for (number, action) in step.actions.iter().enumerate() {
            let _ = writeln!(out, "{}. {}", number + 1, filled(action));
        }
        if !step.watch.is_empty() {
            let _ = writeln!(out, "\nWatch:\n");
            for watch in &step.watch {
                let _ = writeln!(out, "- {}", filled(watch));
            }
        }
        let _ = writeln!(out, "\nDone when: {}", filled(&step.done));
    }
    let mut back: Vec<FieldId> = Vec::new();
    for field in open.iter().flat_map(|step| &step.collects) {
        if !back.contains(field) {
            back.push(*field);
        }
    }
    let _ = writeln!(out, "\n## What to send back\n");
    for field in &back {
        let label = plain(guide.label(*field));
        let _ = match field {
            FieldId::Secret => writeln!(
                out,
                "- {label}: only over a way that is meant for secrets, such as a password manager or a vault. Not by e-mail, chat or ticket."
            ),
            field => writeln!(out, "- {label}: {}", plain(guide.help(*field))),
        };
    }
    let _ = writeln!(out, "- A word that it is done{}.", if back.is_empty() { "" } else { ", with the values above" });
    out
}

/// A text in which nothing is a sign of Markdown or HTML.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '<' | '>' | '|' | '#' | '[' | ']' | '~' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A value as code, in a fence longer than any inside it.
fn code(value: &str) -> String {
    let longest = value.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{value}{pad}{fence}")
}
