//! `guides`: the documented set-ups as plain text.
//!
//! Lays a guide out. What it says is in `assets/guides/`.

use crate::assets;
use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, profile_name};
use crate::core::guide::{Guide, Listing};
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::report::{GuideReport, GuidesReport, SCHEMA, StepReport, Steps};
use crate::work;

/// Read the guides.
#[derive(Debug, clap::Args)]
#[command(after_help = "With an id the whole guide is printed, with links and ids of --profile filled in.\n\n\
    Examples:\n  d365-connect guides\n  d365-connect guides fno-client-credentials --profile contoso-uat | less\n\n\
    Exit codes: 0, 2 there is no such guide or profile")]
pub struct Args {
    /// The guide
    id: Option<String>,
    /// Fill links and ids in from this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let printer = &context.printer;
    let draft = match &args.profile {
        Some(name) => {
            let session = context.session().await?;
            Some(work::open(&session, &profile_name(name)?).await?.stored.draft)
        }
        None => None,
    };
    let id = args.id.as_deref().or(draft.as_ref().map(|draft| draft.guide.as_str()));
    let guides: Vec<GuideReport> = match id {
        None => assets::guides().iter().map(GuideReport::brief).collect(),
        Some(id) => {
            let guide = assets::guide(id)
                .ok_or_else(|| Failure::usage("there is no guide of that id", "d365-connect guides lists them"))?;
            let empty = ProfileDraft::default();
            vec![GuideReport::full(guide, &work::judge_values(draft.as_ref().unwrap_or(&empty)))]
        }
    };
    if context.is_json() {
        printer.json(&GuidesReport { schema: SCHEMA, guides });
        return OK;
    }
    for (number, guide) in guides.iter().enumerate() {
        if number > 0 {
            printer.out("");
        }
        printer.out(&printer.bold(&format!("{}  {}", guide.id, guide.title)));
        printer.out(&printer.wrap(&guide.summary, "  ", 2));
        if let Steps::Full(steps) = &guide.steps {
            for (number, step) in steps.iter().enumerate() {
                self::step(context, assets::guide(&guide.id), number + 1, step);
                lists(context, guide, step);
            }
        }
    }
    OK
}

/// What a step shows beside its text.
pub fn lists(context: &Context, guide: &GuideReport, step: &StepReport) {
    for listing in &step.lists {
        match listing {
            Listing::Permissions => permissions(context, guide),
            Listing::Form => form(context, guide),
        }
    }
}

/// One step.
pub fn step(context: &Context, guide: Option<&Guide>, number: usize, step: &StepReport) {
    let printer = &context.printer;
    printer.out("");
    printer.out(&printer.bold(&format!("{number}. {}  [{}]", step.title, step.id)));
    printer.out(&printer.wrap(&step.who, "   Who    ", 10));
    printer.out(&printer.wrap(&step.place, "   Where  ", 10));
    if let Some(url) = &step.url {
        printer.out(&format!("   Link   {url}"));
    }
    for (number, action) in step.actions.iter().enumerate() {
        printer.out(&printer.wrap(action, &format!("   {:>2}) ", number + 1), 7));
    }
    for watch in &step.watch {
        printer.out(&printer.wrap(watch, "   Watch: ", 10));
    }
    if !step.collects.is_empty() {
        let label =
            |name: &&'static str| FieldId::parse(name).and_then(|field| Some(guide?.label(field))).unwrap_or(*name);
        let labels: Vec<&str> = step.collects.iter().map(label).collect();
        printer.out(&printer.wrap(&labels.join(", "), "   Note down: ", 14));
    }
    printer.out(&printer.wrap(&step.done, "   Done when: ", 14));
}

fn permissions(context: &Context, guide: &GuideReport) {
    let printer = &context.printer;
    printer.out("   The permissions, and the truth about each:");
    for permission in guide.permissions.iter().flatten() {
        let head = format!("{} ({}). {}", permission.name, permission.heading(), permission.why);
        printer.out(&printer.wrap(&head, "   - ", 5));
    }
}

fn form(context: &Context, guide: &GuideReport) {
    let printer = &context.printer;
    if let Some(form) = &guide.form {
        printer.out(&printer.wrap(&form.title, "   ", 3));
        for field in &form.fields {
            let value = if field.value.is_empty() { String::new() } else { format!(": {}", field.value) };
            printer.out(&format!("   - {}{value}", field.name));
            printer.out(&printer.wrap(&field.about, "     ", 5));
        }
    }
}
