//! A form: the fields of a profile while they are typed, with their checks, for wizard and editor alike.
//!
//! Knows what may be saved and what is wrong with it. Does not know which screen shows it.

use crate::app::effect::SecretWish;
use crate::app::key::{Key, Paste};
use crate::app::msg::Vault;
use crate::core::cloud::Clouds;
use crate::core::credential::is_pfx;
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft, SecretSource, SourceRequest};
use crate::core::question::{self, FieldId, Note, Weight};
use crate::core::secret::{ClientSecret, SecretBuffer, looks_like_secret};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;
use tui_input::{Input, InputRequest};

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKey {
    /// The profile's name.
    Name,
    /// A value of the profile; [`FieldId::Secret`] is the secret's value.
    Of(FieldId),
    /// Where the secret is kept.
    Source,
}

/// What was typed into a field.
#[derive(Debug)]
pub enum Entry {
    /// Plain text.
    Plain(Input),
    /// A secret.
    Secret(SecretBuffer),
}

/// One field.
#[derive(Debug)]
pub struct Field {
    /// Which.
    pub key: FieldKey,
    /// What was typed.
    pub entry: Entry,
    /// The cursor was in it and left it: from then on problems are shown as such.
    pub left: bool,
}

/// Whether a profile is made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A new one.
    New,
    /// A saved one, as it was read.
    Change(ProfileName, ProfileDraft),
}

/// The fields of one profile.
#[derive(Debug)]
pub struct Form {
    /// The guide.
    pub guide: &'static Guide,
    /// New or changed.
    pub purpose: Purpose,
    /// The fields, in the order of the guide.
    pub fields: Vec<Field>,
    /// The secret is shown for a moment.
    pub revealed: bool,
    /// Why the keyring cannot be used here, if it cannot.
    pub no_keyring: Option<String>,
    /// The keyring has answered.
    pub keyring_answers: bool,
    /// How the vault stands.
    pub vault: Vault,
    /// The credential that a new set-up began with.
    named: Option<CredentialSource>,
    /// The settings say that what is typed goes into the vault.
    pub prefers_vault: bool,
    /// The place from which the credential was last tried to be read: what came of it, once that is known.
    pub tried: Option<(CredentialSource, Option<Result<String, String>>)>,
    /// Odd hosts to which the operator said yes.
    pub confirmed: BTreeSet<String>,
    /// The saved secret is known not to work.
    pub refused_secret: bool,
    /// The last test of exactly what is here now passed.
    pub tested: bool,
    /// What the text that led here names in place of a value.
    pub others: Vec<(FieldId, String)>,
    /// It is being saved under that name: nothing is typed meanwhile.
    pub saving: Option<ProfileName>,
    /// When it is saved, home is seen: it is not tested.
    pub leaves: bool,
    clouds: &'static Clouds,
    today: Date,
    taken: Vec<ProfileName>,
    /// What the form held when it was opened or last saved or kept; `None` when keeping it failed.
    kept: Option<(String, ProfileDraft)>,
}

impl Form {
    /// A form for a guide, filled from a draft. `taken` are the names of other profiles.
    pub fn new(
        guide: &'static Guide,
        clouds: &'static Clouds,
        today: Date,
        name: &str,
        draft: &ProfileDraft,
        purpose: Purpose,
        taken: Vec<ProfileName>,
    ) -> Form {
        let mut keys = vec![FieldKey::Name];
        for step in &guide.steps {
            for field in &step.collects {
                keys.push(FieldKey::Of(*field));
                if *field == FieldId::Secret {
                    keys.push(FieldKey::Source);
                }
            }
        }
        // Fields that no step collects can still be edited.
        for field in guide.optional.iter().map(|field| FieldKey::Of(*field)) {
            if !keys.contains(&field) {
                keys.push(field);
            }
        }
        let fields = keys
            .into_iter()
            .map(|key| {
                let text = match key {
                    FieldKey::Name => name.to_owned(),
                    FieldKey::Of(field) => draft.value(field).to_owned(),
                    FieldKey::Source => draft.source.as_ref().map_or(KEYRING.into(), source_text),
                };
                let entry = match key {
                    FieldKey::Of(FieldId::Secret) => Entry::Secret(SecretBuffer::default()),
                    _ => Entry::Plain(Input::new(text)),
                };
                Field { key, entry, left: false }
            })
            .collect();
        let mut form = Form {
            guide,
            purpose,
            fields,
            revealed: false,
            no_keyring: None,
            keyring_answers: false,
            vault: Vault::default(),
            prefers_vault: false,
            named: draft.source.clone().filter(|source| source.kept().is_none()),
            tried: None,
            confirmed: BTreeSet::new(),
            clouds,
            today,
            taken,
            kept: None,
            saving: None,
            leaves: false,
            refused_secret: false,
            tested: false,
            others: Vec::new(),
        };
        form.mark_kept();
        form
    }

