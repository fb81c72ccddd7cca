//! The accessible mode: the questions of the screens in the same order, one a line, choices by number, nothing redrawn.
//!
//! Asks, and has the commands do the work. What is asked is declared in `core::question` and in the guides.

use crate::assets;
use crate::cli::args::Cli;
use crate::cli::failure::{Failure, code};
use crate::cli::input::CredentialRequest;
use crate::cli::{Context, Done, OK, check, guides, input, list, new, shown};
use crate::core::check::{CheckId, Status};
use crate::core::credential::Credential;
use crate::core::filter::Filter;
use crate::core::guide::Guide;
use crate::core::intake;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft, SourceRequest};
use crate::core::question::{self, FieldId, Weight};
use crate::core::report::{GuideReport, ProfileReport, Steps};
use crate::core::rules::Finding;
use crate::core::secret::looks_like_secret;
use crate::sandbox::Offer;
use crate::store::drafts::Draft;
use crate::store::profiles;
use crate::work::{self, Row, SaveRequest, SecretChoice, Session};
use clap::Parser;
use jiff::Timestamp;

/// What is said before the first question.
const MANNERS: &str = "Enter keeps what stands there, and of numbers takes the one that is named with it. :clear takes a value \
    out, :back goes to the step before, :help says where a value is found. Ctrl-D or Ctrl-C leaves, and nothing is saved.";

