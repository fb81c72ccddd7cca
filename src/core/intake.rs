//! Pasted text in, recognised values out: a portal page, JSON of `az`, environment variables, manifests, scripts, this
//! program's own exports.
//!
//! Recognises by label, and by shape where the shape leaves no doubt. Keeps nothing: what was found is shown and
//! confirmed before anybody uses it.

mod reading;

use crate::core::cloud::{CloudId, Clouds, HostKind};
use crate::core::guide::Guide;
use crate::core::names::{TenantId, parse_guid};
use crate::core::profile::{self, ProfileDraft};
use crate::core::question::{self, FieldId, clean};
use crate::core::resource::ResourceUrl;
use crate::core::secret::{SecretShape, is_placeholder, looks_like_secret};
use reading::{Pair, Written};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

/// One recognised value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The field it is for.
    pub field: FieldId,
    /// The value.
    pub value: String,
    /// What told so: `"appId"`, `Directory (tenant) ID`, `the host`.
    pub by: String,
    /// On which line, from 1, where that is known.
    pub line: Option<usize>,
}

/// What a paste holds.
#[derive(Default)]
pub struct Intake {
    /// Plain values, each field once.
    pub found: Vec<Found>,
    /// The secret's value, if one was there.
    pub secret: Option<Zeroizing<String>>,
    /// What told that it is the secret, and on which line.
    pub secret_by: String,
    /// Nothing had a label that is known: the shape alone told what it is.
    pub by_shape: bool,
    /// The guide that the values fit, by its id; none where they fit the usual one as well.
    pub guide: Option<String>,
    /// Things that were seen and left alone, for people: `Object ID (not needed)`.
    pub left: Vec<String>,
}

impl Intake {
    /// How many values were recognised.
    pub fn len(&self) -> usize {
        self.found.len() + usize::from(self.secret.is_some())
    }

    /// Whether nothing was recognised.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a field.
    pub fn value(&self, field: FieldId) -> Option<&str> {
        self.found.iter().find(|found| found.field == field).map(|found| found.value.as_str())
    }

    /// The values as a profile of a guide. What the guide's product has of its own accord is left out, and what the guide
    /// has no use for is given back.
    pub fn draft(&self, guide: &Guide, clouds: &Clouds) -> (ProfileDraft, Vec<FieldId>) {
        let mut draft = ProfileDraft::new(&guide.id);
        let (used, unused): (Vec<&Found>, Vec<&Found>) = self.found.iter().partition(|found| guide.takes(found.field));
        for found in used {
            draft.set(found.field, &found.value);
        }
        let mut without = draft.clone();
        without.values.remove(&FieldId::ResourceUrl);
        if without.resource(guide.product, clouds) == draft.resource(guide.product, clouds) {
            draft = without;
        }
        (draft, unused.into_iter().map(|found| found.field).collect())
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("found", &self.found.len()).field("secret", &self.secret.is_some()).finish()
    }
}

/// What a label stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    Field(FieldId),
    /// A client secret; `named` where the label says so and could not be that of any other password.
    Secret {
        named: bool,
    },
    /// The address of an environment, or its name: its form decides.
    Environment,
    /// `https://…/.default`.
    Scope,
    /// A sign-in address, often with the tenant in it.
    SignIn,
    /// A guide's id, in an export of this program.
    Guide,
    /// Known, and says nothing that is kept.
    Nothing,
    /// Known, and not needed: told.
    NotNeeded(&'static str),
}

/// What is told of a token.
const TOKEN: &str = "a token (tokens are not kept)";

/// What is told of ids that are not asked for.
const OBJECT_ID: &str = "Object ID (not needed)";
const SECRET_ID: &str = "Secret ID (the Value is needed)";