    /// Somebody else has changed the saved profile: what only they changed is taken over. Of what both changed, theirs is
    /// taken for these fields.
    pub fn rebase(&mut self, now: ProfileDraft, theirs: &[FieldId]) {
        let Purpose::Change(name, was) = &self.purpose else { return };
        let (name, ours) = (name.clone(), self.draft());
        let mut all = ours.over(was, &now);
        let is_source_theirs = ours.source == was.source || theirs.contains(&FieldId::Secret);
        theirs.iter().for_each(|field| all.set(*field, now.value(*field)));
        if is_source_theirs {
            self.put(FieldKey::Of(FieldId::Secret), "");
            self.put(FieldKey::Source, &now.source.as_ref().map_or(KEYRING.into(), source_text));
        }
        for field in FieldId::ALL.into_iter().filter(|field| *field != FieldId::Secret) {
            self.put(FieldKey::Of(field), all.value(field));
        }
        self.purpose = Purpose::Change(name, now);
    }

    /// A new secret goes into the vault where nothing else was said: what stands in the field of its place is ours.
    pub fn default_to_vault(&mut self) {
        if self.text(FieldKey::Source) != KEYRING || self.saved_source().is_some() {
            return;
        }
        let dirty = self.dirty();
        self.put(FieldKey::Source, VAULT);
        if !dirty {
            self.mark_kept();
        }
    }

    /// Whether something would be lost if the form went now: a typed secret, or values that are neither saved nor kept.
    pub fn dirty(&self) -> bool {
        self.secret_chars() > 0 || self.kept.as_ref().is_none_or(|kept| *kept != self.state())
    }

    fn state(&self) -> (String, ProfileDraft) {
        (self.text(FieldKey::Name).to_owned(), self.draft())
    }

    /// What is there now counts as kept, but for a typed secret.
    pub fn mark_kept(&mut self) {
        self.kept = Some(self.state());
    }

    /// Keeping it failed.
    pub fn not_kept(&mut self) {
        self.kept = None;
    }

    /// The names of other profiles and drafts, as they are now.
    pub fn set_taken(&mut self, taken: Vec<ProfileName>) {
        self.taken = taken;
    }

    /// The label of a field on screen, in the words of the guide; of a certificate's fields, what they hold then.
    pub fn label(&self, key: FieldKey) -> &str {
        match (key, self.certificate()) {
            (FieldKey::Name, _) => "Profile name",
            (FieldKey::Of(FieldId::Secret), Some(path)) => password_label(path),
            (FieldKey::Of(FieldId::Expires), Some(_)) => "Certificate expires",
            (FieldKey::Of(field), _) => self.guide.label(field),
            (FieldKey::Source, Some(_)) => "Certificate",
            (FieldKey::Source, None) => "Secret is kept in",
        }
    }

    /// Where the value of a field is found, in the words of the guide, with an example.
    pub fn help(&self, key: FieldKey) -> String {
        let (help, example) = match key {
            FieldKey::Name => ("under which the connection is saved", "contoso-uat"),
            FieldKey::Of(FieldId::Secret) if self.certificate().is_some() => {
                return "opens the certificate's file; leave it empty where the file has none".into();
            }
            FieldKey::Of(FieldId::Expires) if self.certificate().is_some() => {
                return "read from the certificate when this is saved".into();
            }
            FieldKey::Of(FieldId::Secret) => (self.guide.help(FieldId::Secret), "about 40 characters"),
            FieldKey::Of(field) => (self.guide.help(field), self.guide.example(field)),
            FieldKey::Source => (
                "keyring, vault, or a place it is read from at each use: env:VAR, file:PATH, command:WORDS; or certificate:PATH, \
                 whose password, if it has one, goes into the field above; make-certificate:PATH makes one",
                "env:D365_SECRET",
            ),
        };
        format!("{help} ({example})")
    }