/// What can be chosen at home.
enum Wish<'a> {
    One(&'a Row),
    Resume(&'a Draft),
    SetUp,
    Explain,
    TestAll,
    Narrow,
    ShowAll,
    Leave,
}

/// Home: the profiles and the half-done set-ups, and what can be done.
pub async fn home(context: &Context) -> Done {
    let session = context.session().await?;
    let mut filter = Filter::of("");
    loop {
        let mut rows = work::rows(&session).await?;
        let all = rows.len();
        rows.retain(|row| list::fits(row, &filter));
        let drafts = work::drafts(&session).await?;
        let mut wishes: Vec<(String, Wish)> = rows.iter().map(|row| (described(row), Wish::One(row))).collect();
        wishes.extend(drafts.iter().map(|draft| {
            let guide = assets::guide(&draft.values.guide).map_or("", |guide| guide.short.as_str());
            (format!("Draft {}: {guide}, half done. Go on with it", draft.name), Wish::Resume(draft))
        }));
        let mut may = |text: &str, wish| wishes.push((text.to_owned(), wish));
        may("Set up a connection", Wish::SetUp);
        may("Explain an error text", Wish::Explain);
        if all > 0 {
            may("Test every profile", Wish::TestAll);
        }
        if all > 1 {
            may("Show only some profiles, by a part of the name, target, guide or tenant", Wish::Narrow);
        }
        if !filter.is_empty() {
            may("Show all profiles", Wish::ShowAll);
        }
        may("Leave", Wish::Leave);
        let said = match all {
            0 => "There is no profile yet.".to_owned(),
            1 => "There is one profile.".to_owned(),
            count if filter.is_empty() => format!("There are {count} profiles."),
            count => format!("{} of {count} profiles are shown.", rows.len()),
        };
        let options: Vec<String> = wishes.iter().map(|(text, _)| text.clone()).collect();
        // Nothing stands before it: it is asked again.
        let Some(chosen) = choose(context, &format!("{said} What do you want to do?"), &options, None).await? else {
            continue;
        };
        let done = match wishes.get(chosen).map(|(_, wish)| wish) {
            Some(Wish::One(row)) => one(context, row).await,
            Some(Wish::Resume(draft)) => resume(context, draft).await,
            Some(Wish::SetUp) => set_up(context, None, None, None, "").await,
            Some(Wish::Explain) => explain(context, None).await,
            Some(Wish::TestAll) => command(context, &["check", "--all"]).await,
            Some(Wish::Narrow) => {
                filter = Filter::of(&line(context, "Words that must be there:").await?);
                OK
            }
            Some(Wish::ShowAll) => {
                filter = Filter::of("");
                OK
            }
            Some(Wish::Leave) | None => return OK,
        };
        told(context, done)?;
    }
}

/// Has a command do it, as if it had been typed.
async fn command(context: &Context, words: &[&str]) -> Done {
    let words = std::iter::once("d365-connect").chain(words.iter().copied());
    match Cli::try_parse_from(words) {
        Ok(cli) => Box::pin(context.command(cli.command)).await,
        Err(error) => Err(Failure::usage("that cannot be", error.kind().to_string())),
    }
}

/// What failed is told, and the menu comes back; an interruption ends it all.
fn told(context: &Context, done: Done) -> Result<(), Failure> {
    match done {
        Err(failure) if failure.troubles.is_empty() => Err(failure),
        Err(failure) => {
            context.printer.failure(&failure);
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

fn described(row: &Row) -> String {
    let problem = row.problem.as_ref().map(|problem| format!(", not complete: {problem}")).unwrap_or_default();
    let target = shown(&row.target);
    format!(
        "Profile {}: {}, {target}, secret {}, last test {}{problem}",
        row.name,
        shown(&row.guide_short),
        list::secret(row),
        list::last(row)
    )
}

/// What can be done with one profile.
async fn one(context: &Context, row: &Row) -> Done {
    let name = row.name.to_string();
    let actions = [
        "Test it",
        "Change it",
        "Give it a new credential",
        "Hand over open steps",
        "Export its values",
        "Rename it",
        "Copy it",
        "Remove it",
        "Explain an error text beside its values",
        "Back",
    ];
    let question = format!("Profile {name}. What do you want to do?");
    let Some(chosen) = choose(context, &question, &actions.map(str::to_owned), Some(actions.len() - 1)).await? else {
        return OK;
    };
    match chosen {
        0 => command(context, &["check", "--", &name]).await,
        1 => change(context, &row.name).await,
        2 => command(context, &["rotate", "--", &name]).await,
        3 => {
            let roles = ["entra-admin", "d365-admin"];
            let whom = ["The Entra administrator", "The D365 administrator"].map(str::to_owned);
            let Some(at) = choose(context, "For whom?", &whom, Some(0)).await? else { return OK };
            command(context, &["handoff", "--role", roles[at], "--", &name]).await
        }
        4 => {
            let formats: Vec<String> = assets::exports().iter().map(|format| format.id.clone()).collect();
            let Some(at) = choose(context, "In which format?", &formats, Some(0)).await? else { return OK };
            let out = line(context, "File to write, for you alone; Enter prints it here:").await?;
            let mut words = vec!["export", "--to", &formats[at]];
            if !out.trim().is_empty() {
                words.extend(["--out", out.trim()]);
            }
            words.extend(["--", &name]);
            command(context, &words).await
        }
        5 => command(context, &["rename", "--", &name, line(context, "Its new name:").await?.trim()]).await,
        6 => command(context, &["copy", "--", &name, line(context, "The copy's name:").await?.trim()]).await,
        7 => command(context, &["remove", "--", &name]).await,
        8 => explain(context, Some(&name)).await,
        _ => OK,
    }
}

/// An error text of several lines, explained, and compared with a profile where one is named.
async fn explain(context: &Context, profile: Option<&str>) -> Done {
    context.printer.say("Paste or type the text. A line with a single dot ends it.");
    let mut text = String::new();
    loop {
        let next = line(context, "").await?;
        if next.trim() == "." {
            break;
        }
        text.push_str(&next);
        text.push('\n');
    }
    let mut words = vec!["diagnose"];
    words.extend(profile.into_iter().flat_map(|name| ["--profile", name]));
    words.extend(["--", &text]);
    command(context, &words).await
}

/// Goes on with a half-done set-up. A profile may have its name by now.
async fn resume(context: &Context, draft: &Draft) -> Done {
    let Some(guide) = assets::guide(&draft.values.guide) else {
        return Err(Failure::usage(
            "this version has no guide of that draft",
            "d365-connect guides lists those it has",
        ));
    };
    let session = context.session().await?;
    let name = Some(draft.name.clone()).filter(|name| !profiles::is_there(&session.home, name));
    set_up(context, Some(guide), name, Some(draft.values.clone()), &draft.step).await
}

/// A new profile, step by step, from that step on.
pub async fn set_up(
    context: &Context,
    guide: Option<&'static Guide>,
    name: Option<ProfileName>,
    draft: Option<ProfileDraft>,
    step: &str,
) -> Done {
    let session = context.session().await?;
    let mut unsaved = Unsaved(Some(context));
    let (guide, name) = loop {
        let guide = match guide {
            Some(guide) => guide,
            None => {
                let titles: Vec<String> =
                    assets::guides().iter().map(|guide| format!("{}. {}", guide.title, guide.summary)).collect();
                match choose(context, "What do you want to connect to?", &titles, Some(0)).await? {
                    Some(at) => &assets::guides()[at],
                    None => return OK,
                }
            }
        };
        context.printer.say(MANNERS);
        let name = match &name {
            Some(name) => Some(name.clone()),
            None => new_name(context, &session).await?,
        };
        if let Some(name) = name {
            break (guide, name);
        }
    };
    let mut draft = draft.unwrap_or_else(|| ProfileDraft::new(&guide.id));
    draft.guide.clone_from(&guide.id);
    let given: Vec<(FieldId, String)> = std::mem::take(&mut draft.values).into_iter().collect();
    session.begin(&mut draft);
    let mut form = Form { context, session: &session, guide, name, draft, secret: SecretChoice::Keep, was: None };
    for (field, value) in given {
        context.printer.say(&format!("{}, as it was given:", guide.label(field)));
        form.takes(field, &value).await?;
    }
    let mut at = guide.position(step).unwrap_or(0);
    loop {
        let last = at + 1 == guide.steps.len();
        form.tell_step(at);
        let went = if last { form.finish(&mut unsaved).await? } else { form.step(at).await? };
        at = match went {
            Went::On if last => return OK,
            Went::On => at + 1,
            Went::Back => at.saturating_sub(1),
            Went::To(step) => guide.position(&step).unwrap_or(at),
        };
    }
}

/// A saved profile, field by field.
pub async fn change(context: &Context, name: &ProfileName) -> Done {
    let session = context.session().await?;
    let opened = work::open(&session, name).await?;
    context.unlock_for(&session, &opened.stored.draft.source).await?;
    let mut unsaved = Unsaved(Some(context));
    let (name, draft, guide) = (opened.stored.name, opened.stored.draft, opened.guide);
    let was = Some((name.clone(), draft.clone()));
    let mut form = Form { context, session: &session, guide, name, draft, secret: SecretChoice::Keep, was };
    let fields: Vec<FieldId> = FieldId::ALL.into_iter().filter(|field| guide.takes(*field)).collect();
    context.printer.say(MANNERS);
    loop {
        let mut options: Vec<String> = fields.iter().map(|field| form.stands(*field)).collect();
        options.extend(["Test and save", "Leave without saving"].map(str::to_owned));
        let question = "What do you want to change?";
        // Nothing stands before it: it is asked again.
        let Some(chosen) = choose(context, question, &options, Some(fields.len())).await? else { continue };
        match fields.get(chosen) {
            Some(field) => drop(form.ask(*field).await?),
            None if chosen == fields.len() => {
                if let Went::On = form.finish(&mut unsaved).await? {
                    return OK;
                }
            }
            None => return OK,
        }
    }
}

/// Says so when what was typed is not saved, whichever way the form is left.
struct Unsaved<'a>(Option<&'a Context>);

impl Drop for Unsaved<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.0 {
            context.printer.say("Nothing was saved.");
        }
    }
}

/// Where an answer leads.
enum Went {
    On,
    Back,
    /// To the step that mends a finding or holds a missing value.
    To(String),
}

/// What was answered so far.
struct Form<'a> {
    context: &'a Context,
    session: &'a Session,
    guide: &'static Guide,
    name: ProfileName,
    draft: ProfileDraft,
    secret: SecretChoice,
    /// The saved profile that is changed.
    was: Option<(ProfileName, ProfileDraft)>,
}