/// Labels as the portal, `az`, common environment files, vendors' forms and this program write them; compared by their
/// letters and digits alone.
fn label(text: &str) -> Option<Label> {
    if text.len() > 100 {
        return None;
    }
    // This program's own names are exact.
    if let Some(field) = FieldId::parse(text.trim()).filter(|field| *field != FieldId::Secret) {
        return Some(Label::Field(field));
    }
    // AzureAd:ClientId and AzureAd__ClientId name the last part.
    let last = text.rsplit(':').next().unwrap_or(text);
    let last = last.rsplit("__").next().unwrap_or(last);
    let folded: String = last.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    // `oauth.api.key`, `TF_VAR_tenant_id`.
    let folded = [
        "tfvar",
        "oauth",
        "azuread",
        "aad",
        "arm",
        "azure",
        "az",
        "d365fo",
        "d365",
        "dynamics",
        "entra",
        "app",
        "bc",
        "powershell",
    ]
    .iter()
    .find_map(|lead| folded.strip_prefix(lead).filter(|rest| is_core(rest)))
    .unwrap_or(&folded);
    Some(match folded {
        "applicationclientid"
        | "applicationid"
        | "clientid"
        | "appid"
        | "batondynamicsclientid"
        | "apikey"
        | "client" => Label::Field(FieldId::ClientId),
        "directorytenantid" | "directoryid" | "tenantid" | "tenant" | "batontenantid" => {
            Label::Field(FieldId::TenantId)
        }
        // The portal in German, French and Spanish.
        "anwendungsidclient"
        | "iddapplicationclient"
        | "iddelapplicationclient"
        | "iddeaplicacióncliente"
        | "identificadordeaplicacióncliente" => Label::Field(FieldId::ClientId),
        "verzeichnisidmandant"
        | "mandantenid"
        | "iddannuairelocataire"
        | "iddelannuairelocataire"
        | "iddedirectorioinquilino"
        | "identificadordedirectorioinquilino" => Label::Field(FieldId::TenantId),
        "umgebungsurl" | "urldelenvironnement" | "urldelentorno" => Label::Field(FieldId::ResourceUrl),
        "geheimerclientschlüssel" | "secretclient" | "secretodecliente" => Label::Secret { named: true },
        "wert" | "valeur" | "valor" => Label::Secret { named: false },
        "objektid" | "iddobjet" | "iddelobjet" | "iddeobjeto" => Label::NotNeeded(OBJECT_ID),
        "geheimnisid" | "iddesecret" | "iddusecret" | "iddesecreto" => Label::NotNeeded(SECRET_ID),
        "resourceurl"
        | "resourceuri"
        | "environmenturl"
        | "financeandoperationsurl"
        | "resource"
        | "batonenvironmenturl"
        | "instanceurl"
        | "url"
        | "apiurl"
        | "baseurl"
        | "serviceuri" => Label::Field(FieldId::ResourceUrl),
        "environment" | "environmentname" => Label::Environment,
        "company" | "companyname" | "companyid" => Label::Field(FieldId::Company),
        "clientsecret" | "secretvalue" | "clientsecretvalue" | "batondynamicsclientsecret" | "apisecret" => {
            Label::Secret { named: true }
        }
        "secret" | "value" | "password" => Label::Secret { named: false },
        "expires" | "expiry" | "enddate" | "enddatetime" => Label::Field(FieldId::Expires),
        "userid" => Label::Field(FieldId::UserId),
        "permissions" => Label::Field(FieldId::Permissions),
        "entities" => Label::Field(FieldId::Entities),
        "redirecturi" | "redirecturl" | "callbackurl" => Label::Field(FieldId::RedirectUri),
        "cloud" | "cloudname" => Label::Field(FieldId::Cloud),
        "scope" | "scopes" => Label::Scope,
        "tokenurl"
        | "tokenendpoint"
        | "tokenuri"
        | "accesstokenurl"
        | "authurl"
        | "authorizeurl"
        | "authorizationurl"
        | "authorizationendpoint"
        | "oauth20tokenendpointv2"
        | "oauth20tokenendpointv1"
        | "oauth20authorizationendpointv2"
        | "oauth20authorizationendpointv1"
        | "authority"
        | "authorityhost"
        | "authorityurl"
        | "instance"
        | "loginurl" => Label::SignIn,
        "guide" => Label::Guide,
        "granttype" | "authtype" | "batonprovisioning" | "batonsynconlyenabledroleassignments" | "batonhostid" => {
            Label::Nothing
        }
        "objectid" => Label::NotNeeded(OBJECT_ID),
        "secretid" | "keyid" => Label::NotNeeded(SECRET_ID),
        "subscriptionid" => Label::NotNeeded("Subscription ID (not needed)"),
        "accesstoken" | "refreshtoken" | "idtoken" => Label::NotNeeded(TOKEN),
        "clientcertificatepath" | "certificatediskpath" => {
            Label::NotNeeded("a certificate's path (--secret certificate:PATH takes it in)")
        }
        "batonclientid" | "batonclientsecret" => Label::NotNeeded("C1's own client id or secret (not Dynamics')"),
        _ => return None,
    })
}