    /// The file of the certificate that is named, or to be made, in place of a secret.
    pub fn certificate(&self) -> Option<&str> {
        let source = self.text(FieldKey::Source).trim();
        source.strip_prefix("certificate:").or_else(|| source.strip_prefix(MAKE))
    }

    /// The field of that key.
    pub fn field(&self, key: FieldKey) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// To be changed: what was tested is not what is there any more.
    fn field_mut(&mut self, key: FieldKey) -> Option<&mut Field> {
        self.tested = false;
        self.fields.iter_mut().find(|field| field.key == key)
    }

    /// A plain field's text; empty for the secret.
    pub fn text(&self, key: FieldKey) -> &str {
        match self.field(key).map(|field| &field.entry) {
            Some(Entry::Plain(input)) => input.value(),
            _ => "",
        }
    }

    fn buffer(&self) -> Option<&SecretBuffer> {
        match self.field(FieldKey::Of(FieldId::Secret)).map(|field| &field.entry) {
            Some(Entry::Secret(buffer)) => Some(buffer),
            _ => None,
        }
    }

    /// How many characters of a secret were received.
    pub fn secret_chars(&self) -> usize {
        self.buffer().map_or(0, SecretBuffer::chars)
    }

    /// Puts a text into a field, in place of what is there.
    pub fn put(&mut self, key: FieldKey, text: &str) {
        match self.field_mut(key).map(|field| &mut field.entry) {
            Some(Entry::Plain(input)) => *input = Input::new(text.to_owned()),
            Some(Entry::Secret(buffer)) => {
                buffer.clear();
                text.chars().for_each(|c| {
                    buffer.insert(c);
                });
            }
            None => {}
        }
    }

    /// A key for a field. `false` when the field has no use for it.
    pub fn key(&mut self, at: FieldKey, key: Key) -> bool {
        let Some(field) = self.field_mut(at) else { return false };
        match &mut field.entry {
            Entry::Plain(input) => {
                let Some(request) = request(key) else { return false };
                input.handle(request);
            }
            Entry::Secret(buffer) => return type_hidden(buffer, key),
        }
        true
    }

    /// A paste into a field. Says what was not taken as it was.
    pub fn paste(&mut self, at: FieldKey, paste: &Paste) -> Option<String> {
        let mut told = Vec::new();
        if paste.dropped_controls {
            told.push("control characters were dropped");
        }
        // A secret that is shown for a moment is not shown with what comes after.
        self.revealed = false;
        if paste.cut {
            told.push("only the first 64 KiB were taken");
        }
        let text = paste.text.trim_matches(['\n', ' ', '\t']);
        if text.contains('\t') {
            told.push("tabs became blanks");
        }
        let signs = || text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control());
        let secret = self.label(FieldKey::Of(FieldId::Secret)).to_owned();
        let field = self.field_mut(at)?;
        match &mut field.entry {
            Entry::Plain(input) => {
                // A secret pasted into another field must not stay readable there (safety rule 6).
                if looks_like_secret(&question::clean(text).0) {
                    return Some(format!(
                        "this looks like a secret's value and was not taken: paste it into '{secret}'"
                    ));
                }
                if text.contains('\n') {
                    told.push("line ends were dropped");
                }
                if at == FieldKey::Source {
                    // What stands there is a word of ours: a pasted source takes its place.
                    *input = Input::default();
                }
                for c in signs().take(2048) {
                    input.handle(InputRequest::InsertChar(c));
                }
            }
            Entry::Secret(buffer) => {
                if text.contains('\n') {
                    told.push("line ends were dropped");
                }
                let fits = signs().all(|c| buffer.insert(c));
                if !fits {
                    told.push("it is longer than any secret: the rest was dropped");
                }
            }
        }
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// The cursor leaves a field: what was typed is put into its final form.
    pub fn leave(&mut self, key: FieldKey) {
        if let FieldKey::Of(field) = key
            && field != FieldId::Secret
        {
            let mut draft = ProfileDraft::new(&self.guide.id);
            draft.set(field, self.text(key));
            // Something that is no URL or date stays as it was typed, so that it can be mended.
            let tidy = draft.value(field).to_owned();
            if tidy != self.text(key) {
                self.put(key, &tidy);
            }
        }
        if let Some(field) = self.fields.iter_mut().find(|field| field.key == key) {
            field.left = true;
        }
        self.suggest_name();
    }

