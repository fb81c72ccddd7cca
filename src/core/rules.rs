//! The rule book: evidence in, ranked findings out.
//!
//! Causes, their wording and what shows them are data in `assets/rules/`. This module matches and ranks; it does not
//! know a single code or status. A rule that seems to need code lacks a fact: add it to [`Evidence`].

use crate::core::check::{CheckId, Status};
use crate::core::evidence::{Evidence, Fault, Hedge, Mark, Origin, Said, origin_of, says};
use crate::core::guide::{Guide, Product, fill_link};
use crate::core::names::{TenantId, parse_guid};
use crate::core::question::FieldId;
use crate::core::template;
use serde::{Deserialize, Serialize};
use std::cell::LazyCell;
use std::cmp::Reverse;

/// Who mends a cause. Fixed by the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// An administrator of Entra ID.
    EntraAdmin,
    /// A system administrator of the D365 environment.
    D365Admin,
    /// Whoever runs this program: a value in the profile or the request.
    Operator,
    /// The network between here and Microsoft.
    Network,
    /// Microsoft; wait.
    Microsoft,
    /// Nobody.
    None,
}

impl Owner {
    /// For people: `for the D365 administrator`.
    pub fn for_whom(self) -> &'static str {
        match self {
            Owner::EntraAdmin => "for the Entra administrator",
            Owner::D365Admin => "for the D365 administrator",
            Owner::Operator => "for you: a value to correct",
            Owner::Network => "for whoever runs the network",
            Owner::Microsoft => "Microsoft's side: wait and try again",
            Owner::None => "for nobody yet",
        }
    }
}

macro_rules! causes {
    ($($owner:ident: $($name:ident = $text:literal),+;)+) => {
        /// What can be wrong. The names are stable: scripts are written against them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Cause {
            $($(
                #[doc = concat!("`", $text, "`")]
                #[serde(rename = $text)]
                $name,
            )+)+
        }

        impl Cause {
            /// Every cause, grouped by owner.
            pub const ALL: &[Cause] = &[$($(Cause::$name,)+)+];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $($(Cause::$name => $text,)+)+ }
            }

            /// Who mends it.
            pub fn owner(self) -> Owner {
                match self { $($(Cause::$name => Owner::$owner,)+)+ }
            }
        }
    };
}

causes! {
    EntraAdmin: SecretWrong = "secret-wrong", SecretExpired = "secret-expired", SecretMissing = "secret-missing",
        ClientNotFound = "client-not-found", ServicePrincipalMissing = "service-principal-missing",
        AppDisabled = "app-disabled", ResourceDisabled = "resource-disabled", ResourceNotFound = "resource-not-found",
        ConsentMissing = "consent-missing", PermissionMissing = "permission-missing",
        AssignmentRequired = "assignment-required", PolicyBlocked = "policy-blocked",
        CertificateMismatch = "certificate-mismatch", CertificateExpired = "certificate-expired",
        CredentialTooWeak = "credential-too-weak", FederationMismatch = "federation-mismatch",
        UserSignIn = "user-sign-in", SignInExpired = "sign-in-expired", PublicClientBlocked = "public-client-blocked";
    D365Admin: D365NotRegistered = "d365-not-registered", D365UserUnusable = "d365-user-unusable",
        D365PrivilegeMissing = "d365-privilege-missing", D365Maintenance = "d365-maintenance",
        BcAppNotEnabled = "bc-app-not-enabled", BcPermissionSetMissing = "bc-permission-set-missing",
        BcAdminNotAuthorized = "bc-admin-not-authorized", DataverseUserMissing = "dataverse-user-missing",
        DataverseAppNotAllowed = "dataverse-app-not-allowed", PowerPlatformAppMissing = "power-platform-app-missing",
        D365SecurityService = "d365-security-service", D365AudienceNotListed = "d365-audience-not-listed";
    Operator: TenantNotFound = "tenant-not-found", WrongCloud = "wrong-cloud", TokenAudience = "token-audience",
        TokenTenant = "token-tenant", EnvironmentNotFound = "environment-not-found",
        EntityNotFound = "entity-not-found", CompanyNotFound = "company-not-found",
        ScopeMalformed = "scope-malformed", RequestMalformed = "request-malformed",
        RedirectMismatch = "redirect-mismatch", ClockSkew = "clock-skew", PlaceholderLeft = "placeholder-left";
    Network: Dns = "dns", Connect = "connect", TlsUntrusted = "tls-untrusted", TlsHostname = "tls-hostname",
        TlsExpired = "tls-expired", TlsProtocol = "tls-protocol", Proxy = "proxy", Timeout = "timeout",
        NotTheService = "not-the-service";
    Microsoft: Throttled = "throttled", ServiceUnavailable = "service-unavailable";
    None: NotAnError = "not-an-error", Unknown = "unknown";
}

