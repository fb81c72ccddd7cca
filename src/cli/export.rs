//! `export`: hand a profile's values over in the format of whoever uses them.
//!
//! The formats are data; here is only what is asked, and where the text goes.

use crate::assets;
use crate::cli::failure::{Failure, Trouble, code};
use crate::cli::{Context, Done, OK, profile_name, shown};
use crate::core::format::Format;
use crate::core::profile::CredentialSource;
use crate::work::{self, Export, WorkError};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Hand a profile's values over.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Hand a profile's values over in the format of whoever uses them.\n\n\
        The secret goes along only with --include-secret; else a placeholder stands in its place. Of a certificate the path goes along at most. Every format works \
        for every guide and for half-filled profiles; what a format has no place for is a comment that 'import' reads. \
        A file is made for its owner alone, and never written over without --force.",
    after_help = "Formats:\n  \
        env             NAME=value lines for sh and dotenv\n  \
        json            one object with every value\n  \
        appsettings     settings of a .NET program\n  \
        powershell      lines for d365fo.integrations\n  \
        postman         an environment for Postman\n  \
        curl            a script: gets a token, calls the API\n  \
        k8s-secret      a Kubernetes Secret\n                  \
        (--set secret_name, namespace)\n  \
        c1-env          variables of C1's connector\n                  \
        (--set provisioning, sync_only_enabled)\n  \
        c1-k8s          its Secret and Deployment\n                  \
        (--set image, namespace and the two of c1-env)\n  \
        ipaas           field sheet for iPaaS.com (--set versions)\n  \
        cloud-elements  field sheet for Cloud Elements\n  \
        terraform       a .tfvars file\n  \
        github-actions  a workflow, and how its secret is set\n\n\
        Examples:\n  \
        d365-connect export contoso-uat --to env --include-secret --out uat.env\n  \
        d365-connect export contoso-uat --to c1-k8s --set namespace=c1 | less\n\n\
        Exit codes: 0, 2 there is no such profile or format, no secret to include or no place for it, or a file already, 3 the secret could not \
        be read or the file not be written"
)]
pub struct Args {
    /// The profile
    name: String,
    /// The format
    #[arg(long, value_name = "FORMAT")]
    to: Option<String>,
    /// Put the secret in, in clear
    #[arg(long)]
    include_secret: bool,
    /// A value of the format's own; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let name = profile_name(&args.name)?;
    let format = format(args.to.as_deref())?;
    let options = options(format, &args.set)?;
    if let Some(command) = format.secret_by.as_ref().filter(|_| args.include_secret) {
        return Err(Failure::usage(
            format!("{} never holds the secret: whoever reads it takes the secret from elsewhere", format.id),
            format!("leave --include-secret out, and run: {command}"),
        ));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &name).await?;
    if args.include_secret {
        context.unlock_for(&session, &opened.stored.draft.source).await?;
    }
    let secret = match (&opened.stored.draft.source, args.include_secret) {
        (_, false) => None,
        (Some(CredentialSource::Certificate(_)), true) => {
            return Err(Failure::usage(
                format!("profile '{name}' signs in with a certificate: there is no secret to include"),
                "leave --include-secret out, and hand the certificate's file over by itself",
            ));
        }
        (Some(CredentialSource::Secret(source)), true) => {
            Some(work::read_secret(&session, source).await.map_err(WorkError::from)?)
        }
        (None, true) => {
            return Err(Failure::usage(
                format!("profile '{name}' has no secret to include"),
                format!("d365-connect edit {name} --secret SOURCE, or leave --include-secret out"),
            ));
        }
    };
    let path = args.out.as_deref();
    let request =
        Export { opened: &opened, format, secret: secret.as_deref(), options: &options, path, over: args.force };
    let text = work::export(&session, request).await.map_err(Failure::not_written)?;
    match path {
        Some(path) => context.printer.say(&format!("written to {}", shown(&path.display().to_string()))),
        None => context.printer.bytes(text.as_bytes()),
    }
    // What is missing is seen there; a value that cannot be right is not.
    let draft = &opened.stored.draft;
    for problem in opened.profile.as_ref().err().into_iter().flatten() {
        if !draft.value(problem.field).is_empty() {
            context.printer.note(&format!("{}: {}", problem.field, problem.text));
        }
    }
    if matches!(draft.source, Some(CredentialSource::Certificate(_))) {
        context.printer.note(if format.takes_certificates() {
            "only the certificate's path stands in it: hand the file over by itself"
        } else {
            "whoever reads this format signs in with a secret only: the profile's certificate is not in it"
        });
    }
    if args.include_secret {
        context.printer.note("the secret stands in it in clear: whoever can read it can use it");
    }
    OK
}

fn format(id: Option<&str>) -> Result<&'static Format, Failure> {
    id.and_then(assets::export).ok_or_else(|| {
        let known: Vec<&str> = assets::exports().iter().map(|format| format.id.as_str()).collect();
        let wrong = if id.is_some() { "there is no export format of that name" } else { "a format is missing" };
        Failure::usage(wrong, format!("--to FORMAT; the formats are {}", known.join(", ")))
    })
}

/// The format's own values; everything that is wrong with them is told at once. No value is echoed.
fn options(format: &Format, given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut read = BTreeMap::new();
    let mut troubles = Vec::new();
    for text in given {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let known = format.options.iter().find(|option| option.name == name.trim());
        let hint = match known {
            Some(option) if !option.one_of.is_empty() && !option.one_of.iter().any(|one| one == value) => {
                format!("--set {}={}", option.name, option.one_of.join(" or "))
            }
            Some(option) if value.trim().is_empty() || value.chars().any(char::is_control) => {
                format!("--set {}=VALUE, on one line: {}", option.name, option.about)
            }
            Some(option) => {
                read.insert(option.name.clone(), value.to_owned());
                continue;
            }
            None if format.options.is_empty() => format!("{} asks nothing beyond the profile", format.id),
            None => {
                let known: Vec<&str> = format.options.iter().map(|option| option.name.as_str()).collect();
                format!("{} takes {}; values of the profile are changed with edit", format.id, known.join(", "))
            }
        };
        let error = known.map_or_else(
            || "--set names nothing that this format asks".to_owned(),
            |option| format!("this cannot be the value of {}", option.name),
        );
        troubles.push(Trouble { error, cause: None, hint: Some(hint) });
    }
    if troubles.is_empty() { Ok(read) } else { Err(Failure { code: code::USAGE, troubles }) }
}