    /// With a URL and no name yet, the host's first label is a good name.
    fn suggest_name(&mut self) {
        if self.purpose != Purpose::New || !self.text(FieldKey::Name).is_empty() {
            return;
        }
        let url = self.text(FieldKey::Of(FieldId::ResourceUrl));
        let Ok((url, _)) = crate::core::resource::ResourceUrl::parse(url) else { return };
        let label = url.host().split('.').next().unwrap_or_default().to_owned();
        let name = (1..100)
            .map(|n| if n == 1 { label.clone() } else { format!("{label}-{n}") })
            .find(|name| name.parse::<ProfileName>().is_ok_and(|name| !self.taken.contains(&name)));
        if let Some(name) = name {
            self.put(FieldKey::Name, &name);
        }
    }

    /// The values as typed, with the source of the secret where that is settled.
    pub fn draft(&self) -> ProfileDraft {
        let mut draft = match &self.purpose {
            Purpose::Change(_, saved) => saved.clone(),
            Purpose::New => ProfileDraft::new(&self.guide.id),
        };
        for field in &self.fields {
            if let (FieldKey::Of(id), Entry::Plain(input)) = (field.key, &field.entry) {
                draft.set(id, input.value());
            }
        }
        match self.wish() {
            Ok(SecretWish::Source(source)) => draft.source = Some(source),
            Ok(SecretWish::Keep) => {}
            // The entry is made when it is saved. A test uses what was typed, wherever it will be kept.
            Ok(SecretWish::Value(_) | SecretWish::InVault(_)) => draft.source = Some(in_keyring().into()),
            Ok(SecretWish::Make(path)) => draft.source = Some(CredentialSource::certificate(&path)),
            Ok(SecretWish::Certificate(path, _)) => {
                draft.source = Some(CredentialSource::certificate(&path).with_secret(in_keyring()));
            }
            Err(_) if self.typed_secret().is_some() => draft.source = Some(in_keyring().into()),
            Err(_) => draft.source = None,
        }
        // The end of the credential before is not that of another certificate, which tells its own.
        if let Purpose::Change(_, saved) = &self.purpose
            && matches!(draft.source, Some(CredentialSource::Certificate(_)))
            && draft.source != saved.source
            && draft.value(FieldId::Expires) == saved.value(FieldId::Expires)
        {
            draft.set(FieldId::Expires, "");
        }
        draft
    }

    /// The secret as typed, for a test before it is saved.
    pub fn typed_secret(&self) -> Option<Arc<ClientSecret>> {
        self.buffer().and_then(|buffer| buffer.finish().ok())
    }

    fn saved_source(&self) -> Option<&CredentialSource> {
        match &self.purpose {
            Purpose::Change(_, saved) => saved.source.as_ref(),
            Purpose::New => None,
        }
    }

    fn without_keyring(&self) -> (FieldKey, String) {
        let why = self.no_keyring.as_deref().unwrap_or_default();
        let what = format!(
            "no keyring can be used here ({why}); name vault, or a place it is read from: env:VAR, file:PATH or command:WORDS"
        );
        (FieldKey::Source, what)
    }

