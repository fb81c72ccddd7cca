//! One live test: the function under the screen and under `check`.
//!
//! Knows what runs beside what. Does not know how a check is carried out, or what a refusal means.

use crate::core::check::{CheckEvent, CheckId, CheckResult, Details};
use crate::core::cloud::Clouds;
use crate::core::credential::{Credential, Unusable};
use crate::core::evidence::{Fault, Mark, Origin};
use crate::core::guide::{Guide, Product, SignIn};
use crate::core::profile::Profile;
use crate::core::secret::{AccessToken, Scrubber};
use crate::net::environment::environment;
use crate::net::interactive::Signing;
use crate::net::progress::Progress;
use crate::net::session::Session;
use crate::net::token::{self, Answer};
use crate::net::{Client, authority, business_central, finance_operations, graph, local};
use jiff::civil::Date;
use std::pin::pin;
use tokio::sync::{mpsc, watch};

/// What is to be tested.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The profile.
    pub profile: Profile,
    /// Its guide.
    pub guide: &'static Guide,
    /// The clouds, to look for a missing tenant elsewhere.
    pub clouds: &'static Clouds,
    /// What the app proves itself with, or why there is nothing.
    pub credential: Result<Credential, Unusable>,
    /// Where somebody is there to sign in: what they read on a page that does not lead back here, once they do.
    pub page: Option<watch::Receiver<String>>,
    /// The checks to run; what they wait for is run as well.
    pub wanted: Vec<CheckId>,
    /// Today, for the end date.
    pub today: Date,
    /// Days left from which on the end is near.
    pub warning_days: i64,
}

/// What a run leaves for whoever makes something of it.
#[derive(Debug, Default)]
pub struct Left {
    /// Knows the secret and the token, to search for them.
    pub known: Scrubber,
    /// The token, if one came.
    pub token: Option<AccessToken>,
}

/// Runs the test and tells of it. Every check of [`CheckId::ALL`] that is wanted or waited for gets exactly one
/// `Finished`. Dropping the future cancels it at once.
pub async fn run(client: &Client, request: &RunRequest, events: &mpsc::Sender<CheckEvent>) -> Left {
    let plan = request.wanted.iter().flat_map(|check| check.with_needs()).collect();
    let progress = Progress::new(events, plan);
    progress.started(CheckId::Inputs).await;
    let inputs = local::inputs(request);
    let fits = matches!(inputs, CheckResult::Passed { .. });
    progress.finished(CheckId::Inputs, inputs).await;
    let (true, Ok(credential)) = (fits, &request.credential) else {
        progress.skipped(&CheckId::ALL[1..], "needs inputs").await;
        let known = request.credential.as_ref().map(Credential::scrubber).unwrap_or_default();
        return Left { known, token: None };
    };
    let expiry = local::expiry(request, jiff::Timestamp::now());
    if request.profile.product != Product::Graph {
        progress.started(CheckId::Expiry).await;
        progress.finished(CheckId::Expiry, expiry).await;
        return connection(client, request, credential, &progress).await;
    }
    // Graph may know better than what was noted down: it is asked when there is a token, if there is one.
    let left = connection(client, request, credential, &progress).await;
    progress.started(CheckId::Expiry).await;
    let end = match (&left.token, credential) {
        (Some(token), Credential::Secret(secret)) if progress.wants(CheckId::Expiry) => {
            graph::end_of(client, request, secret, token, &progress).await
        }
        _ => None,
    };
    progress.finished(CheckId::Expiry, local::beside(expiry, request, end)).await;
    left
}

/// What takes a connection.
async fn connection(client: &Client, request: &RunRequest, credential: &Credential, progress: &Progress<'_>) -> Left {
    let scrubber = credential.scrubber();
    let product = request.profile.product;
    // Whether an environment of Business Central is there is told to tokens only.
    let asks_with_token = product == Product::BusinessCentral && progress.wants(CheckId::Environment);
    // The API is asked while the token is fetched: that opens the connection which the probes use afterwards.
    let (signed_in, reached) = tokio::join!(
        async {
            if !progress.wants(CheckId::Authority) && !asks_with_token {
                return None;
            }
            let token = sign_in(client, request, credential, &scrubber, progress).await?;
            progress.started(CheckId::Claims).await;
            let now = jiff::Timestamp::now().as_second();
            let (result, marks) = token::claims(request.guide, &request.profile, &token, &scrubber, now);
            progress.finished(CheckId::Claims, result).await;
            Some((token, marks))
        },
        async {
            if !progress.wants(CheckId::Environment) {
                return None;
            }
            progress.started(CheckId::Environment).await;
            let result = environment(client, request, &scrubber, progress).await;
            if product == Product::BusinessCentral && matches!(result, CheckResult::Passed { .. }) {
                return Some(result);
            }
            let fits = matches!(result, CheckResult::Passed { .. });
            progress.finished(CheckId::Environment, result).await;
            fits.then(|| CheckResult::Passed { summary: String::new(), details: Details::new() })
        }
    );
    let scrubber = match &signed_in {
        Some((token, _)) => scrubber.and_token(token),
        None => scrubber,
    };
    let probed = progress.wants(CheckId::Registration);
    let token = match (signed_in, reached) {
        (Some((token, marks)), Some(reached)) if probed || asks_with_token => {
            let session = Session { client, request, progress, token: &token, scrubber: &scrubber, marks };
            match product {
                Product::FinanceOperations => probe(&session).await,
                Product::BusinessCentral => business_central::probe(&session, reached).await,
                Product::Graph => graph::probe(&session).await,
            }
            Some(token)
        }
        (signed_in, reached) => {
            let reason = if signed_in.is_none() { "needs token" } else { "needs environment" };
            if let Some(reached) = reached.filter(|_| asks_with_token) {
                let note = "whether the environment is there was not asked: that takes a token";
                progress.finished(CheckId::Environment, local::with_note(reached, Some(note))).await;
            }
            if probed {
                progress.skipped(&[CheckId::Registration], reason).await;
                progress.skipped(&[CheckId::Access], "needs registration").await;
            }
            signed_in.map(|(token, _)| token)
        }
    };
    Left { known: scrubber, token }
}