/// What may stand behind the name of a product.
fn is_core(folded: &str) -> bool {
    matches!(
        folded,
        "clientid"
            | "tenantid"
            | "clientsecret"
            | "apikey"
            | "apisecret"
            | "url"
            | "resource"
            | "resourceurl"
            | "scope"
            | "environment"
            | "environmentname"
            | "company"
            | "userid"
            | "permissions"
            | "entities"
            | "cloud"
            | "tokenurl"
            | "authorityhost"
            | "tenant"
            | "instance"
            | "guide"
            | "redirecturi"
            | "callbackurl"
            | "secret"
            | "subscriptionid"
            | "baseurl"
            | "instanceurl"
            | "clientcertificatepath"
    )
}

/// Reads every value that a text holds.
pub fn read(text: &str, clouds: &Clouds) -> Intake {
    let mut reader = Reader {
        clouds,
        intake: Intake::default(),
        derived: Vec::new(),
        elsewhere: Vec::new(),
        named: Vec::new(),
        is_sure: false,
        baton: false,
        product: None,
    };
    for pair in reading::pairs(text) {
        reader.take(&pair);
    }
    if reader.intake.is_empty() && reader.derived.is_empty() {
        reader.intake.by_shape = true;
        by_shape(&mut reader.intake, text);
    }
    reader.look_at_addresses(text);
    reader.ids_without_label(text);
    reader.secret_without_label(text);
    reader.finish()
}

struct Reader<'a> {
    clouds: &'a Clouds,
    intake: Intake,
    /// What other values tell; used where nothing says it outright.
    derived: Vec<Found>,
    /// Fields whose value is not here, and why; told where nothing else gives it.
    elsewhere: Vec<(FieldId, &'static str)>,
    /// Ids that stood beside a label that is known.
    named: Vec<Uuid>,
    /// The secret is the app's by its label or its shape, and no other password.
    is_sure: bool,
    /// Variables of C1's connector were there.
    baton: bool,
    /// Whose API a scope or an address names.
    product: Option<HostKind>,
}