    /// What is to become of the secret when the form is saved.
    ///
    /// # Errors
    /// With the field and what is wrong with it.
    pub fn wish(&self) -> Result<SecretWish, (FieldKey, String)> {
        let secret = FieldKey::Of(FieldId::Secret);
        let typed = match self.buffer() {
            Some(buffer) if !buffer.is_empty() => Some(buffer.finish().map_err(|error| (secret, error.to_string()))?),
            _ => None,
        };
        let (source, _) = question::clean(self.text(FieldKey::Source));
        if let Some(path) = source.strip_prefix(MAKE) {
            return match path.trim() {
                "" => Err((FieldKey::Source, format!("{MAKE} wants a path, as in {MAKE}/etc/d365/contoso.pem"))),
                path => Ok(SecretWish::Make(path.to_owned())),
            };
        }
        let request = match source.as_str() {
            "" => return Err((FieldKey::Source, "say where the secret is kept".into())),
            text => SourceRequest::parse(text).map_err(|what| (FieldKey::Source, what))?,
        };
        match request {
            // What is typed beside a certificate is the password of its key.
            SourceRequest::At(CredentialSource::Certificate(certificate)) => match (typed, self.saved_source()) {
                (Some(password), _) => Ok(SecretWish::Certificate(certificate.path, password)),
                (None, Some(CredentialSource::Certificate(saved))) if saved.path == certificate.path => {
                    Ok(SecretWish::Keep)
                }
                (None, _) => Ok(SecretWish::Source(match &self.named {
                    Some(named @ CredentialSource::Certificate(own)) if own.path == certificate.path => named.clone(),
                    _ => CredentialSource::Certificate(certificate),
                })),
            },
            SourceRequest::At(source) => Ok(SecretWish::Source(source)),
            SourceRequest::Stdin | SourceRequest::Prompt => Err((
                FieldKey::Source,
                "type the value above; it is kept in the keyring or the vault, or read from env:, file: or command:"
                    .into(),
            )),
            SourceRequest::Keyring => match (typed, self.saved_source()) {
                (Some(_), _) if self.no_keyring.is_some() => Err(self.without_keyring()),
                (Some(value), _) => Ok(SecretWish::Value(value)),
                (None, Some(CredentialSource::Secret(SecretSource::Keyring { .. }))) => Ok(SecretWish::Keep),
                (None, saved) => Err((secret, missing(saved, KEYRING))),
            },
            SourceRequest::Vault => match (typed, self.saved_source()) {
                (Some(value), _) => Ok(SecretWish::InVault(value)),
                (None, Some(CredentialSource::Secret(SecretSource::Vault { .. }))) => Ok(SecretWish::Keep),
                (None, saved) => Err((secret, missing(saved, VAULT))),
            },
        }
    }

    /// The notes on one field, the weightiest first.
    pub fn notes(&self, key: FieldKey) -> Vec<Note> {
        match key {
            FieldKey::Name => self.name_notes(),
            FieldKey::Source => self.source_notes(),
            FieldKey::Of(FieldId::Secret) => self.secret_notes(),
            FieldKey::Of(field) => {
                let mut draft = self.draft();
                // The raw text, so that what was put right can be told.
                draft.values.insert(field, self.text(key).to_owned());
                let mut notes = draft.notes(field, self.guide, self.clouds, self.today);
                let known = |note: &Note| note.weight == Weight::Odd && self.is_confirmed(draft.value(field));
                notes.retain(|note| !known(note));
                let other = self.others.iter().find(|(of, other)| *of == field && *other != self.text(key));
                if let Some((_, other)) = other {
                    let note = Note::new(Weight::Hint, format!("differs: the text is about {other}"));
                    // The weightiest comes first.
                    let at = notes.iter().position(|note| note.weight < Weight::Hint).unwrap_or(notes.len());
                    notes.insert(at, note);
                }
                notes
            }
        }
    }

    fn name_notes(&self) -> Vec<Note> {
        let text = self.text(FieldKey::Name);
        if text.is_empty() {
            return Vec::new();
        }
        if looks_like_secret(&question::clean(text).0) {
            return vec![misplaced_secret()];
        }
        match text.parse::<ProfileName>() {
            Err(error) => vec![Note::new(Weight::Problem, error.message)],
            Ok(_) if self.purpose != Purpose::New && !self.changed(FieldKey::Name) => Vec::new(),
            Ok(name) if self.taken.contains(&name) => {
                vec![Note::new(Weight::Problem, "there is a profile or draft of that name already")]
            }
            Ok(_) => vec![Note::new(Weight::Good, "free")],
        }
    }

