//! One live test: the function under the screen and under `check`.
//!
//! Knows what runs beside what. Does not know how a check is carried out, or what a refusal means.

use crate::core::check::{CheckEvent, CheckId, CheckResult, Details};
use crate::core::cloud::Clouds;
use crate::core::evidence::{Fault, Mark};
use crate::core::guide::{Guide, Product};
use crate::core::profile::Profile;
use crate::core::secret::{AccessToken, ClientSecret, Scrubber};
use crate::core::untrusted::Untrusted;
use crate::net::finance_operations::{Session, environment};
use crate::net::progress::Progress;
use crate::net::{Client, authority, local, token};
use jiff::civil::Date;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What is to be tested.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The profile.
    pub profile: Profile,
    /// Its guide.
    pub guide: &'static Guide,
    /// The clouds, to look for a missing tenant elsewhere.
    pub clouds: &'static Clouds,
    /// The secret, or why it could not be read (place and reason, for people).
    pub secret: Result<Arc<ClientSecret>, Untrusted>,
    /// The checks to run; what they wait for is run as well.
    pub wanted: Vec<CheckId>,
    /// Today, for the end date.
    pub today: Date,
}

/// Runs the test and tells of it. Every check of [`CheckId::ALL`] that is wanted or waited for gets exactly one
/// `Finished`. Dropping the future cancels it at once.
pub async fn run(client: &Client, request: &RunRequest, events: &mpsc::Sender<CheckEvent>) {
    let plan = request.wanted.iter().flat_map(|check| check.with_needs()).collect();
    let progress = Progress::new(events, plan);
    progress.started(CheckId::Inputs).await;
    let inputs = local::inputs(request);
    let fits = matches!(inputs, CheckResult::Passed { .. });
    progress.finished(CheckId::Inputs, inputs).await;
    let (true, Ok(secret)) = (fits, &request.secret) else {
        progress.skipped(&CheckId::ALL[1..], "needs inputs").await;
        return;
    };
    progress.started(CheckId::Expiry).await;
    progress.finished(CheckId::Expiry, local::expiry(request)).await;
    match request.guide.product {
        Product::FinanceOperations => finance_operations(client, request, secret, &progress).await,
        Product::BusinessCentral | Product::Graph => {
            progress.skipped(&CheckId::ALL[1..], "not written yet").await;
        }
    }
}

async fn finance_operations(client: &Client, request: &RunRequest, secret: &ClientSecret, progress: &Progress<'_>) {
    let scrubber = Scrubber::for_secret(secret);
    // The environment is asked while the token is fetched: that opens the connection which the probes use afterwards.
    let (signed_in, environment_fits) = tokio::join!(
        async {
            if !progress.wants(CheckId::Authority) {
                return None;
            }
            let token = sign_in(client, request, secret, &scrubber, progress).await?;
            progress.started(CheckId::Claims).await;
            let (result, marks) = token::claims(&request.profile, &token, jiff::Timestamp::now().as_second());
            progress.finished(CheckId::Claims, result).await;
            Some((token, marks))
        },
        async {
            if !progress.wants(CheckId::Environment) {
                return false;
            }
            progress.started(CheckId::Environment).await;
            let result = environment(client, request, &scrubber, progress).await;
            let fits = matches!(result, CheckResult::Passed { .. });
            progress.finished(CheckId::Environment, result).await;
            fits
        }
    );
    if !progress.wants(CheckId::Registration) {
        return;
    }
    match signed_in {
        Some((token, marks)) if environment_fits => {
            let scrubber = scrubber.and_token(&token);
            probe(&Session { client, request, progress, token: &token, scrubber, marks }).await;
        }
        signed_in => {
            let reason = if signed_in.is_none() { "needs token" } else { "needs environment" };
            progress.skipped(&[CheckId::Registration], reason).await;
            progress.skipped(&[CheckId::Access], "needs registration").await;
        }
    }
}

/// `authority` and `token`: both are judged from the token's answer.
async fn sign_in(
    client: &Client,
    request: &RunRequest,
    secret: &ClientSecret,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> Option<AccessToken> {
    let host = request.profile.authority.host();
    progress.started(CheckId::Authority).await;
    progress.started(CheckId::Token).await;
    let answers = |details| CheckResult::Passed { summary: format!("{host} answers and knows the tenant"), details };
    let failed = match token::request(client, &request.profile, secret, scrubber, progress).await {
        token::Answer::Granted(token, details) => {
            progress.finished(CheckId::Authority, answers(Details::new())).await;
            let passed = CheckResult::Passed { summary: "a token came".into(), details };
            progress.finished(CheckId::Token, passed).await;
            return Some(token);
        }
        token::Answer::Refused(reply, evidence) => authority::settle(client, request, scrubber, &reply, evidence)
            .await
            .map(|evidence| (reply.status, evidence)),
        token::Answer::Unreachable(mut evidence) => {
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
    let mut registration = pin!(session.registration());
    let registered = if progress.wants(CheckId::Access) {
        progress.started(CheckId::Access).await;
        let mut access = pin!(session.access());
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