impl Cause {
    /// The product that alone has this fault.
    pub fn product(self) -> Option<Product> {
        let is_of_bc =
            matches!(self, Cause::BcAppNotEnabled | Cause::BcPermissionSetMissing | Cause::BcAdminNotAuthorized);
        is_of_bc.then_some(Product::BusinessCentral)
    }
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One reading among several.
    Possible,
    /// The best reading, others remain or sources disagree.
    Likely,
    /// The evidence leaves one reading.
    Certain,
}

impl Confidence {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

/// The wording of a cause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseText {
    /// Which cause.
    pub id: Cause,
    /// One short sentence.
    pub title: String,
    /// What it means, what is proven right, what is not reached yet.
    pub explanation: String,
    /// The step of the guide that mends it.
    pub step: String,
    /// The value that is wrong, where it is one.
    pub field: Option<FieldId>,
    /// What to do, in one or two sentences.
    pub fix: String,
    /// Where that is done, best first, when it is not the step's own page.
    #[serde(default)]
    pub links: Vec<String>,
}

/// What must hold for a rule to speak. Everything that is given must hold; within a list, one of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// One of these AADSTS codes.
    pub codes: Vec<u32>,
    /// One of these OAuth errors.
    pub oauth_error: Vec<String>,
    /// One of these service error codes.
    pub service_code: Vec<String>,
    /// One of these statuses.
    pub status: Vec<u16>,
    /// One of these classes of status: 4 or 5.
    pub status_class: Vec<u16>,
    /// One of these origins.
    pub origin: Vec<Origin>,
    /// In one of these checks.
    pub check: Vec<CheckId>,
    /// One of these faults.
    pub fault: Vec<Fault>,
    /// One of these texts: in small letters, and as whole words, see [`says`].
    pub text: Vec<String>,
    /// And one of these texts, too.
    pub also_text: Vec<String>,
    /// All of these marks.
    pub marks: Vec<Mark>,
    /// One of these marks.
    pub any_mark: Vec<Mark>,
    /// None of these statuses.
    pub no_status: Vec<u16>,
    /// None of these marks.
    pub no_marks: Vec<Mark>,
    /// Not in one of these checks.
    pub no_check: Vec<CheckId>,
    /// None of these classes of status.
    pub no_status_class: Vec<u16>,
    /// None of these texts: in small letters, and as whole words, see [`says`].
    pub no_text: Vec<String>,
}

impl When {
    fn holds(&self, e: &Evidence, heard: &Heard) -> bool {
        fn one<T: PartialEq>(wanted: &[T], had: Option<&T>) -> bool {
            wanted.is_empty() || had.is_some_and(|had| wanted.contains(had))
        }
        let class = e.http_status.map(|status| status / 100);
        (self.codes.is_empty() || self.codes.iter().any(|code| e.codes.contains(code)))
            && one(&self.oauth_error, e.oauth_error.as_ref())
            && one(&self.service_code, e.service_code.as_ref())
            && one(&self.status, e.http_status.as_ref())
            && one(&self.status_class, class.as_ref())
            && one(&self.origin, e.origin.as_ref())
            && one(&self.check, e.check.as_ref())
            && one(&self.fault, e.fault.as_ref())
            && (self.text.is_empty() || heard.any(&self.text))
            && (self.also_text.is_empty() || heard.any(&self.also_text))
            && self.marks.iter().all(|mark| e.marks.contains(mark))
            && (self.any_mark.is_empty() || self.any_mark.iter().any(|mark| e.marks.contains(mark)))
            && !e.http_status.is_some_and(|status| self.no_status.contains(&status))
            && !self.no_marks.iter().any(|mark| e.marks.contains(mark))
            && !e.check.is_some_and(|check| self.no_check.contains(&check))
            && !class.is_some_and(|class| self.no_status_class.contains(&class))
            && !heard.any(&self.no_text)
    }
}

