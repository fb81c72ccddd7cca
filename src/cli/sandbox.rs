//! `sandbox`: serve the simulated tenant on loopback, for other processes.
//!
//! Says how to reach it. What it simulates is the business of the sandbox itself.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, new, scenario};
use crate::core::guide::Guide;
use crate::core::question::FieldId;
use crate::sandbox::{self, Offer, Sandbox, Scenario};
use serde_json::json;

/// The variable that the printed lines use for the simulated secret.
const VARIABLE: &str = "D365_SANDBOX_SECRET";

/// Serve the simulated tenant on this machine.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Serve the simulated tenant on this machine until Ctrl-C.\n\n\
        It speaks as Entra and Finance & Operations do, over plain HTTP on 127.0.0.1, and prints how to reach\n\
        it. Its secret is made up and opens nothing else. Every command can also be rehearsed with\n\
        --sandbox[=SCENARIO], without this.",
    after_help = "Examples:\n  \
        d365-connect sandbox --scenario secret-expired --port 8365\n  \
        d365-connect sandbox --list\n\n\
        Exit codes: 130 after Ctrl-C, 2 there is no such scenario, 3 the port cannot be had"
)]
pub struct Args {
    /// What is wrong in the tenant
    #[arg(long, value_name = "ID", default_value = "healthy")]
    scenario: String,
    /// Serve on this port instead of a free one
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Print a profile for this guide
    #[arg(long, value_name = "ID", default_value = "fno-client-credentials")]
    guide: String,
    /// List the scenarios
    #[arg(long)]
    list: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    if args.list {
        list(context);
        return OK;
    }
    let scenario = scenario(&args.scenario)?;
    let guide = new::guide(&args.guide)?;
    let sandbox = Sandbox::start(scenario, args.port).await.map_err(|error| {
        Failure::here(
            format!("the sandbox cannot listen on port {}: {error}", args.port),
            "choose another --port, or none",
        )
    })?;
    let port = sandbox.address().port();
    let offers = sandbox.noted(guide);
    if context.is_json() {
        context.printer.json(&report(scenario, guide, port, &offers));
    } else {
        context.printer.out(&lines(scenario, guide, port, &offers));
    }
    // Until Ctrl-C, which is heard above.
    std::future::pending::<Done>().await
}

fn list(context: &Context) {
    if context.is_json() {
        let all: Vec<_> = Scenario::ALL.iter().map(|s| json!({ "id": s.as_str(), "about": s.about() })).collect();
        context.printer.json(&json!({ "schema": 1, "scenarios": all }));
        return;
    }
    let rows: Vec<Vec<String>> =
        Scenario::ALL.iter().map(|s| vec![s.as_str().to_owned(), s.about().to_owned()]).collect();
    context.printer.out(&context.printer.table(&rows));
}

/// The profile's values, with real loopback addresses in place of the fixed names.
fn values(port: u16, offers: &[Offer]) -> Vec<(FieldId, String)> {
    let plain = |offer: &Offer| match offer {
        Offer::Value(field, value) => (*field, sandbox::for_others(value, port)),
        Offer::Secret(_, ends) => (FieldId::Expires, ends.to_string()),
    };
    offers.iter().map(plain).collect()
}

#[expect(clippy::disallowed_methods, reason = "the simulated tenant's secret is made up, and is printed to be used")]
fn simulated_secret(offers: &[Offer]) -> Option<&str> {
    offers.iter().find_map(|offer| match offer {
        Offer::Secret(secret, _) => Some(secret.reveal()),
        Offer::Value(..) => None,
    })
}

fn lines(scenario: Scenario, guide: &Guide, port: u16, offers: &[Offer]) -> String {
    let base = sandbox::for_others(sandbox::AUTHORITY, port);
    let settings: Vec<String> = values(port, offers)
        .into_iter()
        .map(|(field, value)| format!("    --set {} \\\n", quoted(&format!("{field}={value}"))))
        .collect();
    let secret = simulated_secret(offers).map(quoted).unwrap_or_default();
    format!(
        "The simulated tenant listens on {base}, until Ctrl-C.\n\
         Scenario {}: {}\n\n\
         A profile for it; the secret is made up and opens nothing else:\n\n  \
         export {VARIABLE}={secret}\n  \
         d365-connect new sandbox --no-input --guide {} \\\n{}    --secret env:{VARIABLE}\n  \
         d365-connect check sandbox\n\n\
         What it holds:        curl {base}/sandbox\n\
         Carry out a step:     curl -X POST {base}/sandbox/steps/STEP   (register-in-d365, client-secret, …)",
        scenario.as_str(),
        scenario.about(),
        guide.id,
        settings.concat(),
    )
}

fn report(scenario: Scenario, guide: &Guide, port: u16, offers: &[Offer]) -> serde_json::Value {
    let base = sandbox::for_others(sandbox::AUTHORITY, port);
    let values: serde_json::Map<String, serde_json::Value> =
        values(port, offers).into_iter().map(|(field, value)| (field.to_string(), value.into())).collect();
    json!({
        "schema": 1,
        "scenario": scenario.as_str(),
        "about": scenario.about(),
        "guide": guide.id,
        "base_url": base,
        "values": values,
        "secret": simulated_secret(offers),
        "state_url": format!("{base}/sandbox"),
        "steps_url": format!("{base}/sandbox/steps/STEP"),
    })
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'=');
    if text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
