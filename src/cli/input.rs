//! Values from flags, standard input and prompts: read, looked at, and never echoed.
//!
//! Does not know which command asks.

use crate::assets;
use crate::cli::failure::{Failure, SECRET_SOURCE, Trouble, code};
use crate::cli::{Context, TRIES, prompt, shown};
use crate::core::credential::{Certificate, CertificateFault, Credential, is_pfx};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, Problem, ProfileDraft, SecretSource, SourceRequest};
use crate::core::question::{self, Context as Looking, FieldId, Note, Weight};
use crate::core::secret::{ClientSecret, MAX_SECRET, SHORT_PASSPHRASE, looks_like_secret};
use crate::core::settings::DefaultStore;
use crate::store;
use crate::store::secrets::CredentialTrouble;
use crate::work::{self, MadeCertificate, SecretChoice, Session, WorkError};
use jiff::Timestamp;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// `FIELD=VALUE`, as often as it was given.
pub fn settings(given: &[String]) -> Result<Vec<(FieldId, String)>, Failure> {
    let mut read = Vec::new();
    let mut troubles = Vec::new();
    for text in given {
        match text.split_once('=') {
            Some((name, value)) => match field(name) {
                // What is no path stays as it is, so that it can be told.
                Ok(FieldId::CaCertificate) if !value.trim().is_empty() && !looks_like_secret(value.trim()) => {
                    read.push((FieldId::CaCertificate, store::absolute(value.trim())));
                }
                Ok(field) => read.push((field, value.to_owned())),
                Err(failure) => troubles.extend(failure.troubles),
            },
            None => troubles.push(Trouble {
                error: "--set wants FIELD=VALUE".into(),
                cause: None,
                hint: Some("--set tenant_id=11111111-2222-4333-8444-555555555555".into()),
            }),
        }
    }
    if troubles.is_empty() { Ok(read) } else { Err(Failure { code: code::USAGE, troubles }) }
}

/// The names of all fields that take a value.
pub fn fields() -> String {
    let names: Vec<&str> =
        FieldId::ALL.into_iter().filter(|field| *field != FieldId::Secret).map(FieldId::name).collect();
    names.join(", ")
}

/// The field of that name. A name is echoed only when it is a plain word: it may be a secret in the wrong place.
pub fn field(name: &str) -> Result<FieldId, Failure> {
    match FieldId::parse(name.trim()) {
        Some(FieldId::Secret) => Err(Failure::usage("no flag takes a secret's value", SECRET_SOURCE)),
        Some(field) => Ok(field),
        None => {
            let is_word = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'));
            let error =
                if is_word { format!("there is no field '{name}'") } else { "there is no field of that name".into() };
            Err(Failure::usage(error, format!("the fields are {}", fields())))
        }
    }
}

/// What is to be told about the values as they were given; problems are found by checking the draft.
pub fn tell_notes(context: &Context, given: &[(FieldId, String)], draft: &ProfileDraft, guide: &Guide) {
    let other = |field: FieldId| draft.value(field).to_owned();
    let looking = Looking { guide, clouds: assets::clouds(), other: &other, today: work::today() };
    for (field, text) in given {
        tell(context, *field, &question::examine(*field, text, &looking));
    }
}

/// What is to be told about one value.
pub fn tell(context: &Context, field: FieldId, notes: &[Note]) {
    for note in notes {
        match note.weight {
            Weight::Good | Weight::Problem => {}
            Weight::Told | Weight::Odd => context.printer.note(&format!("{field}: {}", note.text)),
            Weight::Hint => context.printer.hint(&format!("{field}: {}", note.text)),
        }
    }
}

/// How a credential is named on the command line.
#[derive(Debug, Default, clap::Args)]
pub struct CredentialArgs {
    /// Where the secret comes from, or certificate:PATH
    #[arg(long, value_name = "SOURCE")]
    secret: Option<String>,
    /// Where the password of the certificate's key, or of the PFX file, comes from
    #[arg(long, value_name = "SOURCE")]
    certificate_password: Option<String>,
    /// Make a key and a certificate for twelve months in this file, and use it; what is to be uploaded is written beside it
    #[arg(long, value_name = "PATH", conflicts_with_all = ["secret", "certificate_password"])]
    make_certificate: Option<String>,
}

