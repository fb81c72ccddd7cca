//! The sign-in service's pages: plain HTML without scripts, for browsers of any kind.
//!
//! Knows how a page is built. Does not know what it is about.

use crate::sandbox::html_response;
use axum::http::StatusCode;
use axum::response::Response;

/// A page; the body is HTML already.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    html_response(
        status,
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <style>body{{font:16px sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}\
             code{{overflow-wrap:anywhere}}button{{font:inherit;padding:.4em 1em}}</style></head>\n\
             <body><p>Sandbox: a simulated sign-in page. Nothing on it is real.</p>\n<h1>{title}</h1>\n{body}\n\
             </body></html>\n"
        ),
    )
}

/// A form whose buttons answer: it sends `sandbox=approve` or `sandbox=deny` along with the hidden fields.
pub(super) fn question<'a>(method: &str, action: &str, hidden: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let hidden: String = hidden
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escaped(name), escaped(value))
        })
        .collect();
    format!(
        "<form method=\"{method}\" action=\"{}\">\n{hidden}\
         <button name=\"sandbox\" value=\"approve\">Sign in and approve</button>\n\
         <button name=\"sandbox\" value=\"deny\">Deny</button>\n</form>",
        escaped(action)
    )
}

/// Text for HTML, in attributes too.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
