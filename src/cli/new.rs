//! `new`: set up a profile.
//!
//! In a terminal the wizard does it; here are the flags, checked offline.

use crate::app::Open;
use crate::assets;
use crate::cli::failure::{Failure, code};
use crate::cli::input::{CredentialArgs, CredentialRequest};
use crate::cli::{Context, Done, OK, accessible, input, profile_name};
use crate::core::cloud::CloudId;
use crate::core::guide::{Guide, SignIn};
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft, SecretSource};
use crate::core::question::FieldId;
use crate::store::{StoreError, profiles};
use crate::work::{self, MadeCertificate, SaveRequest, SecretChoice, WorkError};

/// Set up a profile.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Set up a profile.\n\n\
        In a terminal the wizard opens with what was given. With --no-input, or without a terminal, nothing is ever \
        asked: values are checked offline, all that is missing or wrong is named at once, and hints go to standard error. \
        What the live test would say never stops a save: run 'd365-connect check NAME' afterwards.",
    after_help = after_help()
)]
pub struct Args {
    /// The profile's name: letters, digits, '.', '_' and '-'
    name: Option<String>,
    /// The guide to follow
    #[arg(long, value_name = "ID")]
    guide: Option<String>,
    /// A value; may be given several times
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    pub credential: CredentialArgs,
}

pub async fn run(args: Args, context: &Context) -> Done {
    let name = args.name.as_deref().map(profile_name).transpose()?;
    let guide = args.guide.as_deref().map(guide).transpose()?;
    // Every wrong flag is told at once, together with what the values themselves lack.
    let mut failure = Failure { code: code::USAGE, troubles: Vec::new() };
    let mut given = Vec::new();
    for setting in &args.set {
        match input::settings(std::slice::from_ref(setting)) {
            Ok(read) => given.extend(read),
            Err(wrong) => failure.troubles.extend(wrong.troubles),
        }
    }
    let (request, secret_told) = match args.credential.request() {
        Ok(request) => (request, false),
        Err(wrong) => {
            failure.troubles.extend(wrong.troubles);
            (CredentialRequest::default(), true)
        }
    };
    let chosen = guide.or_else(|| assets::guides().first());
    let Some(follows) = chosen else {
        return Err(Failure::here("this build has no guides", "use a released build"));
    };
    let mut draft = ProfileDraft::new(&follows.id);
    for (field, value) in &given {
        draft.set(*field, value);
    }
    if context.is_interactive() {
        if !failure.troubles.is_empty() {
            return Err(failure);
        }
        let place = request.place();
        draft.source = request.at()?;
        if context.accessible {
            // What was not chosen is asked.
            return accessible::set_up(context, guide, name, Some(draft), "").await;
        }
        return context
            .screen(Open::Wizard { name: name.map(|name| name.to_string()).unwrap_or_default(), draft, place })
            .await;
    }
    if secret_told {
        // Stands for the source that was not understood, so that it is not called missing as well.
        draft.source = Some(SecretSource::Keyring { entry: String::new() }.into());
    }
    save(context, name, follows, given, draft, request, failure).await
}

/// What stands below the flags: every field and source there is.
fn after_help() -> String {
    format!(
        "Fields: {}\n  \
        cloud               {}\n  \
        sign_in             {}, of those that the guide has\n\n\
        With sign_in=device-code a secret is wanted, too: the test may do without, the product that is connected does not.\n\n\
        Sources of a secret, never the secret itself:\n  \
        stdin, prompt       read once and kept; standard input gives one value\n  \
        keyring, vault      read once, and kept there\n  \
        env:VAR             read again at each use\n  \
        file:PATH           read again at each use\n  \
        command:WORDS       read again at each use\n  \
        certificate:PATH    no secret: a PEM file with the key, or PFX\n\n\
        What is kept is in the keyring or, where there is none, in the vault. --make-certificate PATH makes a \
        certificate.\n\n\
        Example:\n  \
        printf %s \"$VALUE\" | d365-connect new contoso-uat --secret stdin \\\n    \
        --set tenant_id=11111111-2222-4333-8444-555555555555 \\\n    \
        --set client_id=66666666-7777-4888-9999-aaaaaaaaaaaa \\\n    \
        --set resource_url=https://contoso.operations.dynamics.com\n\n\
        Exit codes: 0 saved, 2 a value is missing or wrong, 3 the secret or the file could not be kept",
        input::fields(),
        CloudId::ALL.map(CloudId::as_str).join(", "),
        SignIn::ALL.map(SignIn::as_str).join(", ")
    )
}

/// The guide of that id.
pub fn guide(id: &str) -> Result<&'static Guide, Failure> {
    assets::guide(id).ok_or_else(|| {
        let known: Vec<&str> = assets::guides().iter().map(|guide| guide.id.as_str()).collect();
        Failure::usage("there is no guide of that id", format!("the guides are {}", known.join(", ")))
    })
}

async fn save(
    context: &Context,
    name: Option<ProfileName>,
    guide: &Guide,
    given: Vec<(FieldId, String)>,
    mut draft: ProfileDraft,
    request: CredentialRequest,
    mut failure: Failure,
) -> Done {
    let session = context.session().await?;
    match name.as_ref().map(|name| profiles::load(&session.home, name)) {
        None | Some(Err(StoreError::NotFound { .. })) => {}
        Some(Err(error @ StoreError::Io { .. })) => return Err(WorkError::from(error).into()),
        // A damaged file is in the way as well.
        Some(_) => {
            let name = name.map(|name| name.to_string()).unwrap_or_default();
            return Err(WorkError::from(StoreError::Exists { name }).into());
        }
    }
    session.begin(&mut draft);
    let secret = request.choice(context, &session, None).await.transpose();
    input::tell_notes(context, &given, &draft, guide);
    if name.is_none() {
        failure.troubles.extend(Failure::usage("a name is missing", "d365-connect new NAME").troubles);
    }
    let name = name.unwrap_or_else(ProfileName::unnamed);
    let choice = match secret {
        None => SecretChoice::Keep,
        Some(Ok(choice)) => {
            draft.source = Some(pending(&choice));
            choice
        }
        Some(Err(wrong)) if wrong.code == code::USAGE => {
            failure.troubles.extend(wrong.troubles);
            draft.source = Some(SecretSource::Keyring { entry: String::new() }.into());
            SecretChoice::Keep
        }
        Some(Err(other)) => return Err(other),
    };
    let mut problems = draft.check(&name, guide, assets::clouds()).err().unwrap_or_default();
    problems.extend(input::mixed_up(&choice, &draft));
    failure.troubles.splice(0..0, Failure::problems(&problems, guide).troubles);
    if !failure.troubles.is_empty() {
        return Err(failure);
    }
    let made = request.make(context, &session, &name).await?;
    let request = SaveRequest { name: name.clone(), was: None, draft, secret: choice };
    let saved = work::save(&session, request).await.inspect_err(|_| made.iter().for_each(MadeCertificate::discard))?;
    context.saved(&session, &name, &saved);
    OK
}

/// A stand-in for the source that saving will give, so that the draft can be checked before.
pub fn pending(choice: &SecretChoice) -> CredentialSource {
    let kept = SecretSource::Keyring { entry: String::new() };
    match choice {
        SecretChoice::Source(source) => source.clone(),
        SecretChoice::Certificate { path, .. } => CredentialSource::certificate(path).with_secret(kept),
        SecretChoice::Keep | SecretChoice::Value(_) | SecretChoice::InVault(_) => kept.into(),
    }
}