/// What is asked for by [`CredentialArgs`].
#[derive(Debug, Default)]
pub struct CredentialRequest {
    /// Where the credential comes from.
    pub source: Option<SourceRequest>,
    password: Option<SourceRequest>,
    make: Option<String>,
}

impl CredentialArgs {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.secret.is_none() && self.certificate_password.is_none() && self.make_certificate.is_none()
    }

    /// Whether one of them is read from standard input.
    pub fn read_stdin(&self, asks: bool) -> bool {
        [&self.secret, &self.certificate_password].into_iter().flatten().any(|given| reads_stdin(given, asks))
    }

    /// Whether a certificate is to be made.
    pub fn makes(&self) -> bool {
        self.make_certificate.is_some()
    }

    /// What is asked for; what is wrong with it is told at once.
    pub fn request(&self) -> Result<CredentialRequest, Failure> {
        let mut troubles = Vec::new();
        let mut read = |given: &Option<String>| match given.as_deref().map(source).transpose() {
            Ok(request) => request,
            Err(wrong) => {
                troubles.extend(wrong.troubles);
                None
            }
        };
        let (source, password) = (read(&self.secret), read(&self.certificate_password));
        if matches!(password, Some(SourceRequest::At(CredentialSource::Certificate(_)))) {
            let hint = "--certificate-password prompt, or env:VAR, file:PATH, 'command:WORDS'";
            troubles.extend(Failure::usage("a certificate is no password", hint).troubles);
        }
        let make = self.make_certificate.as_deref().map(store::absolute);
        if troubles.is_empty() {
            Ok(CredentialRequest { source, password, make })
        } else {
            Err(Failure { code: code::USAGE, troubles })
        }
    }
}

impl CredentialRequest {
    /// To make a key and a certificate in that file.
    pub fn making(path: &str) -> CredentialRequest {
        CredentialRequest { make: Some(store::absolute(path)), ..CredentialRequest::default() }
    }

    /// A certificate that is there already.
    pub fn certificate(path: &str) -> Result<CredentialRequest, Failure> {
        Ok(CredentialRequest { source: Some(source(&format!("certificate:{path}"))?), ..CredentialRequest::default() })
    }

    /// Whether a certificate is to be made.
    pub fn makes(&self) -> bool {
        self.make.is_some()
    }

    /// The place of the secret as it is typed into its field of the wizard; empty where the source itself, or nothing, says it.
    pub fn place(&self) -> String {
        match (&self.source, &self.make) {
            (_, Some(path)) => format!("make-certificate:{path}"),
            (Some(SourceRequest::Vault), _) => "vault".into(),
            (Some(SourceRequest::Keyring), _) => "keyring".into(),
            _ => String::new(),
        }
    }

    /// The source that the wizard begins with; what is asked for there is nothing to be named before.
    pub fn at(&self) -> Result<Option<CredentialSource>, Failure> {
        let at = |request: &Option<SourceRequest>| match request {
            Some(SourceRequest::At(source)) => Ok(Some(source.clone())),
            Some(SourceRequest::Stdin) => Err(Failure::usage(
                "standard input is a terminal, on which the wizard opens",
                "pipe the value in, or leave this out and type it there",
            )),
            Some(SourceRequest::Prompt | SourceRequest::Keyring | SourceRequest::Vault) | None => Ok(None),
        };
        let (source, password) = (at(&self.source)?, at(&self.password)?);
        Ok(match password.as_ref().and_then(CredentialSource::secret) {
            Some(password) => source.map(|source| match source {
                CredentialSource::Certificate(_) => source.with_secret(password.clone()),
                CredentialSource::Secret(_) => source,
            }),
            None => source,
        })
    }

