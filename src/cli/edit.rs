//! `edit`: change a profile by flags, or open it in the editor.
//!
//! Checked offline, as `new` is.

use crate::app::Open;
use crate::assets;
use crate::cli::failure::Failure;
use crate::cli::input::CredentialArgs;
use crate::cli::{Context, Done, OK, accessible, input, new, profile_name};
use crate::core::profile::{CredentialSource, Problem};
use crate::core::question::FieldId;
use crate::store::profiles::Stored;
use crate::work::{self, MadeCertificate, SaveRequest, SecretChoice};

/// Change a profile.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Change a profile.\n\n\
        Without flags the editor opens. With flags the values are checked offline and saved; comments and unknown keys of \
        the file survive. What was missing before may stay missing: it is told.",
    after_help = "Examples:\n  \
        d365-connect edit contoso-uat --set d365.company=USMF --secret prompt\n  \
        d365-connect edit contoso-uat --unset d365.company\n  \
        d365-connect edit contoso-uat --secret vault\n\n\
        The last one moves the secret there, from where it is. \
        'd365-connect new --help' lists fields and sources.\n\n\
        Exit codes: 0 saved, 2 a value is missing or wrong, or there is no such profile, 3 the secret or the file could not \
        be kept"
)]
pub struct Args {
    /// The profile
    name: String,
    /// A new value; may be given several times
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// A value to take out; may be given several times
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    #[command(flatten)]
    pub credential: CredentialArgs,
}

pub async fn run(args: Args, context: &Context) -> Done {
    let name = profile_name(&args.name)?;
    let given = input::settings(&args.set)?;
    let unset: Vec<FieldId> = args.unset.iter().map(|name| input::field(name)).collect::<Result<_, _>>()?;
    let request = args.credential.request()?;
    if given.is_empty() && unset.is_empty() && args.credential.is_empty() {
        if context.is_interactive() && context.accessible {
            return accessible::change(context, &name).await;
        }
        if context.is_interactive() {
            return context.screen(Open::Editor(name)).await;
        }
        return Err(Failure::usage(
            "the editor needs a terminal",
            "without one say what to change: --set FIELD=VALUE, --unset FIELD, --secret SOURCE",
        ));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &name).await?;
    let mut draft = opened.stored.draft.clone();
    for field in &unset {
        draft.values.remove(field);
    }
    for (field, value) in &given {
        draft.set(*field, value);
    }
    let mut touched: Vec<FieldId> = given.iter().map(|(field, _)| *field).chain(unset).collect();
    // What is in the vault goes out of it when another credential takes its place.
    if !args.credential.is_empty() {
        context.unlock_if_possible(&session, &draft.source).await?;
    }
    let secret = match request.choice(context, &session, draft.source.as_ref()).await? {
        Some(choice) => {
            touched.push(FieldId::Secret);
            draft.source = Some(new::pending(&choice));
            draft.foreign_credential = None;
            choice
        }
        None => SecretChoice::Keep,
    };
    input::tell_notes(context, &given, &draft, opened.guide);
    let mut problems = draft.check(&opened.stored.name, opened.guide, assets::clouds()).err().unwrap_or_default();
    problems.extend(input::mixed_up(&secret, &draft));
    // What was wrong before and was not touched is told, and stops nobody from mending something else.
    let before = opened.profile.err().unwrap_or_default();
    let (old, new): (Vec<Problem>, Vec<Problem>) =
        problems.into_iter().partition(|problem| before.contains(problem) && !touched.contains(&problem.field));
    if !new.is_empty() {
        return Err(Failure::problems(&new, opened.guide));
    }
    for problem in old {
        context.printer.hint(&format!("still to mend: {}: {}", problem.field, problem.text));
    }
    let made = request.make(context, &session, &opened.stored.name).await?;
    let Stored { name, draft: before, .. } = opened.stored;
    let end = touched.contains(&FieldId::Expires).then(|| draft.value(FieldId::Expires).to_owned());
    let request = SaveRequest { was: Some((name.clone(), before)), name: name.clone(), draft, secret };
    // A secret does not tell when it ends.
    let is_other = end.is_none() && touched.contains(&FieldId::Secret) && {
        let is_secret = |source: &CredentialSource| matches!(source, CredentialSource::Secret(_));
        request.draft.source.as_ref().is_some_and(is_secret)
    };
    let saved = work::save(&session, request).await.inspect_err(|_| made.iter().for_each(MadeCertificate::discard))?;
    context.saved(&session, &name, &saved);
    if let Some(own) = saved.draft.given(FieldId::Expires).filter(|own| end.is_some_and(|end| end != *own)) {
        context.printer.note(&format!("a certificate tells its own end: {own} is recorded"));
    }
    if is_other && let Some(old) = saved.draft.given(FieldId::Expires) {
        context.printer.note(&format!("the recorded end, {old}, is that of the old secret"));
        context.printer.hint(&format!("d365-connect edit {name} --set credential.expires=2027-05-20"));
    }
    OK
}