    fn source_notes(&self) -> Vec<Note> {
        if looks_like_secret(&question::clean(self.text(FieldKey::Source)).0) {
            return vec![misplaced_secret()];
        }
        match self.wish() {
            Err((FieldKey::Source, what)) => vec![Note::new(Weight::Problem, what)],
            Ok(SecretWish::Make(_)) => {
                let mut text = "a key and its certificate for twelve months are made there on saving; upload the .cer file \
                                beside it"
                    .to_owned();
                if self.secret_chars() > 0 {
                    text.push_str("; the value typed above is not used");
                }
                vec![Note::new(Weight::Good, text)]
            }
            Ok(SecretWish::Certificate(..)) => {
                let place = if self.no_keyring.is_some() || self.prefers_vault { "vault" } else { "keyring" };
                let text = format!("opened with the password typed above, which is kept in the {place}");
                vec![Note::new(Weight::Good, text)]
            }
            Ok(SecretWish::Keep) if self.refused_secret && self.certificate().is_some() => {
                vec![Note::new(Weight::Hint, "this one does not work: name another file, or make-certificate:PATH makes one")]
            }
            Ok(SecretWish::Source(_)) if self.secret_chars() > 0 => {
                vec![Note::new(
                    Weight::Hint,
                    "read from there at each use; the value typed above serves this test only and is not saved",
                )]
            }
            Ok(SecretWish::Source(source)) => vec![self.read_note(&source)],
            Ok(SecretWish::Keep) if self.readable_source().is_some() || self.certificate().is_some() => {
                self.saved_source().map(|source| self.read_note(source)).into_iter().collect()
            }
            _ if question::clean(self.text(FieldKey::Source)).0 == VAULT => vec![self.vault_note()],
            _ if self.keyring_answers => vec![Note::new(Weight::Good, "the keyring can be used now")],
            _ => self
                .no_keyring
                .iter()
                .map(|why| {
                    let text = match self.wish() {
                        Ok(SecretWish::Keep) => format!("the saved one is in the keyring, which cannot be used now ({why})"),
                        _ => format!(
                            "no keyring can be used here ({why}): name vault, env:VAR, file:PATH or command:WORDS before you \
                             save"
                        ),
                    };
                    Note::new(Weight::Hint, text)
                })
                .collect(),
        }
    }

    /// Where it is read from, and whether it can be read now.
    fn read_note(&self, source: &CredentialSource) -> Note {
        let place = format!("read from {source} at each use");
        match &self.tried {
            Some((tried, Some(Ok(what)))) if tried == source => Note::new(Weight::Good, format!("{place}; {what}")),
            Some((tried, Some(Err(why)))) if tried == source => {
                Note::new(Weight::Hint, format!("{place}; it cannot be read now: {why}"))
            }
            _ => Note::new(Weight::Good, place),
        }
    }

    fn vault_note(&self) -> Note {
        let kept = self.saved_source().is_some() && self.buffer().is_none_or(SecretBuffer::is_empty);
        let (weight, text) = match self.vault {
            Vault::Open => (Weight::Good, "the vault is open"),
            Vault::Locked => (Weight::Good, "the vault is locked now: its passphrase is asked for when it is needed"),
            Vault::Absent if kept => (Weight::Hint, "it cannot be read now: there is no vault"),
            Vault::Absent => (Weight::Good, "there is no vault yet: saving makes it, behind a passphrase"),
        };
        match &self.no_keyring {
            Some(why) => Note::new(
                weight,
                format!("this program's vault keeps it, as no keyring can be used here ({why}); {text}"),
            ),
            None => Note::new(weight, text),
        }
    }

    /// Where the credential is read from, if nothing is started by reading it, and nobody is asked.
    pub fn readable_source(&self) -> Option<CredentialSource> {
        let source = match self.wish().ok()? {
            SecretWish::Source(source) => source,
            SecretWish::Keep => self.saved_source()?.clone(),
            _ => return None,
        };
        let quiet = |source: &SecretSource| matches!(source, SecretSource::Env { .. } | SecretSource::File { .. });
        let is_quiet = match &source {
            CredentialSource::Secret(source) => quiet(source),
            CredentialSource::Certificate(certificate) => certificate.password.as_ref().is_none_or(quiet),
        };
        is_quiet.then_some(source)
    }