    /// Gets what is asked for. `now` is the credential that the profile has, whose certificate a password alone is for.
    pub async fn choice(
        &self,
        context: &Context,
        session: &Session,
        now: Option<&CredentialSource>,
    ) -> Result<Option<SecretChoice>, Failure> {
        if let Some(path) = &self.make {
            // It is made when all the values were found right.
            return Ok(Some(SecretChoice::Source(CredentialSource::certificate(path))));
        }
        let path = match (&self.source, now) {
            (Some(SourceRequest::At(CredentialSource::Certificate(named))), _)
            | (None, Some(CredentialSource::Certificate(named))) => Some(named.path.clone()),
            _ => None,
        };
        match (&self.source, &self.password, path) {
            (None, None, _) => Ok(None),
            (_, password, Some(path)) => certificate(context, session, path, password.as_ref()).await.map(Some),
            (_, Some(_), None) => Err(Failure::usage(
                "--certificate-password is for a certificate",
                "name it with --secret certificate:PATH",
            )),
            (Some(place @ (SourceRequest::Keyring | SourceRequest::Vault)), None, None)
                if now.is_some_and(|now| moves(now, place)) =>
            {
                moved(context, session, now, place).await.map(Some)
            }
            (Some(source), None, None) => secret(context, session, source.clone()).await.map(Some),
        }
    }

    /// Makes the certificate that is asked for, and tells what is to be done with it.
    pub async fn make(
        &self,
        context: &Context,
        session: &Session,
        name: &ProfileName,
    ) -> Result<Option<MadeCertificate>, Failure> {
        let Some(path) = &self.make else { return Ok(None) };
        let made = work::make_certificate(session, Path::new(path), name).await?;
        context.printer.say(&format!("made {}: the key and its certificate, until {}", shown(path), made.ends));
        context.printer.say(&format!("upload {}", shown(&made.public.display().to_string())));
        context.printer.say(&format!("  thumbprint (SHA-1)    {}", made.thumbprint));
        context.printer.say(&format!("  thumbprint (SHA-256)  {}", made.thumbprint_sha256));
        context
            .printer
            .hint("App registrations › your app › Certificates & secrets › Certificates › Upload certificate");
        Ok(Some(made))
    }
}

/// Whether a source is read from standard input: where nobody can be asked, what keyring or vault are to keep is, too.
pub fn reads_stdin(source: &str, asks: bool) -> bool {
    source == "stdin" || !asks && matches!(source, "keyring" | "vault")
}

/// Whether the profile has a secret in another place than that.
fn moves(now: &CredentialSource, place: &SourceRequest) -> bool {
    match now {
        CredentialSource::Secret(SecretSource::Keyring { .. }) => *place != SourceRequest::Keyring,
        CredentialSource::Secret(SecretSource::Vault { .. }) => *place != SourceRequest::Vault,
        CredentialSource::Secret(_) => true,
        CredentialSource::Certificate(_) => false,
    }
}

/// Takes the secret from where it is, to keep it in the keyring or the vault.
async fn moved(
    context: &Context,
    session: &Session,
    now: Option<&CredentialSource>,
    place: &SourceRequest,
) -> Result<SecretChoice, Failure> {
    context.unlock_for(session, now).await?;
    if *place == SourceRequest::Vault {
        context.unlock(session).await?;
    }
    let source = now.and_then(CredentialSource::secret);
    let source = source.ok_or_else(|| Failure::usage("there is no secret to move", "--secret prompt, or stdin"))?;
    let value = work::read_secret(session, source).await.map_err(WorkError::from)?;
    context.printer.say(&format!("the secret is taken from {}", shown(&source.to_string())));
    Ok(match place {
        SourceRequest::Vault => SecretChoice::InVault(value),
        _ => SecretChoice::Value(value),
    })
}