/// `authority` and `token`: both are judged from the token's answer.
async fn sign_in(
    client: &Client,
    request: &RunRequest,
    credential: &Credential,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> Option<AccessToken> {
    let host = request.profile.authority.host();
    progress.started(CheckId::Authority).await;
    progress.started(CheckId::Token).await;
    let answers = |details| CheckResult::Passed { summary: format!("{host} answers and knows the tenant"), details };
    let answer = match request.profile.sign_in {
        SignIn::App => token::request(client, &request.profile, credential, scrubber, progress).await,
        way => {
            let signing = Signing { client, request, credential, scrubber, progress };
            match way {
                _ if request.page.is_none() => Answer::Denied(signing.nobody("nobody is here to sign in")),
                SignIn::DeviceCode => signing.device_code().await,
                SignIn::App | SignIn::Loopback => signing.loopback().await,
            }
        }
    };
    let failed = match answer {
        Answer::Granted(token, details) => {
            progress.finished(CheckId::Authority, answers(Details::new())).await;
            let what = if request.profile.sign_in.is_user() { "a token came for the user" } else { "a token came" };
            let passed = CheckResult::Passed { summary: what.into(), details };
            progress.finished(CheckId::Token, passed).await;
            return Some(token);
        }
        Answer::Refused(reply, evidence) => authority::settle(client, request, scrubber, &reply, evidence)
            .await
            .map(|evidence| (reply.status, evidence)),
        Answer::Denied(evidence) => {
            // Before a person is asked, the sign-in host has answered.
            let authority = if request.page.is_some() {
                answers(Details::new())
            } else {
                CheckResult::Skipped { reason: "judged by a sign-in, and there was none".into() }
            };
            progress.finished(CheckId::Authority, authority).await;
            let summary = match evidence.origin {
                Some(Origin::Entra) => "the sign-in was refused".into(),
                _ => evidence.text.one_line(120),
            };
            let refused = CheckResult::Refused { summary, details: Details::new(), evidence: vec![evidence] };
            progress.finished(CheckId::Token, refused).await;
            progress.skipped(&[CheckId::Claims], "needs token").await;
            return None;
        }
        Answer::Unreachable(mut evidence) => {
            evidence.check = Some(CheckId::Authority);
            let summary = format!("{host} {}", evidence.fault.map_or("gave no answer", Fault::words));
            Err(CheckResult::Refused { summary, details: Details::new(), evidence: vec![evidence] })
        }
    };
    match failed {
        Ok((status, evidence)) => {
            progress.finished(CheckId::Authority, answers(Details::new())).await;
            let mut details = Details::new();
            details.insert("http_status".into(), status.into());
            let summary = match evidence.marks.contains(&Mark::Unreadable) {
                true => "the answer holds no usable token".into(),
                false => format!("the request for a token was refused with status {status}"),
            };
            progress
                .finished(CheckId::Token, CheckResult::Refused { summary, details, evidence: vec![evidence] })
                .await;
        }
        Err(refused) => {
            progress.finished(CheckId::Authority, refused).await;
            progress.skipped(&[CheckId::Token], "needs authority").await;
        }
    }
    progress.skipped(&[CheckId::Claims], "needs token").await;
    None
}

/// `registration` and `access` leave together; without a registration what was read is dropped.
async fn probe(session: &Session<'_>) {
    let progress = session.progress;
    progress.started(CheckId::Registration).await;
    let mut registration = pin!(finance_operations::registration(session));
    let registered = if progress.wants(CheckId::Access) {
        progress.started(CheckId::Access).await;
        let mut access = pin!(finance_operations::access(session));
        let mut read = None;
        let registered = loop {
            tokio::select! {
                result = &mut registration => break told(progress, result).await,
                result = &mut access, if read.is_none() => read = Some(result),
            }
        };
        if registered {
            let result = match read {
                Some(result) => result,
                None => access.await,
            };
            progress.finished(CheckId::Access, result).await;
        }
        registered
    } else {
        told(progress, registration.await).await
    };
    if !registered {
        progress.skipped(&[CheckId::Access], "needs registration").await;
    }
}

/// Tells how the registration came out, and whether it stands.
async fn told(progress: &Progress<'_>, result: CheckResult) -> bool {
    let passed = matches!(result, CheckResult::Passed { .. });
    progress.finished(CheckId::Registration, result).await;
    passed
}