    fn secret_notes(&self) -> Vec<Note> {
        let Some(buffer) = self.buffer() else { return Vec::new() };
        if self.certificate().is_some() {
            let is_kept = buffer.is_empty()
                && matches!(self.wish(), Ok(SecretWish::Keep))
                && self.saved_source().is_some_and(|source| source.secret().is_some());
            // Whatever a password looks like is no matter.
            return is_kept.then(|| Note::new(Weight::Good, "the saved one is kept")).into_iter().collect();
        }
        if buffer.is_empty() {
            return match self.saved_source() {
                Some(_) if self.refused_secret => {
                    vec![Note::new(Weight::Hint, "the saved one does not work: put the new value here")]
                }
                Some(_) => vec![Note::new(Weight::Good, "the saved one is kept")],
                None => Vec::new(),
            };
        }
        let same = [FieldId::ClientId, FieldId::TenantId]
            .into_iter()
            .find(|field| buffer.is(self.text(FieldKey::Of(*field)).trim()));
        question::examine_secret(buffer.shape(), same)
    }

    /// Whether a typed secret has no place to be kept in: the keyring is meant, and cannot be used here.
    pub fn homeless_secret(&self) -> bool {
        self.no_keyring.is_some()
            && self.typed_secret().is_some()
            && question::clean(self.text(FieldKey::Source)).0 == KEYRING
    }

    /// Everything that keeps the form from being tested, or from being saved, in the order of the fields. A test needs
    /// no name, and no place for a secret that was typed.
    pub fn problems(&self, to_save: bool) -> Vec<(FieldKey, String)> {
        let mut problems = Vec::new();
        if to_save {
            match self.text(FieldKey::Name).parse::<ProfileName>() {
                Err(error) if self.text(FieldKey::Name).is_empty() => {
                    problems.push((FieldKey::Name, format!("missing; {}", error.hint)));
                }
                Err(error) => problems.push((FieldKey::Name, error.message)),
                Ok(name) if self.taken.contains(&name) => problems.push((FieldKey::Name, "taken already".into())),
                Ok(_) => {}
            }
        }
        match self.wish() {
            Err((FieldKey::Source, _)) if !to_save && self.typed_secret().is_some() => {}
            Err(problem) => problems.push(problem),
            Ok(SecretWish::Make(_)) if !to_save => {
                problems
                    .push((FieldKey::Source, "there is no certificate yet: ctrl-s makes it, saves, and tests".into()));
            }
            Ok(_) => {}
        }
        let name = self.profile_name();
        if let Err(found) = self.draft().check(&name, self.guide, self.clouds) {
            problems.extend(
                found.into_iter().filter(|p| p.field != FieldId::Secret).map(|p| (FieldKey::Of(p.field), p.text)),
            );
        }
        problems.extend(
            self.secret_notes()
                .into_iter()
                .filter(|note| note.weight == Weight::Problem)
                .map(|note| (FieldKey::Of(FieldId::Secret), note.text)),
        );
        let place = |key: FieldKey| self.fields.iter().position(|field| field.key == key);
        problems.sort_by_key(|(key, _)| place(*key));
        problems
    }

    /// The weight of the worst note on a field.
    pub fn worst(&self, key: FieldKey) -> Option<Weight> {
        self.notes(key).iter().map(|note| note.weight).max()
    }

    /// What may be wrong without keeping the form from being tested, in the order of the fields.
    pub fn doubts(&self) -> Vec<(FieldKey, String)> {
        let doubts = |field: &Field| {
            let notes = self.notes(field.key).into_iter();
            let doubtful = notes.filter(|note| matches!(note.weight, Weight::Hint | Weight::Odd));
            doubtful.map(|note| (field.key, note.text)).collect::<Vec<_>>()
        };
        self.fields.iter().flat_map(doubts).collect()
    }

    /// The name, or a stand-in that no other draft has while there is none.
    pub fn profile_name(&self) -> ProfileName {
        // A name that another draft has is not taken away from it.
        if let Ok(name) = self.text(FieldKey::Name).parse()
            && !self.taken.contains(&name)
        {
            return name;
        }
        let names = (1_u32..).map(|n| if n == 1 { "unnamed".to_owned() } else { format!("unnamed-{n}") });
        match names.filter_map(|name| name.parse().ok()).find(|name| !self.taken.contains(name)) {
            Some(name) => name,
            None => unreachable!("there is always a free number"),
        }
    }

    /// Hosts that are odd and were not yet said yes to.
    pub fn odd_hosts(&self) -> Vec<(FieldKey, String)> {
        [FieldId::ResourceUrl, FieldId::AuthorityUrl, FieldId::GraphUrl]
            .into_iter()
            .map(FieldKey::Of)
            .filter_map(|key| {
                self.notes(key).into_iter().find(|note| note.weight == Weight::Odd).map(|note| (key, note.text))
            })
            .collect()
    }