/// The certificate of a file, with the password that opens its key, where it needs one.
async fn certificate(
    context: &Context,
    session: &Session,
    path: String,
    password: Option<&SourceRequest>,
) -> Result<SecretChoice, Failure> {
    let bare = CredentialSource::certificate(&path);
    let read = work::credential(session, &bare, None).await;
    let is_locked = matches!(read, Err(CredentialTrouble::Unfit { fault: CertificateFault::PasswordMissing, .. }));
    let read = match read {
        Err(CredentialTrouble::Unread(_)) if password.is_none() => {
            tell_about(context, read);
            return Ok(SecretChoice::Source(bare));
        }
        _ if is_locked => None,
        read => Some(read.map_err(unfit)?),
    };
    let in_vault = match password {
        Some(SourceRequest::Vault) => true,
        Some(SourceRequest::Keyring | SourceRequest::At(_)) => false,
        Some(SourceRequest::Stdin | SourceRequest::Prompt) | None => keeps_in_vault(session),
    };
    let typed = match password {
        Some(SourceRequest::At(source)) => {
            let source =
                source.secret().cloned().map_or_else(|| bare.clone(), |source| bare.clone().with_secret(source));
            match work::credential(session, &source, None).await {
                Err(trouble @ CredentialTrouble::Unfit { .. }) => return Err(unfit(trouble)),
                // Its password may come later.
                read => tell_about(context, read),
            }
            return Ok(SecretChoice::Source(source));
        }
        Some(SourceRequest::Stdin) => from_stdin().await?,
        // As the secret itself, where a script has it.
        Some(SourceRequest::Vault) if !context.is_interactive() => from_stdin().await?,
        Some(SourceRequest::Prompt | SourceRequest::Keyring | SourceRequest::Vault) if context.is_interactive() => {
            ask_password(&path).await?
        }
        Some(SourceRequest::Prompt | SourceRequest::Keyring | SourceRequest::Vault) => {
            return Err(Failure::usage(
                "a prompt needs a terminal",
                "pipe the password in: --certificate-password stdin",
            ));
        }
        None => match read {
            Some(read) => {
                tell_about(context, Ok(read));
                return Ok(SecretChoice::Source(bare));
            }
            None if context.is_interactive() => ask_password(&path).await?,
            None => {
                let what = if is_pfx(&path) { "the PFX file" } else { "the certificate's key" };
                return Err(Failure::usage(
                    format!("{what} is opened by a password, and that is missing"),
                    "--certificate-password SOURCE, where SOURCE is stdin, prompt, env:VAR, file:PATH or 'command:WORDS'",
                ));
            }
        },
    };
    let read = work::credential(session, &bare, Some(Arc::clone(&typed))).await.map_err(unfit)?;
    tell_about(context, Ok(read));
    if in_vault {
        context.unlock(session).await?;
    } else {
        fall_back(context, session).await?;
    }
    Ok(SecretChoice::Certificate { path, password: typed, in_vault })
}

/// Whether the settings say that what is typed goes into the vault.
fn keeps_in_vault(session: &Session) -> bool {
    session.settings().default_store == DefaultStore::Vault
}

fn unfit(trouble: CredentialTrouble) -> Failure {
    WorkError::Certificate(trouble).into()
}

/// Asks for the password of a certificate's file.
async fn ask_password(path: &str) -> Result<Arc<ClientSecret>, Failure> {
    from_prompt(if is_pfx(path) {
        "Password of the PFX file, hidden: "
    } else {
        "Password of the certificate's key, hidden: "
    })
    .await
}

/// What `--secret SOURCE` asks for.
pub fn source(given: &str) -> Result<SourceRequest, Failure> {
    match SourceRequest::parse(given) {
        // The next command may run in another folder.
        Ok(SourceRequest::At(source)) => Ok(SourceRequest::At(work::absolute(source))),
        Ok(other) => Ok(other),
        Err(message) => Err(Failure::usage(message, "--secret stdin, or --secret env:D365_SECRET")),
    }
}

/// Gets the secret that `--secret` speaks of: the value for `stdin`, `prompt` and `keyring`, the source for the others.
///
/// A source that cannot be read at the moment is told and taken all the same.
pub async fn secret(context: &Context, session: &Session, request: SourceRequest) -> Result<SecretChoice, Failure> {
    let into_vault = match request {
        SourceRequest::Vault => true,
        SourceRequest::Stdin | SourceRequest::Prompt => keeps_in_vault(session),
        SourceRequest::Keyring | SourceRequest::At(_) => false,
    };
    if into_vault {
        context.unlock(session).await?;
    }
    let value = match request {
        SourceRequest::Stdin => from_stdin().await?,
        // Keyring and vault take it from where a script has it.
        SourceRequest::Keyring | SourceRequest::Vault if !context.is_interactive() => from_stdin().await?,
        SourceRequest::Prompt | SourceRequest::Keyring | SourceRequest::Vault if context.is_interactive() => {
            from_prompt("Client secret (Value), hidden: ").await?
        }
        SourceRequest::Prompt | SourceRequest::Keyring | SourceRequest::Vault => {
            return Err(Failure::usage("a prompt needs a terminal", "pipe the value in and use --secret stdin"));
        }
        SourceRequest::At(CredentialSource::Certificate(named)) => {
            return certificate(context, session, named.path, None).await;
        }
        SourceRequest::At(source) => {
            look_at(context, session, &source).await;
            return Ok(SecretChoice::Source(source));
        }
    };
    tell(context, FieldId::Secret, &question::examine_secret(value.shape(), None));
    if into_vault {
        return Ok(SecretChoice::InVault(value));
    }
    fall_back(context, session).await?;
    Ok(SecretChoice::Value(value))
}

