//! `show`: one profile with all its fields, and never its secret.
//!
//! Works with an incomplete profile; says what is missing.

use crate::cli::{Context, Done, OK, list, profile_name, shown};
use crate::core::credential::Credential;
use crate::core::expiry;
use crate::core::profile::CredentialSource;
use crate::core::question::{self, FieldId};
use crate::core::report::{D365Fields, NetworkFields, SCHEMA, ShowReport};
use crate::store::history;
use crate::store::profiles::{self, Listed};
use crate::work::{self, WorkError};

/// Show one profile, without its secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  d365-connect show contoso-uat -o json\n\n\
    Exit codes: 0, 2 there is no such profile, 3 its file cannot be read")]
pub struct Args {
    /// The profile
    name: String,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let session = context.session().await?;
    let stored = profiles::load(&session.home, &profile_name(&args.name)?).map_err(WorkError::from)?;
    let row = work::row(
        Listed { name: stored.name.clone(), profile: Ok(stored.clone()) },
        history::last(&session.home, &stored.name),
    );
    let draft = &stored.draft;
    let given = |field| draft.given(field).map(str::to_owned);
    let list = |field| question::list(draft.value(field)).map(str::to_owned).collect();
    if context.is_json() {
        context.printer.json(&ShowReport {
            schema: SCHEMA,
            line: list::line(&row),
            path: stored.path.display().to_string(),
            reads: draft.source.as_ref().and_then(CredentialSource::reads),
            sign_in: given(FieldId::SignIn),
            redirect_uri: given(FieldId::RedirectUri),
            d365: D365Fields {
                environment: given(FieldId::Environment),
                permissions: list(FieldId::Permissions),
                user_id: given(FieldId::UserId),
                company: given(FieldId::Company),
                entities: list(FieldId::Entities),
            },
            network: NetworkFields {
                authority_url: given(FieldId::AuthorityUrl),
                graph_url: given(FieldId::GraphUrl),
                ca_certificate: given(FieldId::CaCertificate),
            },
        });
        return OK;
    }
    let mut table = vec![vec!["name".to_owned(), row.name.to_string()], vec!["guide".to_owned(), shown(&draft.guide)]];
    for field in FieldId::ALL {
        let value = match field {
            FieldId::Cloud => row.cloud.clone(),
            FieldId::Secret => draft.source.as_ref().map(CredentialSource::to_string),
            _ => given(field),
        };
        let is_certificate = matches!(draft.source, Some(CredentialSource::Certificate(_)));
        let label = match field {
            FieldId::Secret if is_certificate => "certificate".to_owned(),
            field => field.to_string(),
        };
        table.extend(value.map(|value| vec![label, shown(&value)]));
    }
    table.extend(row.credential.days_left.map(|days| vec!["time left".to_owned(), expiry::days(days)]));
    if let Some(source) = &draft.source {
        let readable = if source.runs_a_command() {
            "not tried: it runs a command, which check does".to_owned()
        } else {
            match work::credential(&session, source, None).await {
                Ok(Credential::Certificate(own)) => {
                    format!("yes, thumbprint {}, until {}", own.thumbprint(), own.end_date())
                }
                Ok(Credential::Secret(_)) => "yes".to_owned(),
                Err(trouble) => format!("no: {trouble}"),
            }
        };
        table.push(vec!["readable now".to_owned(), shown(&readable)]);
    }
    table.push(vec!["last test".to_owned(), list::last(&row)]);
    table.push(vec!["file".to_owned(), shown(&stored.path.display().to_string())]);
    context.printer.out(&context.printer.table(&table));
    if stored.newer {
        context.printer.note("written by a newer version: it can be checked, not changed");
    }
    if let Some(foreign) = &draft.foreign_credential {
        context.printer.note(&format!("this version cannot use a credential of {}", shown(foreign)));
    }
    if let Some(problem) = &row.problem {
        context.printer.note(problem);
        context.printer.hint(&format!("d365-connect edit {} --set FIELD=VALUE", row.name));
    }
    OK
}