impl Form<'_> {
    fn say(&self, text: &str) {
        self.context.printer.say(text);
    }

    /// The text of a step, links and ids filled in.
    fn tell_step(&self, at: usize) {
        let report = GuideReport::full(self.guide, &work::judge_values(&self.draft));
        if let Steps::Full(steps) = &report.steps
            && let Some(step) = steps.get(at)
        {
            guides::step(self.context, Some(self.guide), at + 1, step);
            guides::lists(self.context, &report, step);
        }
    }

    /// The questions of a step; one without any waits until it is done.
    async fn step(&mut self, at: usize) -> Result<Went, Failure> {
        let step = &self.guide.steps[at];
        if self.session.sandbox.is_some() {
            let who = ["Let the sandbox's administrator do this step", "Go on by hand"].map(str::to_owned);
            match choose(self.context, "This is a rehearsal.", &who, Some(1)).await? {
                Some(0) => self.carry_out(&step.id).await,
                Some(_) => {}
                None => return Ok(Went::Back),
            }
        }
        if step.collects.is_empty() {
            let typed = line(self.context, "Enter when this is done:").await?;
            return Ok(if typed.trim() == ":back" { Went::Back } else { Went::On });
        }
        for field in &step.collects {
            if let Went::Back = self.ask(*field).await? {
                return Ok(Went::Back);
            }
        }
        Ok(Went::On)
    }

    /// The sandbox's administrator does a step; what the portal then shows is taken over.
    async fn carry_out(&mut self, step: &str) {
        let Some(sandbox) = &self.session.sandbox else { return };
        let (said, offers) = sandbox.carry_out(self.guide, step);
        self.say(&said);
        for offer in offers {
            match offer {
                Offer::Value(field, value) => {
                    self.draft.set(field, &value);
                    self.say(&format!("{}: {}", self.guide.label(field), shown(&value)));
                }
                Offer::Secret(secret, end) => {
                    self.secret = SecretChoice::Value(secret);
                    self.draft.source = Some(new::pending(&self.secret));
                    self.draft.set(FieldId::Expires, &end.to_string());
                    self.say(&format!("A client secret, hidden, that ends on {end}."));
                }
                Offer::Certificate(pem) => match work::take_certificate(self.session, pem).await {
                    Ok(path) => {
                        self.take(SecretChoice::Source(CredentialSource::certificate(&path))).await;
                        self.say(&format!("A certificate with its key: {}", shown(&path)));
                    }
                    Err(error) => self.say(&format!("The certificate was not kept: {error}")),
                },
            }
        }
    }

    /// A field and what stands there; never a secret.
    fn stands(&self, field: FieldId) -> String {
        let value = match field {
            FieldId::Secret => self.secret_stands(),
            field => shown(self.draft.value(field)),
        };
        format!("{}, now {}", self.guide.label(field), if value.is_empty() { "nothing" } else { &value })
    }

    fn secret_stands(&self) -> String {
        match (&self.secret, &self.draft.source) {
            (SecretChoice::Value(_) | SecretChoice::InVault(_), _) => "typed, hidden".to_owned(),
            (_, None) => String::new(),
            (_, Some(source)) => source.kind().to_owned(),
        }
    }

    /// Asks for one value until it can be one.
    async fn ask(&mut self, field: FieldId) -> Result<Went, Failure> {
        if field == FieldId::Secret {
            return self.ask_secret().await;
        }
        loop {
            let needed = if self.guide.needs().contains(&field) { "" } else { " (may stay empty)" };
            let typed = line(self.context, &format!("{}{needed}:", self.stands(field))).await?;
            match typed.trim() {
                "" => return Ok(Went::On),
                ":back" => return Ok(Went::Back),
                ":help" => {
                    self.say(&format!("{}. For example {}", self.guide.help(field), self.guide.example(field)));
                    continue;
                }
                ":clear" => {
                    self.draft.set(field, "");
                    return Ok(Went::On);
                }
                _ => {}
            }
            // A line of the portal brings its label along.
            let read = intake::read(&typed, assets::clouds());
            let value = read.value(field).filter(|_| !looks_like_secret(typed.trim())).unwrap_or(&typed);
            if self.takes(field, value).await? {
                return Ok(Went::On);
            }
        }
    }

    /// Whether a value can stand; what is to be told about it is told.
    async fn takes(&mut self, field: FieldId, value: &str) -> Result<bool, Failure> {
        let other = |field: FieldId| self.draft.value(field).to_owned();
        let looking =
            question::Context { guide: self.guide, clouds: assets::clouds(), other: &other, today: work::today() };
        let notes = question::examine(field, value, &looking);
        for note in &notes {
            match note.weight {
                Weight::Problem => {
                    self.say(&format!("Not taken: {}", note.text));
                    return Ok(false);
                }
                // It ends with its question.
                Weight::Odd if !input::confirm(self.context, &note.text).await? => return Ok(false),
                Weight::Odd => {}
                Weight::Good | Weight::Told | Weight::Hint => self.say(&note.text),
            }
        }
        // The address of another product hardly ever is what is meant.
        let is_doubtful = field == FieldId::ResourceUrl && notes.iter().any(|note| note.weight == Weight::Hint);
        if is_doubtful && !input::confirm(self.context, "Keep it all the same?").await? {
            return Ok(false);
        }
        self.draft.set(field, value);
        Ok(true)
    }

    /// Asks where the secret is, and for it where it is to be kept.
    async fn ask_secret(&mut self) -> Result<Went, Failure> {
        const PLACES: [(&str, &str, &str); 4] = [
            ("In a variable of the environment", "env", "Name of the variable:"),
            ("In a file", "file", "Path of the file:"),
            ("A password manager or other program prints it", "command", "The program and its words:"),
            ("A certificate with its key instead, as PEM or PFX", "certificate", "Path of the certificate:"),
        ];
        loop {
            let typed = "I type or paste it now, hidden, and it goes into the";
            let keyring = match input::no_keyring(self.session).await? {
                Some(why) => format!(", which cannot be used now: {why}"),
                None => String::new(),
            };
            let vault = match (self.session.vault.has_passphrase(), self.session.vault.exists()) {
                (true, _) => "open now",
                (false, true) => "locked now, its passphrase is asked for",
                (false, false) => "made then, behind a passphrase",
            };
            let mut options =
                vec![format!("{typed} keyring{keyring}"), format!("{typed} vault of this program, {vault}")];
            options.extend(PLACES.map(|(option, ..)| option.to_owned()));
            options.push("A certificate that is made now, for twelve months".to_owned());
            options.extend([format!("Leave it: {}", self.stands(FieldId::Secret)), "Back".to_owned()]);
            let keep = options.len() - 2;
            let Some(chosen) = choose(self.context, "Where is the client secret?", &options, Some(keep)).await? else {
                return Ok(Went::Back);
            };
            if chosen == 2 + PLACES.len() {
                match self.make_certificate().await {
                    Ok(true) => return Ok(Went::On),
                    Ok(false) => continue,
                    Err(failure) => {
                        told(self.context, Err(failure))?;
                        continue;
                    }
                }
            }
            let request = match (chosen, chosen.checked_sub(2).and_then(|at| PLACES.get(at))) {
                (0, _) => Ok(SourceRequest::Keyring),
                (1, _) => Ok(SourceRequest::Vault),
                (_, Some((_, kind, question))) => match line(self.context, question).await?.trim() {
                    // To the list of places.
                    "" | ":back" => continue,
                    place => input::source(&format!("{kind}:{place}")),
                },
                (at, None) if at == options.len() - 1 => return Ok(Went::Back),
                _ => return Ok(Went::On),
            };
            let choice = match request {
                Ok(request) => input::secret(self.context, self.session, request).await,
                Err(wrong) => Err(wrong),
            };
            match choice {
                Ok(choice) => {
                    if let Some(problem) = input::mixed_up(&choice, &self.draft) {
                        self.say(&format!("Not taken: {}", problem.text));
                        continue;
                    }
                    self.take(choice).await;
                    return Ok(Went::On);
                }
                Err(failure) => told(self.context, Err(failure))?,
            }
        }
    }

    /// Makes a key and a certificate, and says what is to be uploaded. Nothing where no file is named.
    async fn make_certificate(&mut self) -> Result<bool, Failure> {
        let path = line(self.context, "File to make, for you alone, such as contoso.pem:").await?;
        if matches!(path.trim(), "" | ":back") {
            return Ok(false);
        }
        let request = CredentialRequest::making(path.trim());
        request.make(self.context, self.session, &self.name).await?;
        if let Some(choice) = request.choice(self.context, self.session, None).await? {
            self.take(choice).await;
        }
        Ok(true)
    }

    /// Takes a credential; a certificate tells its own end.
    async fn take(&mut self, choice: SecretChoice) {
        let source = new::pending(&choice);
        self.secret = choice;
        if let CredentialSource::Certificate(_) = source
            && let Ok(Credential::Certificate(read)) =
                work::credential(self.session, &source, self.secret.typed()).await
        {
            self.draft.set(FieldId::Expires, &read.end_date().to_string());
        }
        self.draft.source = Some(source);
    }

    /// Test, and save what was tested.
    async fn finish(&mut self, unsaved: &mut Unsaved<'_>) -> Result<Went, Failure> {
        loop {
            if let Err(problems) = self.draft.check(&self.name, self.guide, assets::clouds()) {
                for problem in &problems {
                    self.say(&format!("{}: {}", self.guide.label(problem.field), problem.text));
                }
                let field = problems.first().map(|problem| problem.field);
                let step =
                    self.guide.steps.iter().find(|step| field.is_some_and(|field| step.collects.contains(&field)));
                return Ok(step.map_or(Went::Back, |step| Went::To(step.id.clone())));
            }
            let finding = self.test().await?;
            let mut options = vec!["Save".to_owned(), "Test again".to_owned(), "Leave without saving".to_owned()];
            let step = finding.as_ref().and_then(|finding| self.guide.step(&finding.fix.step));
            options.extend(step.map(|step| format!("Go to the step that mends it: {}", step.title)));
            // With Enter on to what mends it, and else to the end.
            let next = if step.is_some() { options.len() - 1 } else { 0 };
            let Some(chosen) = choose(self.context, "What do you want to do?", &options, Some(next)).await? else {
                return Ok(Went::Back);
            };
            match chosen {
                0 => {
                    let request = SaveRequest {
                        name: self.name.clone(),
                        was: self.was.clone(),
                        draft: self.draft.clone(),
                        secret: self.secret.clone(),
                    };
                    match work::save(self.session, request).await {
                        Ok(saved) => {
                            unsaved.0 = None;
                            self.context.saved(self.session, &self.name, &saved);
                            return Ok(Went::On);
                        }
                        // What was typed is still there.
                        Err(error) => self.context.printer.failure(&error.into()),
                    }
                }
                1 => {}
                2 => return Ok(Went::On),
                _ => return Ok(step.map_or(Went::Back, |step| Went::To(step.id.clone()))),
            }
        }
    }

    /// The live test of what was typed; its first finding.
    async fn test(&self) -> Result<Option<Finding>, Failure> {
        let Ok(profile) = self.draft.check(&self.name, self.guide, assets::clouds()) else { return Ok(None) };
        let started = Timestamp::now();
        self.say("Testing.");
        let watch = check::asking(self.context, &self.name);
        let attendance = check::attendance(self.context, self.session);
        let (run, _) =
            check::one(self.session, &profile, &self.draft, self.secret.typed(), &CheckId::ALL, attendance, watch)
                .await;
        let report = ProfileReport::new(self.name.as_str(), &self.guide.id, started, &run, &[]);
        let verdict = report.verdict;
        check::human(self.context, &check::Tested { profile, report, since: None });
        Ok(run.findings.into_iter().next().filter(|_| verdict > Status::Passed))
    }
}