/// What evidence says, for one judgement: put into small letters once, and not once a rule.
struct Heard<'a> {
    shown: String,
    said: &'a Said,
    /// The codes are known by sentences alone.
    is_worded: bool,
}

impl Heard<'_> {
    fn of(e: &Evidence) -> Heard<'_> {
        Heard { shown: e.text.as_str().to_ascii_lowercase(), said: &e.said, is_worded: false }
    }

    fn any(&self, phrases: &[String]) -> bool {
        phrases.iter().any(|phrase| says(&self.shown, phrase) || self.said.has(phrase))
    }

    /// How the text speaks of these, where it speaks so wherever one of them stands.
    fn hedge(&self, phrases: &[String]) -> Option<Hedge> {
        let mut hedges = phrases.iter().filter(|phrase| self.said.has(phrase)).map(|phrase| self.said.hedge(phrase));
        let first = hedges.next()??;
        hedges.all(|hedge| hedge.is_some()).then_some(first)
    }

    /// Where one of these was said for the last time.
    fn last(&self, phrases: &[String]) -> Option<usize> {
        phrases.iter().filter_map(|phrase| self.said.last(phrase)).max()
    }
}

/// One rule: when this holds, that is the cause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The cause it speaks for.
    pub cause: Cause,
    /// How sure that is.
    pub confidence: Confidence,
    /// What must hold.
    pub when: When,
    /// Speaks only when no rule without this mark did: for whole classes of answers.
    #[serde(default)]
    pub fallback: bool,
    /// Better wording for this case than the cause's own.
    pub title: Option<String>,
    /// Better wording for this case than the cause's own.
    pub explanation: Option<String>,
    /// Better wording for this case than the cause's own.
    pub fix: Option<String>,
    /// Another step for this case than the cause's own.
    pub step: Option<String>,
    /// Another value for this case than the cause's own.
    pub field: Option<FieldId>,
    /// Other pages for this case than the cause's own.
    #[serde(default)]
    pub links: Vec<String>,
    /// In this case the failure never passes by itself, whatever the cause's [`Wait`] says.
    #[serde(default)]
    pub lasting: bool,
    /// Reads what people tell in plain words: speaks only where [`Told`] holds as well.
    #[serde(default)]
    pub told: bool,
    /// What shows the rule at work; a test runs every one.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

impl Rule {
    /// How the text speaks of what makes this rule speak, where it shows none of that as an answer of now.
    fn hedge_in(&self, evidence: &Evidence, heard: &Heard) -> Option<Hedge> {
        if self.cause == Cause::NotAnError {
            return None;
        }
        let mut hits = evidence.codes.iter().filter(|code| self.when.codes.contains(code)).peekable();
        if let Some(first) = hits.peek() {
            let first = evidence.hedged.get(first).copied();
            return first.filter(|_| hits.all(|code| evidence.hedged.contains_key(code)));
        }
        let by_status = !(self.when.status.is_empty() && self.when.status_class.is_empty());
        if by_status { evidence.status_hedge } else { heard.hedge(&self.when.text) }
    }

    /// Whether it tells by words that a connection broke, which says nothing of any other answer in the text.
    fn is_of_connection(&self) -> bool {
        self.cause.owner() == Owner::Network && !self.when.text.is_empty()
    }

    /// How sure it is here; `is_hedged` by [`Rule::hedge_in`].
    fn confidence_in(&self, evidence: &Evidence, heard: &Heard, is_hedged: bool) -> Confidence {
        // An answer after the break: the connection came about.
        let is_over = self.is_of_connection()
            && evidence.answered_at.is_some_and(|at| heard.last(&self.when.text) < Some(at))
            && !self.when.text.iter().any(|phrase| evidence.said.is_of_unanswered_host(phrase));
        // Whoever shows a text to others puts such names in place of the real ones, too.
        let is_masked = evidence.check.is_none() && evidence.marks.contains(&Mark::PlaceholderNamed);
        if is_over || is_hedged {
            Confidence::Possible
        } else if (heard.is_worded && !self.when.codes.is_empty()) || is_masked {
            self.confidence.min(Confidence::Likely)
        } else {
            self.confidence
        }
    }
}

/// Evidence for a rule's test: a text as it would be pasted, and facts that only a live call knows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Example {
    /// Read as any pasted text is.
    pub text: String,
    /// As the live test would have noted it.
    pub check: Option<CheckId>,
    /// As the live test would have noted it.
    pub origin: Option<Origin>,
    /// As the live test would have noted it.
    pub status: Option<u16>,
    /// As the live test would have noted it.
    pub fault: Option<Fault>,
    /// As the live test would have noted it.
    pub marks: Vec<Mark>,
    /// The rule's finding comes at this place in the ranking; 1 by default.
    pub rank: Option<usize>,
}