    fn is_confirmed(&self, url: &str) -> bool {
        let saved = match &self.purpose {
            Purpose::Change(_, saved) => saved.values.values().any(|value| value == url),
            Purpose::New => false,
        };
        saved || self.confirmed.contains(url)
    }

    /// The operator said yes to the odd hosts that are there now.
    pub fn confirm_hosts(&mut self) {
        for (key, _) in self.odd_hosts() {
            let mut draft = ProfileDraft::default();
            if let FieldKey::Of(field) = key {
                draft.set(field, self.text(key));
                self.confirmed.insert(draft.value(field).to_owned());
            }
        }
    }

    /// Whether a field differs from the saved profile.
    pub fn changed(&self, key: FieldKey) -> bool {
        let Purpose::Change(name, saved) = &self.purpose else { return false };
        match key {
            FieldKey::Name => self.text(key) != name.as_str(),
            FieldKey::Of(FieldId::Secret) => self.secret_chars() > 0,
            FieldKey::Of(field) => self.draft().value(field) != saved.value(field),
            FieldKey::Source => self.text(key) != saved.source.as_ref().map_or(KEYRING.into(), source_text),
        }
    }

    /// A field goes back to what is saved.
    pub fn undo(&mut self, key: FieldKey) {
        let Purpose::Change(name, saved) = &self.purpose else { return };
        let text = match key {
            FieldKey::Name => name.as_str().to_owned(),
            FieldKey::Of(field) => saved.value(field).to_owned(),
            FieldKey::Source => saved.source.as_ref().map_or(KEYRING.into(), source_text),
        };
        self.put(key, &text);
    }
}

/// A key for a hidden text. `false` when there is no use for it.
pub fn type_hidden(buffer: &mut SecretBuffer, key: Key) -> bool {
    match key {
        Key::Char(c) => {
            buffer.insert(c);
        }
        Key::Backspace => buffer.backspace(),
        Key::Delete => buffer.delete(),
        Key::Left => buffer.left(),
        Key::Right => buffer.right(),
        Key::Home | Key::Ctrl('a') => buffer.home(),
        Key::End | Key::Ctrl('e') => buffer.end(),
        Key::Ctrl('u') => buffer.clear(),
        _ => return false,
    }
    true
}

fn misplaced_secret() -> Note {
    Note::new(Weight::Problem, "this looks like a secret's value: it belongs into the secret field")
}

/// Places of a secret as they are typed.
const KEYRING: &str = "keyring";
const VAULT: &str = "vault";

/// Before a path: a key and a certificate are made there when the form is saved.
const MAKE: &str = "make-certificate:";

/// What is said where a secret is to be kept in another place than before, and its value is not there.
fn missing(saved: Option<&CredentialSource>, place: &str) -> String {
    match saved {
        Some(CredentialSource::Secret(_)) => {
            format!("missing; without typing it again, d365-connect edit NAME --secret {place} moves it there")
        }
        Some(CredentialSource::Certificate(_)) | None => "missing".into(),
    }
}

/// What the password of a certificate's file is called.
fn password_label(path: &str) -> &'static str {
    if is_pfx(path) { "Password of the PFX file" } else { "Password of the key" }
}

/// A source as it is typed.
fn source_text(source: &CredentialSource) -> String {
    match source {
        CredentialSource::Secret(SecretSource::Keyring { .. }) => KEYRING.into(),
        CredentialSource::Secret(SecretSource::Vault { .. }) => VAULT.into(),
        CredentialSource::Secret(SecretSource::Env { var }) => format!("env:{var}"),
        CredentialSource::Secret(SecretSource::File { path }) => format!("file:{path}"),
        CredentialSource::Secret(SecretSource::Command { words }) => format!("command:{words}"),
        CredentialSource::Certificate(certificate) => format!("certificate:{}", certificate.path),
    }
}

/// In the keyring, under an entry that is made when it is saved.
fn in_keyring() -> SecretSource {
    SecretSource::Keyring { entry: String::new() }
}

/// What a key does to a text that is typed.
pub(super) fn request(key: Key) -> Option<InputRequest> {
    Some(match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('u') => InputRequest::DeleteLine,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}
