//! `sandbox`: serve the simulated tenant on loopback, for other processes.
//!
//! Says how to reach it. What it simulates is the business of the sandbox itself.

use crate::assets;
use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, new, scenario};
use crate::core::guide::{Guide, Product, SignIn};
use crate::core::question::FieldId;
use crate::sandbox::{self, Offer, Sandbox, Scenario};
use serde_json::json;

/// The variable that the printed lines use for the simulated secret.
const VARIABLE: &str = "D365_SANDBOX_SECRET";

/// Serve the simulated tenant on this machine.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Serve the simulated tenant on this machine until Ctrl-C.\n\n\
        It speaks as Entra, Finance & Operations, Business Central and Microsoft Graph do, over plain HTTP on \
        127.0.0.1, and prints how to reach it. Where a user signs in, it serves the page, which can also be \
        answered from a terminal. Its secret is made up and opens nothing else. Every command can also be \
        rehearsed with --sandbox[=SCENARIO], without this.",
    after_help = "Examples:\n  \
        d365-connect sandbox --scenario secret-expired --port 8365\n  \
        d365-connect sandbox --guide business-central --scenario app-card-missing\n  \
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
        let all: Vec<_> = Scenario::ALL
            .iter()
            .map(|s| json!({ "id": s.as_str(), "about": s.about(), "guides": guides_of(*s) }))
            .collect();
        context.printer.json(&json!({ "schema": 1, "scenarios": all }));
        return;
    }
    let rows: Vec<Vec<String>> =
        Scenario::ALL.iter().map(|s| vec![s.as_str().to_owned(), s.about().to_owned()]).collect();
    context.printer.out(&context.printer.table(&rows));
}

/// The guides that may meet a scenario.
fn guides_of(scenario: Scenario) -> Vec<&'static str> {
    let meets = |guide: &&Guide| guide.sign_in.iter().any(|way| scenario.concerns(guide.product, *way));
    assets::guides().iter().filter(meets).map(|guide| guide.id.as_str()).collect()
}

/// The profile's values, with real loopback addresses in place of the fixed names.
fn values(port: u16, offers: &[Offer]) -> Vec<(FieldId, String)> {
    let plain = |offer: &Offer| match offer {
        Offer::Value(field, value) => Some((*field, sandbox::for_others(value, port))),
        Offer::Secret(_, ends) => Some((FieldId::Expires, ends.to_string())),
        Offer::Certificate(_) => None,
    };
    offers.iter().filter_map(plain).collect()
}

#[expect(clippy::disallowed_methods, reason = "the simulated tenant's secret is made up, and is printed to be used")]
fn simulated_secret(offers: &[Offer]) -> Option<&str> {
    offers.iter().find_map(|offer| match offer {
        Offer::Secret(secret, _) => Some(secret.reveal()),
        Offer::Value(..) | Offer::Certificate(_) => None,
    })
}

/// The simulated operator's certificate with its key, where the scenario is about one.
fn simulated_certificate(offers: &[Offer]) -> Option<&str> {
    offers.iter().find_map(|offer| match offer {
        Offer::Certificate(pem) => Some(pem.as_str()),
        Offer::Value(..) | Offer::Secret(..) => None,
    })
}

/// The product's name in the sandbox's own addresses.
fn product(guide: &Guide) -> &'static str {
    match guide.product {
        Product::FinanceOperations => "finance-operations",
        Product::BusinessCentral => "business-central",
        Product::Graph => "graph",
    }
}

/// Where the product's API is.
fn api(guide: &Guide, base: &str) -> String {
    match guide.product {
        Product::FinanceOperations => format!("{base}/data"),
        Product::BusinessCentral => format!("{base}/v2.0/Production/api/v2.0"),
        Product::Graph => format!("{base}/v1.0"),
    }
}

/// How a user's sign-in is answered from a terminal, for the ways that the guide has.
fn answers(guide: &Guide, base: &str) -> Vec<(&'static str, String)> {
    let of = |way: &SignIn| match way {
        SignIn::App => None,
        SignIn::Loopback => Some((
            "Sign in, browser",
            "curl -L 'PAGE&sandbox=approve'   (or deny; PAGE is what the test shows)".to_owned(),
        )),
        SignIn::DeviceCode => {
            Some(("Sign in, code", format!("curl '{base}/device?user_code=CODE&sandbox=approve'   (or deny)")))
        }
    };
    guide.sign_in.iter().filter_map(of).collect()
}

fn lines(scenario: Scenario, guide: &Guide, port: u16, offers: &[Offer]) -> String {
    let base = sandbox::for_others(sandbox::AUTHORITY, port);
    let settings: Vec<String> = values(port, offers)
        .into_iter()
        .map(|(field, value)| format!("    --set {} \\\n", quoted(&format!("{field}={value}"))))
        .collect();
    let (keep, source) = match simulated_certificate(offers) {
        Some(pem) => (format!("cat > sandbox.pem <<'END'\n{pem}END"), "certificate:sandbox.pem".to_owned()),
        None => {
            let secret = simulated_secret(offers).map(quoted).unwrap_or_default();
            (format!("export {VARIABLE}={secret}"), format!("env:{VARIABLE}"))
        }
    };
    let product = product(guide);
    let mut hints = vec![
        ("API", api(guide, &base)),
        ("What it holds", format!("curl '{base}/sandbox?product={product}'")),
        ("Carry out a step", format!("curl -X POST '{base}/sandbox/steps/STEP?product={product}'")),
    ];
    hints.extend(answers(guide, &base));
    let hints: Vec<String> =
        hints.into_iter().map(|(what, how)| format!("\n{:<22}{how}", format!("{what}:"))).collect();
    format!(
        "The simulated tenant listens on {base}, until Ctrl-C.\n\
         Scenario {}: {}\n{}\n\
         A profile for it; the secret is made up and opens nothing else:\n\n  \
         {keep}\n  \
         d365-connect new sandbox --no-input --guide {} \\\n{}    --secret {source}\n  \
         d365-connect check sandbox\n{}\n\n\
         Steps are those of the guide: {}",
        scenario.as_str(),
        scenario.about(),
        unconcerned(scenario, guide),
        guide.id,
        settings.concat(),
        hints.concat(),
        guide.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>().join(", "),
    )
}

/// A line for a scenario that this guide never meets.
fn unconcerned(scenario: Scenario, guide: &Guide) -> &'static str {
    if guide.sign_in.iter().any(|way| scenario.concerns(guide.product, *way)) {
        ""
    } else {
        "This guide does not meet that: for it, all is well.\n"
    }
}

fn report(scenario: Scenario, guide: &Guide, port: u16, offers: &[Offer]) -> serde_json::Value {
    let base = sandbox::for_others(sandbox::AUTHORITY, port);
    let values: serde_json::Map<String, serde_json::Value> =
        values(port, offers).into_iter().map(|(field, value)| (field.to_string(), value.into())).collect();
    let product = product(guide);
    json!({
        "schema": 1,
        "scenario": scenario.as_str(),
        "about": scenario.about(),
        "guide": guide.id,
        "base_url": base,
        "api_url": api(guide, &base),
        "values": values,
        "secret": simulated_secret(offers),
        "certificate": simulated_certificate(offers),
        "state_url": format!("{base}/sandbox?product={product}"),
        "steps_url": format!("{base}/sandbox/steps/STEP?product={product}"),
        "device_url": format!("{base}/device"),
    })
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/' | b':' | b'=');
    if text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