impl Example {
    /// The evidence it stands for.
    pub fn evidence(&self) -> Evidence {
        let mut evidence = crate::core::evidence::read_text(&self.text);
        evidence.check = self.check;
        evidence.origin = self.origin.or(evidence.origin);
        evidence.http_status = self.status.or(evidence.http_status);
        evidence.fault = self.fault.or(evidence.fault);
        evidence.marks.extend(self.marks.iter().copied());
        evidence
    }
}

/// What a code means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeText {
    /// The number behind `AADSTS`.
    pub id: u32,
    /// One sentence.
    pub text: String,
}

/// Sentences of Entra by which a code is known where its number was cut off or left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// The code.
    pub code: u32,
    /// One of these: in small letters, and as whole words, see [`says`].
    pub text: Vec<String>,
}

/// What tells a text about a failure of these services from one that only mentions things of their kind: a word of each
/// list, in small letters, and as whole words, see [`says`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Words of these services.
    pub about: Vec<String>,
    /// Words of something that is wrong.
    pub wrong: Vec<String>,
}

/// A failure that passes by itself when something was changed a moment ago.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The causes that may pass.
    pub causes: Vec<Cause>,
    /// The steps of guides with which they may: after one of them, "not yet" is likelier than "never".
    pub steps: Vec<String>,
    /// How long that takes, in a sentence.
    pub text: String,
    /// Who says so.
    pub source: String,
}

/// All causes and rules.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleBook {
    /// The wording of each cause.
    #[serde(rename = "cause")]
    pub causes: Vec<CauseText>,
    /// The rules; earlier ones win among equals.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// What each known code means.
    #[serde(rename = "code")]
    pub codes: Vec<CodeText>,
    /// What stands for a code.
    #[serde(rename = "sentence")]
    pub sentences: Vec<Sentence>,
    /// What passes by itself.
    #[serde(rename = "wait")]
    pub waits: Vec<Wait>,
    /// When rules for plain words speak.
    pub told: Option<Told>,
}

impl RuleBook {
    /// What a code means; none for one that is not known.
    pub fn meaning(&self, code: u32) -> Option<&str> {
        self.codes.iter().find(|text| text.id == code).map(|found| found.text.as_str())
    }

    /// What is known about waiting, where a finding may pass by itself.
    pub fn wait(&self, finding: &Finding) -> Option<&Wait> {
        self.waits.iter().find(|wait| !finding.lasting && wait.causes.contains(&finding.cause))
    }

    /// The step that mends a cause.
    pub fn step_of(&self, cause: Cause) -> Option<&str> {
        self.causes.iter().find(|text| text.id == cause).map(|text| text.step.as_str())
    }

    /// What the code means that a rule speaks of, else the first one that is known.
    fn code_text(&self, rule: Option<&Rule>, evidence: &Evidence) -> Option<String> {
        let of_rule = |code: &&u32| rule.is_some_and(|rule| rule.when.codes.contains(code));
        let codes = evidence.codes.iter().filter(of_rule).chain(&evidence.codes);
        codes.filter_map(|code| self.meaning(*code)).next().map(str::to_owned)
    }
}

/// Where a finding is mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// The guide, where one fits.
    pub guide: Option<String>,
    /// Its step.
    pub step: String,
    /// What to do.
    pub text: String,
    /// The page on which it is done.
    pub url: Option<String>,
}

/// What is wrong, how sure that is, who mends it and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// How sure.
    pub confidence: Confidence,
    /// Who mends it.
    pub owner: Owner,
    /// One short sentence.
    pub title: String,
    /// What it means.
    pub explanation: String,
    /// The check that found it; none for a pasted text.
    pub check: Option<CheckId>,
    /// Where it is mended.
    pub fix: Fix,
    /// The value that is wrong, where it is one: the screens put the cursor there.
    #[serde(skip)]
    pub field: Option<FieldId>,
    /// It never passes by itself, though its cause may.
    #[serde(skip)]
    pub lasting: bool,
}

