//! The two checks that need no network: the values, and the end date.
//!
//! Does not know how a value was typed; the profile is well formed already.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::cloud::HostKind;
use crate::core::credential::{Credential, Unusable};
use crate::core::evidence::{Evidence, Mark};
use crate::core::expiry;
use crate::core::guide::{Product, SignIn};
use crate::core::profile::CredentialSource;
use crate::core::question::{self, Context, FieldId, Weight};
use crate::core::secret::SecretShape;
use crate::core::untrusted::Untrusted;
use crate::net::RunRequest;
use crate::net::session::refused;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// A hint as a sentence among others.
fn sentence(hint: &str) -> String {
    let mut letters = hint.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

/// Whether the values fit together. Advice goes into `details.notes` and changes nothing.
pub(super) fn inputs(request: &RunRequest) -> CheckResult {
    let profile = &request.profile;
    let mut evidence = Vec::new();
    let mut notes = Vec::new();
    let is_certificate = matches!(profile.source, CredentialSource::Certificate(_));
    match &request.credential {
        Err(unusable) => {
            let (mark, why, hint) = match unusable {
                Unusable::Unread { why, hint } => (Mark::SecretUnreadable, why.clone(), hint),
                Unusable::Unfit { fault, hint } => (fault.mark(), Untrusted::plain(&fault.to_string()), hint),
            };
            let kind = is_certificate.then_some(Mark::Certificate);
            let unread = Evidence::local(CheckId::Inputs, [Some(mark), kind].into_iter().flatten());
            let unread = unread.naming("store", &profile.source.to_string()).naming("reason", &why.one_line(200));
            let unread = unread.naming("remedy", &sentence(hint));
            evidence.push(Evidence { text: why, ..unread });
        }
        Ok(Credential::Certificate(_)) => {}
        Ok(Credential::Secret(secret)) if secret.shape() == SecretShape::Placeholder => {
            evidence.push(Evidence::local(CheckId::Inputs, [Mark::Placeholder]).naming("field", "the client secret"));
        }
        Ok(Credential::Secret(secret)) => {
            let remarks = question::examine_secret(secret.shape(), None);
            notes.extend(remarks.into_iter().filter(|note| note.weight >= Weight::Hint).map(|note| note.text));
        }
    }
    let kind = request.clouds.kind(profile.resource.host());
    if is_other_product(kind, profile.product) {
        evidence.push(
            Evidence::local(CheckId::Inputs, [Mark::OtherProduct])
                .naming("host", profile.resource.host())
                .naming("product", kind.name()),
        );
    }
    // Safety rule 14.
    let authority = profile.authority.host();
    if profile.sign_in == SignIn::DeviceCode && request.clouds.kind(authority) == HostKind::Odd {
        evidence.push(Evidence::local(CheckId::Inputs, [Mark::DeviceCodeElsewhere]).naming("host", authority));
    }
    if !evidence.is_empty() {
        let summary = match &request.credential {
            Err(Unusable::Unread { .. }) if is_certificate => {
                "the certificate or its password could not be read".into()
            }
            Err(Unusable::Unread { .. }) => "the secret could not be read".into(),
            Err(Unusable::Unfit { fault, .. }) => format!("the certificate cannot be used: {fault}"),
            Ok(_) => "a value does not fit".into(),
        };
        return CheckResult::Refused { summary, details: noted(notes), evidence };
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let value = |field| match field {
        FieldId::Cloud => profile.cloud.to_string(),
        FieldId::TenantId => profile.tenant.to_string(),
        FieldId::ClientId => profile.client.to_string(),
        FieldId::SignIn => profile.sign_in.to_string(),
        FieldId::RedirectUri => text(&profile.redirect_uri),
        FieldId::ResourceUrl => profile.resource.to_string(),
        FieldId::Environment => text(&profile.environment),
        FieldId::UserId => text(&profile.user_id),
        FieldId::Company => text(&profile.company),
        FieldId::Permissions => profile.permissions.join(", "),
        FieldId::AuthorityUrl if !profile.authority_is_own => profile.authority.to_string(),
        FieldId::Secret
        | FieldId::Expires
        | FieldId::Entities
        | FieldId::AuthorityUrl
        | FieldId::GraphUrl
        | FieldId::CaCertificate => String::new(),
    };
    let context = Context { guide: request.guide, clouds: request.clouds, other: &value, today: request.today };
    for field in FieldId::ALL {
        let remarks = question::examine(field, &value(field), &context);
        notes.extend(
            remarks
                .into_iter()
                .filter(|note| note.weight >= Weight::Hint)
                .map(|note| format!("{}: {}", field.name(), note.text)),
        );
    }
    CheckResult::Passed { summary: "the values are well formed".into(), details: noted(notes) }
}

/// Whether the credential has more than the days left from which on its end is near.
///
/// A certificate tells its own end, whatever is recorded: where its file was renewed, the lists do not know yet.
pub(super) fn expiry(request: &RunRequest, now: Timestamp) -> CheckResult {
    let result = judged_end(request, now);
    let (Ok(Credential::Certificate(own)), Some(recorded)) = (&request.credential, request.profile.expires) else {
        return result;
    };
    let (end, name) = (own.end_date(), &request.profile.name);
    let note = format!("{recorded} is recorded for it: d365-connect edit {name} --set credential.expires={end}");
    with_note(result, (recorded != end).then_some(&note))
}

fn judged_end(request: &RunRequest, now: Timestamp) -> CheckResult {
    let certificate = match &request.credential {
        Ok(Credential::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let Some(end) = certificate.map(|own| own.end_date()).or(request.profile.expires) else {
        return CheckResult::Skipped { reason: "no end date is recorded".into() };
    };
    let left = expiry::days_left(end, request.today);
    let mut details = Details::new();
    details.insert("expires".into(), end.to_string().into());
    details.insert("days_left".into(), left.into());
    if let Some(certificate) = certificate {
        details.insert("thumbprint".into(), certificate.thumbprint().into());
    }
    let evidence = |mark| {
        let marks = [Some(mark), certificate.map(|_| Mark::Certificate)];
        Evidence::local(CheckId::Expiry, marks.into_iter().flatten()).naming("expires", &end.to_string())
    };
    if let Some(early) = certificate.filter(|own| own.begins() > now) {
        let evidence = evidence(Mark::CertificateEarly).naming("begins", &early.begins().to_string());
        return refused(format!("the certificate is valid from {} on", early.begins()), details, evidence);
    }
    let ended = certificate.is_some_and(|own| own.ends() <= now);
    match left {
        _ if ended => refused(format!("the certificate ended on {end}"), details, evidence(Mark::EndDatePassed)),
        ..=0 if certificate.is_none() => {
            refused(format!("the recorded end date was {end}"), details, evidence(Mark::EndDatePassed))
        }
        _ if left <= request.warning_days => {
            // A certificate works until the hour that it names.
            let left = if left > 0 { expiry::days(left) } else { "less than a day".into() };
            let evidence = evidence(Mark::EndDateNear).naming("days_left", &left);
            CheckResult::Warning { summary: format!("{left} left, until {end}"), details, evidence: vec![evidence] }
        }
        _ => CheckResult::Passed { summary: format!("{} left, until {end}", expiry::days(left)), details },
    }
}

/// The verdict on the end date beside the end that Entra tells. It changes no verdict: what is recorded may be put right.
pub(super) fn beside(result: CheckResult, request: &RunRequest, end: Option<Date>) -> CheckResult {
    let (Some(end), name) = (end, &request.profile.name) else { return result };
    let mend = format!("d365-connect edit {name} --set credential.expires={end}");
    match (request.profile.expires, result) {
        (None, CheckResult::Skipped { .. }) => CheckResult::Skipped {
            reason: format!("no end date is recorded; in Entra this secret ends on {end}: {mend}"),
        },
        // The portal shows the day where its reader is.
        (Some(recorded), result) if expiry::days_left(end, recorded).abs() > 1 => {
            let note = format!("in Entra this secret ends on {end}, and {recorded} is recorded: {mend}");
            with_note(result, Some(&note))
        }
        (_, result) => result,
    }
}

/// Details with notes; without any, empty.
pub(super) fn noted(notes: Vec<String>) -> Details {
    let mut details = Details::new();
    if !notes.is_empty() {
        details.insert("notes".into(), notes.into());
    }
    details
}

/// The result with one more note, where there is one.
pub(super) fn with_note(mut result: CheckResult, note: Option<&str>) -> CheckResult {
    let (CheckResult::Passed { details, .. }
    | CheckResult::Warning { details, .. }
    | CheckResult::Refused { details, .. }) = &mut result
    else {
        return result;
    };
    if let Some(note) = note {
        let notes = details.entry("notes").or_insert_with(|| Value::Array(Vec::new()));
        notes.as_array_mut().into_iter().for_each(|notes| notes.push(note.into()));
    }
    result
}

/// Whether this is certainly a host of another product.
fn is_other_product(kind: HostKind, product: Product) -> bool {
    match kind {
        HostKind::Sandbox | HostKind::Loopback | HostKind::Odd => false,
        HostKind::FinanceOperations
        | HostKind::Dataverse
        | HostKind::BusinessCentral
        | HostKind::BusinessCentralClient
        | HostKind::Graph
        | HostKind::SignIn
        | HostKind::Portal
        | HostKind::RetiredGraph => kind != product.host_kind(),
    }
}