/// Asks for the name of a new profile; none where it is to go back.
async fn new_name(context: &Context, session: &Session) -> Result<Option<ProfileName>, Failure> {
    loop {
        let typed = line(context, "Name of the profile, of letters, digits, '.', '_' and '-':").await?;
        if typed.trim() == ":back" {
            return Ok(None);
        }
        match typed.trim().parse::<ProfileName>() {
            Err(error) => context.printer.say(&format!("Not taken: {error}")),
            Ok(name) => {
                if !work::rows(session).await?.iter().any(|row| row.name == name) {
                    return Ok(Some(name));
                }
                context.printer.say("Not taken: there is a profile of that name");
            }
        }
    }
}

/// A choice by number, from 1; what comes back counts from 0. Enter takes the option `enter`; with `:back`, and with Enter
/// where it takes none, nothing comes back.
async fn choose(
    context: &Context,
    question: &str,
    options: &[String],
    enter: Option<usize>,
) -> Result<Option<usize>, Failure> {
    context.printer.say(question);
    for (at, option) in options.iter().enumerate() {
        context.printer.item(&format!("{}. {option}", at + 1), 3);
    }
    let with_enter = enter.map(|at| format!(", Enter for {}", at + 1)).unwrap_or_default();
    loop {
        let typed = line(context, &format!("Number, 1 to {}{with_enter}:", options.len())).await?;
        match typed.trim().parse::<usize>() {
            Ok(number) if (1..=options.len()).contains(&number) => return Ok(Some(number - 1)),
            _ if typed.trim().is_empty() => return Ok(enter),
            _ if typed.trim() == ":back" => return Ok(None),
            _ => {
                let most = options.len();
                context.printer.say(&format!("That is none of the numbers: type one from 1 to {most}."));
            }
        }
    }
}

/// What is typed at a question; what is no text is told, and counts as nothing.
async fn line(context: &Context, question: &str) -> Result<String, Failure> {
    if !question.is_empty() {
        context.printer.say(question);
    }
    match input::line().await {
        Err(failure) if failure.code == code::USAGE => {
            context.printer.failure(&failure);
            Ok(String::new())
        }
        typed => Ok(typed?.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
