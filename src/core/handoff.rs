//! The steps that are still open for one person, as a text to send them.
//!
//! Judges by the values that are there and by the last test. Does not know how either is kept, and holds no secret.

use crate::core::check::Status;
use crate::core::guide::{Actor, Guide, Listing, Step};
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
        (Some((Status::Failed | Status::Unknown | Status::Skipped, _)) | None, _) => {
            !step.optional && !is_seen(step, guide, draft)
        }
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
pub fn whom(role: Actor) -> &'static str {
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
    let collected = |field: &FieldId| open.iter().any(|step| step.collects.contains(field));
    let known: Vec<(&str, Option<String>)> = [
        (FieldId::ClientId, "client_id"),
        (FieldId::TenantId, "tenant_id"),
        (FieldId::ResourceUrl, "resource_url"),
        (FieldId::Environment, "environment"),
        (FieldId::Company, "company"),
        (FieldId::UserId, "user_id"),
        (FieldId::Permissions, "permissions"),
        (FieldId::RedirectUri, "redirect_uri"),
        (FieldId::SignIn, "sign_in"),
    ]
    .into_iter()
    .filter(|(field, _)| guide.takes(*field))
    // What a step wants and nobody has noted yet follows, unless these very steps bring it about.
    .map(|(field, hole)| (field, values(hole)))
    .filter(|(field, value)| value.is_some() || guide.needs().contains(field) && !collected(field))
    .map(|(field, value)| (guide.label(field), value))
    .collect();
    let _ = writeln!(out, "\nPlease do the steps below in their order, and send back what stands at the end.");
    if !known.is_empty() {
        let _ = writeln!(out, "\n## What it is about\n");
        for (label, value) in &known {
            let value = value.as_ref().map_or("not there yet: it follows".into(), |value| code(value));
            let _ = writeln!(out, "- {}: {value}", plain(label));
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
        if step.lists.contains(&Listing::Permissions) && !guide.permissions.is_empty() {
            let _ = writeln!(out, "\nPermissions:\n");
            for permission in &guide.permissions {
                let _ = writeln!(
                    out,
                    "- {} ({}). {}",
                    code(&permission.name),
                    plain(&permission.heading()),
                    plain(&permission.why)
                );
            }
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
        // How the test signs in is chosen by whoever tests.
        if *field != FieldId::SignIn && !back.contains(field) {
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

/// A text in which nothing is a sign of Markdown or HTML. What is harmless where it stands is left as it is: the text is
/// read as plain text, too.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut signs = text.chars().peekable();
    while let Some(c) = signs.next() {
        let inside = |next: Option<&char>| before.is_alphanumeric() && next.is_some_and(|c| c.is_alphanumeric());
        match c {
            '\\' | '`' | '*' | '<' | '[' | ']' | '~' => out.extend(['\\', c]),
            '_' if !inside(signs.peek()) => out.extend(['\\', c]),
            '#' | '>' | '+' | '-' if out.is_empty() => out.extend(['\\', c]),
            '&' if signs.peek().is_some_and(|c| c.is_alphanumeric() || *c == '#') => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        before = c;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::SecretSource;

    fn guide() -> Guide {
        let step = |id: &str, actor: &str, collects: &str| {
            format!(
                "[[step]]\nid = '{id}'\ntitle = 'T {id}'\nshort = 's'\nactor = '{actor}'\nwho = 'An_admin of {{environment}}'\nwhere = 'w'\ncollects = [{collects}]\ndone = 'd'\nlinks = ['https://x.test/{{client_id}}']\n"
            )
        };
        let steps = [
            step("register-app", "entra-admin", "'client_id', 'tenant_id'"),
            step("client-secret", "entra-admin", "'secret', 'credential.expires'"),
            step("permissions", "entra-admin", ""),
            step("register-in-d365", "d365-admin", "'d365.user_id'"),
            step("test", "operator", ""),
        ];
        let head = "id = 'g'\ntitle = 'G'\nshort = 'g'\nsummary = 'S.'\nplace = 1\nproduct = 'finance-operations'\nsign_in = ['app']\nrequired = ['resource_url']\noptional = ['d365.user_id', 'd365.environment']\nreads = []\n";
        toml::from_str(&format!("{head}{}", steps.concat())).unwrap()
    }

    fn ids(role: Actor, draft: &ProfileDraft, last: Option<(Status, Option<Cause>)>) -> Vec<String> {
        let step_of = |cause: Cause| match cause {
            Cause::SecretExpired => "client-secret".to_owned(),
            Cause::ConsentMissing => "permissions".into(),
            Cause::D365NotRegistered => "register-in-d365".into(),
            _ => "test".into(),
        };
        let guide = guide();
        open_steps(&guide, role, draft, last, step_of).iter().map(|step| step.id.clone()).collect()
    }

    #[test]
    fn what_is_open() {
        let empty = ProfileDraft::new("g");
        let mut full = empty.clone();
        full.set(FieldId::ClientId, "66666666-7777-4888-9999-aaaaaaaaaaaa");
        full.set(FieldId::TenantId, "contoso.com");
        full.set(FieldId::UserId, "svc");
        full.source = Some(SecretSource::Env { var: "S".into() }.into());
        use Actor::{D365Admin, EntraAdmin};
        let failed = |cause| Some((Status::Failed, Some(cause)));
        for (role, draft, last, open) in [
            // Never tested: what the values do not show.
            (EntraAdmin, &empty, None, &["register-app", "client-secret", "permissions"][..]),
            (EntraAdmin, &full, None, &["permissions"]),
            (D365Admin, &empty, None, &["register-in-d365"]),
            (D365Admin, &full, None, &["register-in-d365"]),
            // Passed: nothing.
            (EntraAdmin, &empty, Some((Status::Passed, None)), &[]),
            (D365Admin, &full, Some((Status::Passed, None)), &[]),
            // The secret ends soon: its step, nothing else.
            (EntraAdmin, &full, Some((Status::Warning, Some(Cause::SecretExpired))), &["client-secret"]),
            (D365Admin, &full, Some((Status::Warning, Some(Cause::SecretExpired))), &[]),
            // Failed: the step of the cause, and nothing of what comes before it.
            (EntraAdmin, &full, failed(Cause::SecretExpired), &["client-secret", "permissions"]),
            (EntraAdmin, &full, failed(Cause::ConsentMissing), &["permissions"]),
            (D365Admin, &full, failed(Cause::ConsentMissing), &["register-in-d365"]),
            (EntraAdmin, &empty, failed(Cause::D365NotRegistered), &[]),
            (D365Admin, &full, failed(Cause::D365NotRegistered), &["register-in-d365"]),
            // What is nobody's step proves nothing.
            (EntraAdmin, &full, failed(Cause::TokenAudience), &["permissions"]),
            (EntraAdmin, &full, Some((Status::Unknown, Some(Cause::Dns))), &["permissions"]),
        ] {
            assert_eq!(ids(role, draft, last), open, "{role:?}, {last:?}");
        }
    }

    #[test]
    fn what_needs_nothing_is_not_asked_for_unless_a_test_says_so() {
        let mut guide = guide();
        guide.steps[2].optional = true;
        let mut draft = ProfileDraft::new("g");
        draft.set(FieldId::ClientId, "66666666-7777-4888-9999-aaaaaaaaaaaa");
        let open = |cause: Option<Cause>| {
            let last = cause.map(|cause| (Status::Failed, Some(cause)));
            let steps = open_steps(&guide, Actor::EntraAdmin, &draft, last, |_| "permissions".into());
            steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(open(None), ["register-app", "client-secret"]);
        assert_eq!(open(Some(Cause::ConsentMissing)), ["permissions"]);
    }

    #[test]
    fn an_id_that_is_not_there_yet_follows() {
        let guide = guide();
        let text = |role| {
            let steps: Vec<&Step> = guide.steps.iter().filter(|step| step.actor == role).collect();
            markdown(&guide, role, "one", &|_| None, &steps)
        };
        let follows = |text: &str| text.lines().filter(|line| line.ends_with(": not there yet: it follows")).count();
        let to_d365 = text(Actor::D365Admin);
        assert_eq!(follows(&to_d365), 3, "client id, tenant id, URL: {to_d365}");
        assert!(to_d365.contains("- Application (client) ID: not there yet"), "{to_d365}");
        let to_entra = text(Actor::EntraAdmin);
        assert_eq!(follows(&to_entra), 1, "the ids are made there: {to_entra}");
    }

    #[test]
    fn values_are_no_markdown() {
        let guide = guide();
        let odd = "a`b* <i>_x_ [l](u) & &amp;";
        let values = |name: &str| (name == "environment" || name == "client_id").then(|| odd.to_owned());
        let steps: Vec<&Step> = guide.steps.iter().collect();
        let text = markdown(&guide, Actor::EntraAdmin, "one", &values, &steps);
        assert!(text.contains("An_admin of a\\`b\\* \\<i>\\_x\\_ \\[l\\](u) & &amp;amp;"), "{text}");
        assert!(text.contains(&format!(": `` {odd} ``")), "{text}");
        assert!(text.contains("password manager") && !text.contains("{client_id}"), "{text}");
        let text = markdown(&guide, Actor::D365Admin, "one", &values, &[]);
        assert!(text.contains("Nothing is open"), "{text}");
    }

    #[test]
    fn a_step_has_its_lists_and_what_comes_back_is_asked_for_once() {
        for text in [
            include_str!("../../assets/guides/office365.toml"),
            include_str!("../../assets/guides/business-central.toml"),
            include_str!("../../assets/guides/fno-delegated.toml"),
        ] {
            let mut guide: Guide = toml::from_str(text).unwrap();
            let written = |guide: &Guide| {
                let steps: Vec<&Step> = guide.steps.iter().collect();
                markdown(guide, Actor::EntraAdmin, "one", &|_| None, &steps)
            };
            let text = written(&guide);
            let parts = |head: &str| text.lines().filter(|line| *line == head).count();
            let with_list = guide.steps.iter().filter(|step| step.lists.contains(&Listing::Permissions)).count();
            let with_watch = guide.steps.iter().filter(|step| !step.watch.is_empty()).count();
            assert!(with_list > 0 && with_list < guide.steps.len(), "{}", guide.id);
            assert_eq!((parts("Permissions:"), parts("Watch:")), (with_list, with_watch), "{}: {text}", guide.id);
            let back: Vec<&str> = text.split("## What to send back").nth(1).unwrap().trim().lines().collect();
            for (at, line) in back.iter().enumerate() {
                assert!(!back[..at].contains(line), "twice in {}: {line}", guide.id);
                assert!(!line.contains(guide.label(FieldId::SignIn)), "{}: {line}", guide.id);
            }
            guide.permissions.clear();
            for step in &mut guide.steps {
                step.watch.clear();
            }
            let text = written(&guide);
            assert!(!text.contains("\nPermissions:") && !text.contains("\nWatch:"), "{text}");
        }
    }

    #[test]
    fn signs_are_marked_only_where_they_would_act() {
        for (text, written) in [
            ("# 2 of the plan", "\\# 2 of the plan"),
            ("> quoted", "\\> quoted"),
            ("- and + more", "\\- and + more"),
            ("+1", "\\+1"),
            ("a - b > c #3", "a - b > c #3"),
            ("snake_case _it_", "snake_case \\_it\\_"),
            ("one\n# two\tthree\u{1b}", "one # two three "),
        ] {
            assert_eq!(plain(text), written, "{text:?}");
        }
    }
}