impl Finding {
    /// For whom it is, for people. What is certain and has no cause of its own is trouble on this machine: a secret that
    /// cannot be read, a port that cannot be opened.
    pub fn for_whom(&self) -> &'static str {
        let is_here = self.cause == Cause::Unknown && self.confidence == Confidence::Certain;
        if is_here { "for you: something on this side" } else { self.owner.for_whom() }
    }
}

/// The rule book together with the guide and the values that fill its texts.
pub struct Judge<'a> {
    /// The rules.
    pub book: &'a RuleBook,
    /// The guide whose steps mend things, where one fits.
    pub guide: Option<&'a Guide>,
    /// The profile's values by name: `client_id`, `tenant_id`, `resource_url`, `portal`…
    pub values: &'a dyn Fn(&str) -> Option<String>,
}

impl Judge<'_> {
    /// Judges one piece of evidence: how what it is about stands, and the findings.
    pub fn judge(&self, evidence: &Evidence) -> (Status, Vec<Finding>) {
        let findings = self.findings(evidence);
        let status = findings.first().map_or(Status::Unknown, |top| standing(top.cause));
        (status, findings)
    }

    /// What a cause says by itself, where what showed it is not known any more: how sure it was is not told then.
    pub fn of_cause(&self, cause: Cause) -> Finding {
        self.finding(cause, None, &Evidence::default())
    }

    /// The findings for one piece of evidence, most likely first; never empty.
    pub fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings = self.ranked(evidence);
        if let Some(beside) = &evidence.beside {
            // Two answers in one text: each is judged for itself.
            let new: Vec<Finding> = self
                .ranked(beside)
                .into_iter()
                .filter(|new| findings.iter().all(|finding| finding.cause != new.cause))
                .collect();
            findings.extend(new);
            findings.sort_by_key(|finding| Reverse(finding.confidence));
        }
        if findings.is_empty() {
            findings.push(self.finding(Cause::Unknown, None, evidence));
        }
        findings
    }

    /// What the rules find in one answer, most likely first.
    fn ranked(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut heard = Heard::of(evidence);
        let worded = self.worded(evidence, &heard);
        heard.is_worded = worded.is_some();
        let evidence = worded.as_ref().unwrap_or(evidence);
        let told = self.book.told.as_ref();
        let is_told = LazyCell::new(|| told.is_none_or(|told| heard.any(&told.about) && heard.any(&told.wrong)));
        let speaking = |fallback: bool| -> Vec<&Rule> {
            let speaks = |rule: &&Rule| {
                rule.fallback == fallback && rule.when.holds(evidence, &heard) && (!rule.told || *is_told)
            };
            self.book.rules.iter().filter(speaks).collect()
        };
        let mut rules = speaking(false);
        if rules.is_empty() {
            rules = speaking(true);
        } else if evidence.check.is_none() {
            rules.extend(speaking(true).into_iter().filter(|rule| rule.is_of_connection()));
        }
        // A stable sort: among equals a connection that broke after all answers comes first, then the order of the codes
        // in the text stands, then that of the files.
        let place = |rule: &Rule| evidence.codes.iter().position(|code| rule.when.codes.contains(code)).unwrap_or(0);
        let mut spoken: Vec<(&Rule, Option<Hedge>, Confidence)> = rules
            .into_iter()
            .map(|rule| {
                let hedge = rule.hedge_in(evidence, &heard);
                (rule, hedge, rule.confidence_in(evidence, &heard, hedge.is_some()))
            })
            .collect();
        spoken.sort_by_key(|(rule, _, confidence)| {
            let is_last = rule.is_of_connection() && *confidence > Confidence::Possible;
            (Reverse(*confidence), Reverse(is_last), place(rule))
        });
        let mut seen = Vec::new();
        spoken.retain(|(rule, ..)| {
            let new = !seen.contains(&rule.cause);
            seen.push(rule.cause);
            new
        });
        spoken
            .into_iter()
            .map(|(rule, hedge, confidence)| {
                let mut finding = self.finding(rule.cause, Some(rule), evidence);
                if let Some(hedge) = hedge {
                    finding.explanation = format!("{} {}", hedge.words(), finding.explanation);
                }
                Finding { confidence, ..finding }
            })
            .collect()
    }

    /// The evidence of a pasted text without a code, with the codes that its sentences stand for; none where it has none.
    fn worded(&self, evidence: &Evidence, heard: &Heard) -> Option<Evidence> {
        if evidence.check.is_some() || !evidence.codes.is_empty() {
            return None;
        }
        let said: Vec<&Sentence> = self.book.sentences.iter().filter(|one| heard.any(&one.text)).collect();
        let hedge = |one: &&Sentence| Some((one.code, heard.hedge(&one.text)?));
        (!said.is_empty()).then(|| Evidence {
            codes: said.iter().map(|one| one.code).collect(),
            hedged: said.iter().filter_map(hedge).collect(),
            origin: evidence.origin.or(Some(Origin::Entra)),
            ..evidence.clone()
        })
    }

    fn finding(&self, cause: Cause, rule: Option<&Rule>, evidence: &Evidence) -> Finding {
        let text = self.book.causes.iter().find(|text| text.id == cause);
        let value = |name: &str| -> Option<String> {
            evidence.named.get(name).cloned().or_else(|| match name {
                "status" => evidence.http_status.map(|status| status.to_string()),
                "code" => evidence.codes.first().map(u32::to_string),
                "retry_after" => evidence.retry_after.map(|seconds| seconds.to_string()),
                "answer" => Some(evidence.text.one_line(200)).filter(|text| !text.is_empty()),
                "code_text" => self.book.code_text(rule, evidence),
                // Where D365 answered as well, it was asked.
                "not_asked" => evidence.beside.is_none().then(|| "D365 was not asked".to_owned()),
                // An answer that names its app is about that one, whichever the profile's is.
                "client_id" => {
                    let named = evidence.named.get("app").filter(|app| parse_guid(app).is_some());
                    named.cloned().or_else(|| (self.values)(name))
                }
                // Which address a request asked for, only the answer tells.
                "redirect_uri" => None,
                _ => (self.values)(name),
            })
        };
        let pick = |special: Option<&String>, usual: Option<&String>| {
            special.or(usual).map(|text| template::fill_or_name(text, &value)).unwrap_or_default()
        };
        let step = rule.and_then(|r| r.step.clone()).or(text.map(|t| t.step.clone())).unwrap_or_else(|| "test".into());
        let own = rule.map(|rule| &rule.links).filter(|links| !links.is_empty()).or(text.map(|text| &text.links));
        // A page is that of the app, tenant and environment that the answer names, whichever the profile's are.
        let place = |name: &str| match name {
            "client_id" => value(name),
            "tenant_id" => {
                let named = evidence.named.get("tenant");
                named.filter(|tenant| tenant.parse::<TenantId>().is_ok()).cloned().or_else(|| (self.values)(name))
            }
            "resource_url" => {
                let host = evidence.named.get("host").filter(|host| origin_of(host) == Some(Origin::FinanceOperations));
                host.map(|host| format!("https://{host}")).or_else(|| (self.values)(name))
            }
            name => (self.values)(name),
        };
        let own = own.and_then(|links| links.iter().find_map(|link| fill_link(link, &place)));
        let url = own.or_else(|| self.guide.and_then(|guide| guide.step(&step)).and_then(|step| step.url(&place)));
        let mut explanation = pick(rule.and_then(|r| r.explanation.as_ref()), text.map(|t| &t.explanation));
        if let Some(app) = evidence.named.get("other_app").filter(|app| !explanation.contains(app.as_str())) {
            explanation.push_str(&format!(" The answer is about app {app}, which is not this profile's."));
        }
        Finding {
            cause,
            confidence: rule.map_or(Confidence::Possible, |rule| rule.confidence),
            owner: cause.owner(),
            title: pick(rule.and_then(|r| r.title.as_ref()), text.map(|t| &t.title)),
            explanation,
            check: evidence.check,
            lasting: rule.is_some_and(|rule| rule.lasting),
            field: rule.and_then(|rule| rule.field).or(text.and_then(|text| text.field)),
            fix: Fix {
                guide: self.guide.map(|guide| guide.id.clone()),
                step,
                text: pick(rule.and_then(|r| r.fix.as_ref()), text.map(|t| &t.fix)),
                url,
            },
        }
    }
}

/// How a check stands that failed for this cause (contract, section 4, "Folding").
fn standing(cause: Cause) -> Status {
    match cause.owner() {
        Owner::Network | Owner::Microsoft | Owner::None => Status::Unknown,
        Owner::EntraAdmin | Owner::Operator => Status::Failed,
        Owner::D365Admin if cause == Cause::D365Maintenance => Status::Unknown,
        Owner::D365Admin => Status::Failed,
    }
}