impl Reader<'_> {
    fn take(&mut self, pair: &Pair) {
        let Some(label) = label(&pair.name) else { return };
        self.named.extend(pair.value.split_whitespace().filter_map(id_in));
        self.baton |= pair.name.to_ascii_uppercase().starts_with("BATON_");
        let (cleaned, _) = clean(&pair.value);
        let cleaned = Zeroizing::new(cleaned);
        // A secret in quotes may be made of what is taken off elsewhere.
        let is_secret = matches!(label, Label::Secret { .. });
        let kept: &str = if is_secret && pair.written != Written::Bare { &pair.value } else { &cleaned };
        if kept.trim().is_empty() || label == Label::Nothing {
            return;
        }
        if let Label::NotNeeded(what) = label {
            // `access_token` in a script that reads one is not a token.
            if what != TOKEN || cleaned.starts_with(|c: char| c.is_ascii_alphanumeric() || "<{".contains(c)) {
                self.leave(what.into());
            }
            return;
        }
        let field = match label {
            Label::Field(field) => Some(field),
            Label::Secret { .. } => Some(FieldId::Secret),
            Label::Environment | Label::Scope | Label::SignIn | Label::Guide | Label::Nothing | Label::NotNeeded(_) => {
                None
            }
        };
        // A secret in quotes may end in what would make it a placeholder without its end.
        let why = is_placeholder(kept).then_some("a placeholder");
        let why = why.or(is_reference(kept, pair.written).then_some("it stands elsewhere, here is only its name"));
        if let Some(why) = why {
            match field {
                Some(field) => self.elsewhere.push((field, why)),
                None => self.leave(format!("a value: {why}")),
            }
        } else if let Label::Secret { named } = label {
            self.secret(pair, &cleaned, named);
        } else if looks_like_secret(&cleaned) {
            let name = field.map_or("a value", |field| field.spec().label);
            self.leave(format!("{name}: it looks like a secret's value"));
        } else {
            self.plain(label, &cleaned, pair);
        }
    }

    fn secret(&mut self, pair: &Pair, cleaned: &str, named: bool) {
        // In quotes it is meant as it stands there.
        let value = if pair.written == Written::Bare { cleaned } else { pair.value.as_str() };
        if parse_guid(value).is_some() {
            self.leave(SECRET_ID.into());
        } else if SecretShape::of(value) == SecretShape::Masked {
            self.leave("a masked secret (the portal shows the whole one only once)".into());
        } else if pair.written == Written::Bare && value.contains(char::is_whitespace) {
            // `Client secret: ask Kim`
            self.leave("Client secret (Value): words, not a value; one with blanks inside wants quotes".into());
        } else if self.intake.secret.as_ref().is_none_or(|first| **first != *value) {
            let line = pair.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let by = format!("{}{line}", told(pair));
            // `PASSWORD=` may be of anything, and does not stand in the way of the app's own.
            let is_sure = named || SecretShape::of(value) == SecretShape::Usual;
            if self.intake.secret.is_none() || is_sure && !self.is_sure {
                if self.intake.secret.is_some() {
                    self.leave(format!("another secret, from {}", self.intake.secret_by));
                }
                self.intake.secret = Some(Zeroizing::new(value.to_owned()));
                self.intake.secret_by = by;
                self.is_sure = is_sure;
            } else {
                self.leave(format!("another secret, from {by}: the first one is used"));
            }
        }
    }

    fn plain(&mut self, label: Label, value: &str, pair: &Pair) {
        let is_url = |value: &str| value.contains("://") || value.contains('.') && !is_odd(value, self.clouds);
        match label {
            Label::Environment if is_url(value) => self.plain(Label::Field(FieldId::ResourceUrl), value, pair),
            // What `az` calls an environment is a cloud.
            Label::Environment => match cloud(value) {
                Some(cloud) => self.field(FieldId::Cloud, cloud.as_str(), pair),
                None => self.field(FieldId::Environment, value, pair),
            },
            Label::Field(FieldId::Cloud) => match cloud(value) {
                Some(cloud) => self.field(FieldId::Cloud, cloud.as_str(), pair),
                None => self.leave("Cloud: not a name that is known".into()),
            },
            Label::Field(FieldId::ResourceUrl) => match ResourceUrl::parse(value) {
                Ok((url, _)) if self.clouds.kind(url.host()) == HostKind::SignIn => self.sign_in(value, pair),
                // Taken apart where addresses are looked at.
                Ok((url, _)) if self.clouds.kind(url.host()) == HostKind::BusinessCentralClient => {
                    self.product = self.product.or(Some(HostKind::BusinessCentral));
                }
                Ok((url, _)) => {
                    self.product = self.product.or(Some(self.clouds.kind(url.host())));
                    self.field(FieldId::ResourceUrl, value, pair);
                }
                Err(_) => {}
            },
            // A label may be followed by something that is not its value; the field's own form decides.
            Label::Field(field) => {
                // `the id (of the app)`, `the id ; a comment`
                let first = value.split([' ', '\t', ',', ';']).next().filter(|word| parse_guid(word).is_some());
                let value = match field {
                    FieldId::ClientId | FieldId::TenantId => first.unwrap_or(value),
                    _ => value,
                };
                let fits = match field {
                    FieldId::ClientId => parse_guid(value).is_some(),
                    FieldId::TenantId => value.parse::<TenantId>().is_ok(),
                    FieldId::Expires => crate::core::expiry::parse_date(value).is_some(),
                    // GitHub's workflows have permissions, too.
                    FieldId::Permissions => {
                        is_list(value) && (value.contains('.') || pair.name.to_ascii_lowercase().starts_with("d365"))
                    }
                    FieldId::Entities => is_list(value),
                    FieldId::RedirectUri => Url::parse(value).is_ok_and(|url| url.has_host()),
                    _ => true,
                };
                let is_damaged = !value.contains(char::is_whitespace) && value.bytes().any(|b| b.is_ascii_digit());
                // `common` is no tenant of its own, and is told: it is the usual slip (AADSTS9001023).
                let is_any = field == FieldId::TenantId
                    && ["common", "organizations", "consumers"].iter().any(|any| value.eq_ignore_ascii_case(any));
                if fits {
                    self.field(field, value, pair);
                } else if is_any {
                    self.leave(format!(
                        "{}: '{value}' stands for any tenant; the app's own is needed",
                        field.spec().label
                    ));
                } else if matches!(field, FieldId::ClientId | FieldId::TenantId | FieldId::Expires) && is_damaged {
                    self.leave(format!("{}: not in its form", field.spec().label));
                }
            }
            Label::Scope => {
                for scope in value.split([' ', ',']).filter(|scope| scope.starts_with("https://")) {
                    if let Ok((url, _)) = ResourceUrl::parse(scope) {
                        self.product = self.product.or(Some(self.clouds.kind(url.host())));
                        self.derive(FieldId::ResourceUrl, url.as_str(), pair);
                    }
                }
            }
            Label::SignIn => self.sign_in(value, pair),
            Label::Guide => {
                if value.len() <= 64 && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                {
                    self.intake.guide.get_or_insert_with(|| value.to_owned());
                }
            }
            Label::Secret { .. } | Label::Nothing | Label::NotNeeded(_) => {}
        }
    }

    /// `https://HOST/TENANT/oauth2/v2.0/token`, or a part of it.
    fn sign_in(&mut self, value: &str, pair: &Pair) {
        let Ok(url) = Url::parse(value) else { return };
        if let Some(tenant) = url.path_segments().and_then(|mut parts| parts.next())
            && tenant.parse::<TenantId>().is_ok()
        {
            self.derive(FieldId::TenantId, tenant, pair);
        }
        let Ok((origin, _)) = ResourceUrl::parse(value) else { return };
        let is_of = |known: &str| ResourceUrl::parse(known).is_ok_and(|(known, _)| known.host() == origin.host());
        let of = |cloud: &&crate::core::cloud::Cloud| {
            is_of(&cloud.authority) || cloud.authority_aliases.iter().any(|alias| alias == origin.host())
        };
        match self.clouds.clouds.iter().find(of).map(|cloud| cloud.id) {
            Some(CloudId::Global) => {}
            Some(cloud) => self.derive(FieldId::Cloud, cloud.as_str(), pair),
            None => self.derive(FieldId::AuthorityUrl, origin.as_str(), pair),
        }
    }

    fn field(&mut self, field: FieldId, value: &str, pair: &Pair) {
        let found = Found { field, value: value.to_owned(), by: told(pair), line: pair.line };
        match self.intake.found.iter_mut().find(|found| found.field == field) {
            None => self.intake.found.push(found),
            Some(first) if first.value.eq_ignore_ascii_case(value) => {}
            // An address that is known to be one of the product is the better one.
            Some(first)
                if field == FieldId::ResourceUrl
                    && is_odd(&first.value, self.clouds)
                    && !is_odd(value, self.clouds) =>
            {
                *first = found;
            }
            Some(_) => self.leave(format!("another {}: the first one is used", field.spec().label)),
        }
    }

    fn derive_client(&mut self, value: &str, pair: &Pair) {
        if let Some(id) = id_in(value) {
            self.derive(FieldId::ClientId, &id.to_string(), pair);
        }
    }

    fn derive(&mut self, field: FieldId, value: &str, pair: &Pair) {
        self.derived.push(Found { field, value: value.to_owned(), by: told(pair), line: pair.line });
    }

    fn leave(&mut self, what: String) {
        if !self.intake.left.contains(&what) {
            self.intake.left.push(what);
        }
    }

    /// Ids among other words: nobody but the reader knows which is which, so they are told and not taken, as long as one is
    /// missing. In JSON each has a name, if one that is not known.
    fn ids_without_label(&mut self, text: &str) {
        let has = |field| self.intake.value(field).is_some() || self.derived.iter().any(|found| found.field == field);
        let is_json = text.trim_start().starts_with(['{', '[']);
        if has(FieldId::ClientId) && has(FieldId::TenantId) || is_json || text.split_whitespace().nth(1).is_none() {
            return;
        }
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let mut ids: Vec<Uuid> = words.filter_map(id_in).collect();
        let is_used = |id| self.derived.iter().any(|found| id_in(&found.value) == Some(id));
        ids.retain(|id| !self.named.contains(id) && !is_used(*id));
        for id in ids.into_iter().take(5) {
            self.leave(format!("{id}: nothing beside it says whether it is the app's id, the tenant's or another"));
        }
    }

    /// What is shaped like a secret, where none was found and nothing was told of one.
    fn secret_without_label(&mut self, text: &str) {
        let is_told = self.intake.left.iter().any(|left| left.to_ascii_lowercase().contains("secret"))
            || self.elsewhere.iter().any(|(field, _)| *field == FieldId::Secret);
        if self.intake.secret.is_some() || is_told {
            return;
        }
        let ends = |c: char| c.is_whitespace() || "=:,;\"'`<>()[]{}".contains(c);
        let holds = |line: &str| line.split(ends).any(looks_like_secret);
        if let Some(at) = text.lines().position(holds) {
            self.leave(format!("line {}: something shaped like a secret, which nothing beside it names", at + 1));
        }
    }

    /// Addresses that stand somewhere in the text, where nothing names one.
    fn look_at_addresses(&mut self, text: &str) {
        for (line, address) in reading::addresses(text) {
            // A page's place within itself, as portals have it, is no part of the host.
            let Ok((origin, _)) = ResourceUrl::parse(address.split('#').next().unwrap_or(address)) else { continue };
            let Ok(url) = Url::parse(address) else { continue };
            let parts: Vec<&str> = url.path_segments().map(|parts| parts.collect()).unwrap_or_default();
            let kind = self.clouds.kind(origin.host());
            let by = Pair {
                name: "the host".into(),
                value: Zeroizing::default(),
                written: Written::Bare,
                line: Some(line).filter(|_| !self.intake.by_shape),
            };
            match kind {
                HostKind::SignIn if parts.iter().any(|part| ["oauth2", "adminconsent"].contains(part)) => {
                    let by = Pair { name: "the address of the token".into(), ..by };
                    self.sign_in(address, &by);
                    let by = Pair { name: "client_id of the address".into(), ..by };
                    for (_, client) in url.query_pairs().filter(|(name, _)| name == "client_id") {
                        self.derive_client(&client, &by);
                    }
                }
                // The app's page in the portal: https://entra.microsoft.com/#view/…/appId/ID/…
                HostKind::Portal => {
                    let by = Pair { name: "the portal's address".into(), ..by };
                    let mut parts = url.fragment().unwrap_or_default().split('/');
                    if parts.any(|part| part.eq_ignore_ascii_case("appId")) {
                        self.derive_client(parts.next().unwrap_or_default(), &by);
                    }
                }
                HostKind::FinanceOperations => self.derive(FieldId::ResourceUrl, origin.as_str(), &by),
                HostKind::Sandbox if !origin.host().starts_with("login.") => {
                    self.derive(FieldId::ResourceUrl, origin.as_str(), &by);
                }
                HostKind::BusinessCentral => {
                    self.product = self.product.or(Some(kind));
                    self.derive(FieldId::ResourceUrl, origin.as_str(), &by);
                    // /v2.0/TENANT/ENVIRONMENT/api/…, the tenant may be missing
                    if let Some(at) = parts.iter().position(|part| *part == "api").filter(|at| (2..=3).contains(at)) {
                        let by = Pair { name: "the address".into(), ..by };
                        if at == 3 && parts[1].parse::<TenantId>().is_ok() {
                            self.derive(FieldId::TenantId, parts[1], &by);
                        }
                        self.derive(FieldId::Environment, &unescaped(parts[at - 1]), &by);
                    }
                }
                HostKind::BusinessCentralClient => {
                    self.product = self.product.or(Some(HostKind::BusinessCentral));
                    self.web_client(&url, &parts, &Pair { name: "the address in the browser".into(), ..by });
                }
                HostKind::SignIn
                | HostKind::Sandbox
                | HostKind::Dataverse
                | HostKind::Graph
                | HostKind::RetiredGraph
                | HostKind::Loopback
                | HostKind::Odd => {}
            }
        }
    }

    /// `https://businesscentral.dynamics.com[/TENANT][/ENVIRONMENT]/?company=NAME&…`
    fn web_client(&mut self, url: &Url, parts: &[&str], by: &Pair) {
        let parts: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| unescaped(part)).collect();
        let is_page = |part: &str| part == "admin" || part.to_ascii_lowercase().ends_with(".htm");
        let mut names = parts.iter().map(String::as_str).filter(|part| !is_page(part)).peekable();
        let before = self.derived.len();
        if let Some(tenant) = names.next_if(|part| part.parse::<TenantId>().is_ok()) {
            self.derive(FieldId::TenantId, tenant, by);
        }
        if let Some(environment) = names.next() {
            self.derive(FieldId::Environment, environment, by);
        }
        for (_, company) in url.query_pairs().filter(|(name, value)| name == "company" && !value.trim().is_empty()) {
            self.derive(FieldId::Company, &company, by);
        }
        if self.derived.len() == before {
            self.leave("Business Central's address in the browser: it is not that of its API".into());
        }
    }

    fn finish(mut self) -> Intake {
        let mut derived = std::mem::take(&mut self.derived);
        // A sign-in host that was named tells more than what its address is known for.
        if self.intake.value(FieldId::AuthorityUrl).is_some() {
            derived.retain(|found| found.field != FieldId::Cloud);
        }
        for found in derived {
            match self.intake.value(found.field) {
                None => self.intake.found.push(found),
                Some(first) if found.field == FieldId::ClientId && !first.eq_ignore_ascii_case(&found.value) => {
                    self.leave("an address names another app".into());
                }
                Some(_) => {}
            }
        }
        self.intake.found.sort_by_key(|found| found.field);
        for (field, why) in std::mem::take(&mut self.elsewhere) {
            let is_found = match field {
                FieldId::Secret => self.intake.secret.is_some(),
                _ => self.intake.value(field).is_some(),
            };
            if !is_found {
                self.leave(format!("{}: {why}", field.spec().label));
            }
        }
        let has = |field| self.intake.value(field).is_some();
        let fits = match self.product {
            _ if self.baton => Some("c1-fno"),
            Some(HostKind::BusinessCentral) => Some("business-central"),
            Some(HostKind::Graph) => Some("office365"),
            Some(HostKind::FinanceOperations) => None,
            _ if has(FieldId::Environment) && has(FieldId::Company) => Some("business-central"),
            _ => None,
        };
        self.intake.guide = self.intake.guide.or(fits.map(str::to_owned));
        self.intake
    }
}