/// Where there is no keyring, the vault takes the secret: its passphrase is got now.
async fn fall_back(context: &Context, session: &Session) -> Result<(), Failure> {
    if let Some(why) = no_keyring(session).await?
        && !session.vault.has_passphrase()
        && (context.is_interactive() || context.names_passphrase())
    {
        context.printer.note(&format!("{why}: the vault takes the secret, behind a passphrase"));
        context.unlock(session).await?;
    }
    Ok(())
}

/// The same for a secret that nobody typed: it may also be dropped.
pub async fn offer_vault(context: &Context, session: &Session) -> Result<(), Failure> {
    if let Some(why) = no_keyring(session).await?
        && !session.vault.has_passphrase()
        && context.is_interactive()
        && confirm(context, &format!("{why}. Keep the secret in the vault, behind a passphrase?")).await?
    {
        context.unlock(session).await?;
    }
    Ok(())
}

/// Why the keyring cannot be used here, if it cannot.
pub async fn no_keyring(session: &Session) -> Result<Option<String>, Failure> {
    let keyring = session.keyring.clone();
    beside(move || Ok(keyring.usable().err().map(|trouble| trouble.to_string()))).await
}

/// Gets the passphrase of the vault: from where the flag says, else by asking. Without both it stays locked.
pub async fn passphrase(
    context: &Context,
    session: &Session,
    flag: Option<&str>,
) -> Result<Option<Arc<ClientSecret>>, Failure> {
    let request = match flag {
        Some(flag) => source(flag).map_err(|_| {
            Failure::usage(
                "the passphrase's source is stdin, prompt, env:VAR, file:PATH or command:WORDS",
                "--vault-passphrase env:D365_VAULT",
            )
        })?,
        None if context.is_interactive() => SourceRequest::Prompt,
        None => return Ok(None),
    };
    match request {
        SourceRequest::Stdin => from_stdin().await.map(Some),
        SourceRequest::Prompt if !context.is_interactive() => {
            Err(Failure::usage("a prompt needs a terminal", "--vault-passphrase env:D365_VAULT"))
        }
        SourceRequest::Prompt if session.vault.exists() => {
            from_prompt("Passphrase of the vault, hidden: ").await.map(Some)
        }
        SourceRequest::Prompt => new_passphrase(context).await.map(Some),
        SourceRequest::At(CredentialSource::Secret(source)) => {
            Ok(Some(work::read_secret(session, &source).await.map_err(WorkError::Passphrase)?))
        }
        SourceRequest::Keyring | SourceRequest::Vault | SourceRequest::At(CredentialSource::Certificate(_)) => {
            Err(Failure::usage("the vault's passphrase cannot be kept there", "--vault-passphrase env:D365_VAULT"))
        }
    }
}

/// Asks for a new passphrase, twice: nobody sees what was typed.
pub async fn new_passphrase(context: &Context) -> Result<Arc<ClientSecret>, Failure> {
    for _ in 0..TRIES {
        let first = from_prompt("New passphrase for the vault, hidden: ").await?;
        if first.is_short() {
            context.printer.note(SHORT_PASSPHRASE);
            continue;
        }
        let again = from_prompt("The same again, hidden: ").await?;
        #[expect(clippy::disallowed_methods, reason = "two typed passphrases are compared")]
        if first.is(again.reveal()) {
            return Ok(first);
        }
        context.printer.note("the two are not the same");
    }
    Err(Failure::usage("there is no new passphrase", "try again"))
}