/// A part of a path without its percent signs.
fn unescaped(part: &str) -> String {
    let text = format!("x={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The id that a word is, whatever stands around it.
fn id_in(word: &str) -> Option<Uuid> {
    parse_guid(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
}

/// Names with commas between them.
fn is_list(value: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    question::list(value).all(is_name)
}

fn told(pair: &Pair) -> String {
    pair.name.trim().to_owned()
}

fn is_odd(url: &str, clouds: &Clouds) -> bool {
    ResourceUrl::parse(url).map_or(true, |(url, _)| clouds.kind(url.host()) == HostKind::Odd)
}

/// A cloud by our name for it, or by those of `az` and Terraform.
fn cloud(value: &str) -> Option<CloudId> {
    CloudId::parse(value).or_else(|| match value.to_ascii_lowercase().as_str() {
        "azurecloud" | "azurepubliccloud" | "public" => Some(CloudId::Global),
        "azureusgovernment" | "azureusgovernmentcloud" | "usgovernment" => Some(CloudId::UsGov),
        "azurechinacloud" | "china" => Some(CloudId::China),
        _ => None,
    })
}

/// Whether a value only says where the value is: a variable, a vault.
fn is_reference(value: &str, written: Written) -> bool {
    let is_variable = || {
        let name = value.strip_prefix('$').unwrap_or_default();
        let name = name.strip_prefix("env:").unwrap_or(name);
        let bare =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.'));
        let of_windows =
            value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(profile::is_variable);
        bare || of_windows
            || value.starts_with("${")
            || value.starts_with("$(")
            || ["var.", "local.", "data.", "process.env.", "os.environ", "secrets."]
                .iter()
                .any(|lead| value.starts_with(lead))
    };
    value.starts_with("@Microsoft.KeyVault(") || written != Written::Exact && is_variable()
}

/// Without labels only what cannot be anything else is taken: a text shaped like a secret, and the host of a known
/// product, which is looked for anyway. GUIDs are not: client, tenant, object and secret ids look alike.
fn by_shape(intake: &mut Intake, text: &str) {
    for word in text.split_whitespace() {
        let word = Zeroizing::new(clean(word).0);
        if looks_like_secret(&word) {
            intake.secret = Some(word);
            intake.secret_by = "its shape".into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
    const TENANT: &str = "11111111-2222-4333-8444-555555555555";
    const URL: &str = "https://contoso.operations.dynamics.com";

    fn clouds() -> Clouds {
        toml::from_str("cloud = []\n[[host]]\nending = 'operations.dynamics.com'\nkind = 'finance-operations'").unwrap()
    }

    #[test]
    fn pastes() {
        let secret = "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789_";
        let table = [
            // The portal's Overview page, label and value on one line or on two.
            (
                format!(
                    "Display name\nODataIntegration\nApplication (client) ID\n{CLIENT}\nObject ID\n{CLIENT}\nDirectory (tenant) ID\n{TENANT}"
                ),
                2,
                false,
            ),
            (format!("Application (client) ID : {CLIENT}\r\nDirectory (tenant) ID : {TENANT}"), 2, false),
            (format!("Application (client) ID:\t{CLIENT}"), 1, false),
            // az ad sp create-for-rbac
            (
                format!(
                    "{{\"appId\": \"{CLIENT}\", \"displayName\": \"x\", \"password\": \"{secret}\", \"tenant\": \"{TENANT}\"}}"
                ),
                2,
                true,
            ),
            // dotenv, sh, PowerShell
            (
                format!(
                    "AZURE_TENANT_ID={TENANT}\nexport AZURE_CLIENT_ID=\"{CLIENT}\"\nAZURE_CLIENT_SECRET='{secret}'\nD365_URL={URL}"
                ),
                3,
                true,
            ),
            (format!("$env:AZURE_CLIENT_ID = \"{CLIENT}\""), 1, false),
            // Postman
            (
                format!(
                    "{{\"values\":[{{\"key\":\"client_id\",\"value\":\"{CLIENT}\"}},{{\"key\":\"client_secret\",\"value\":\"{secret}\"}}]}}"
                ),
                1,
                true,
            ),
            // Two pairs in a C1 set: only Dynamics' own are taken.
            (
                format!(
                    "BATON_CLIENT_ID: other\nBATON_DYNAMICS_CLIENT_ID: {CLIENT}\nBATON_TENANT_ID: {TENANT}\nBATON_ENVIRONMENT_URL: {URL}"
                ),
                3,
                false,
            ),
            // By shape.
            (format!("see {URL}/?mi=SysAADClientTable please"), 1, false),
            (secret.to_owned(), 0, true),
            // Nothing that could be told for sure.
            (CLIENT.to_owned(), 0, false),
            (
                "Secret ID\n3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e\nValue\n3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e"
                    .to_owned(),
                0,
                false,
            ),
            ("Tenant ID: see the wiki".to_owned(), 0, false),
            (format!("the app is {CLIENT}, in {TENANT}."), 0, false),
            ("".to_owned(), 0, false),
        ];
        for (text, values, has_secret) in table {
            let intake = read(&text, &clouds());
            assert_eq!((intake.found.len(), intake.secret.is_some()), (values, has_secret), "{text}");
            for found in &intake.found {
                let wanted = match found.field {
                    FieldId::ClientId => CLIENT,
                    FieldId::TenantId => TENANT,
                    _ => URL,
                };
                assert_eq!(found.value, wanted, "{text}");
            }
        }
    }

    #[test]
    fn ids_among_words_are_told() {
        let left = |text: &str| read(text, &clouds()).left;
        let told = left(&format!("the app is ({CLIENT}), and again {CLIENT}, in {TENANT}."));
        assert!(told.len() == 2 && told[0].starts_with(CLIENT) && told[1].starts_with(TENANT), "{told:?}");
        assert!(left(CLIENT).is_empty(), "alone it is for the field under the cursor");
        let told = left(&format!("AZURE_CLIENT_ID={CLIENT}\nin {TENANT}"));
        assert!(told.len() == 1 && told[0].starts_with(TENANT), "a tenant is missing: {told:?}");
        let both = format!("AZURE_CLIENT_ID={CLIENT}\nAZURE_TENANT_ID={TENANT}\nsee {}", CLIENT.replace('6', "9"));
        assert!(left(&both).is_empty(), "nothing is missing");
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in "\\PC{0,400}") {
            let _ = read(&text, &clouds());
        }
    }

    #[test]
    fn an_address_without_a_label_is_told_with_its_line() {
        let intake =
            read(&format!("Application (client) ID: {CLIENT}\nthe environment:\nsee {URL}/data, please"), &clouds());
        let found = intake.found.iter().find(|found| found.field == FieldId::ResourceUrl).unwrap();
        assert_eq!((found.value.as_str(), found.by.as_str(), found.line), (URL, "the host", Some(3)));
    }

    #[test]
    fn its_values_are_not_in_its_debug_text() {
        let text = format!("Client ID: {CLIENT}\nSecret: aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789_");
        assert_eq!(format!("{:?}", read(&text, &clouds())), "Intake { found: 1, secret: true }");
    }

    #[test]
    fn a_line_of_prose_is_no_name() {
        let name = |times| format!("{}ClientId", "A:".repeat(times));
        assert_eq!(label(&name(46)), Some(Label::Field(FieldId::ClientId)));
        assert_eq!(label(&name(47)), None);
    }
}