/// Tells what can be said about a source before it is needed.
async fn look_at(context: &Context, session: &Session, source: &CredentialSource) {
    tell_about(context, work::credential(session, source, None).await);
}

fn tell_about(context: &Context, read: Result<Credential, CredentialTrouble>) {
    match read {
        Ok(Credential::Secret(secret)) => {
            tell(context, FieldId::Secret, &question::examine_secret(secret.shape(), None));
        }
        Ok(Credential::Certificate(read)) => {
            context.printer.say(&about(&read));
            let now = Timestamp::now();
            if read.ends() <= now {
                context.printer.note(&format!("it ended on {}: Entra does not take it any more", read.end_date()));
                context.printer.hint("--make-certificate PATH makes a new one");
            } else if read.begins() > now {
                context.printer.note(&format!("it is not valid before {}", read.begins()));
            }
        }
        Err(trouble @ CredentialTrouble::Unfit { .. }) => {
            context.printer.note(&format!("{trouble}; it is read again at each use"));
            context.printer.hint(trouble.hint());
        }
        Err(CredentialTrouble::Unread(trouble)) => {
            context.printer.note(&format!("cannot be read at the moment: {trouble}; it is tried at each use"));
        }
    }
}

/// What is to be known about a certificate: its thumbprint is what the portal shows.
fn about(certificate: &Certificate) -> String {
    format!("the certificate has thumbprint {}, its last day is {}", certificate.thumbprint(), certificate.end_date())
}

/// A secret that is the value of another field, as a problem of that field's twin.
pub fn mixed_up(choice: &SecretChoice, draft: &ProfileDraft) -> Option<Problem> {
    let (SecretChoice::Value(secret) | SecretChoice::InVault(secret)) = choice else { return None };
    let field = draft.values.iter().find(|(_, value)| secret.is(value)).map(|(field, _)| *field)?;
    let note = question::examine_secret(secret.shape(), Some(field)).into_iter().next()?;
    Some(Problem { field: FieldId::Secret, text: note.text })
}

async fn from_stdin() -> Result<Arc<ClientSecret>, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::usage("standard input is a terminal", "pipe the value in, or use --secret prompt"));
    }
    let read = beside(|| {
        // Never grown, so that no copy of it stays behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET + 4));
        std::io::stdin().lock().take(MAX_SECRET as u64 + 3).read_to_string(&mut text).map(|_| text)
    });
    let read = read.await?;
    if read.trim().is_empty() {
        return Err(Failure::usage("standard input holds no value", "pipe the value in"));
    }
    taken(read)
}

async fn from_prompt(question: &'static str) -> Result<Arc<ClientSecret>, Failure> {
    taken(prompt::hidden(question).await?)
}

fn taken(text: Zeroizing<String>) -> Result<Arc<ClientSecret>, Failure> {
    // Passwords and passphrases are read here as well.
    const HINT: &str = "of a client secret the Value column under Certificates & secrets is wanted";
    ClientSecret::new(text).map(Arc::new).map_err(|error| Failure::usage(error.to_string(), HINT))
}

/// Asks for a yes.
pub async fn confirm(context: &Context, question: &str) -> Result<bool, Failure> {
    context.printer.say(&format!("{question} [y/N]"));
    Ok(matches!(line().await?.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A line that is typed. Ctrl-D, the end of input, is an interruption.
pub async fn line() -> Result<String, Failure> {
    beside(|| {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line)?;
        if read == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
    })
    .await
}

/// Reads beside the loop, so that Ctrl-C is heard.
pub async fn beside<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    use std::io::ErrorKind::{Interrupted, InvalidData, UnexpectedEof};
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if matches!(error.kind(), Interrupted | UnexpectedEof) => Err(Failure::interrupted()),
        Ok(Err(error)) if error.kind() == InvalidData => {
            Err(Failure::usage("the input is not text", "UTF-8 is expected"))
        }
        Ok(Err(error)) => Err(Failure::here(format!("the input cannot be read: {error}"), "try again")),
        Err(_) => Err(Failure::interrupted()),
    }
}
