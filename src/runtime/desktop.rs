//! The desktop around the terminal: opens a link in a browser, offers a text to the clipboard.
//!
//! Does not know what is behind a link, nor whether the terminal took the text.

use crate::core::cloud::is_loopback;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::OsString;

/// The longest text that is offered to the clipboard, in bytes. Some terminals drop longer sequences.
const MAX_COPIED: usize = 8 * 1024;

/// The escape sequence (OSC 52) that asks the terminal to put a text on its clipboard; `None` beyond 8 KiB.
///
/// Terminals do not answer, and some ignore it: say "sent to the terminal's clipboard", never "copied".
pub fn osc52(text: &str) -> Option<String> {
    (text.len() <= MAX_COPIED).then(|| format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
}

/// Opens a link in the user's browser, without a word on the terminal. Returns when the launcher has answered, or after two
/// seconds, because some launchers stay as long as the browser does.
///
/// # Errors
/// In a few words, why the link has to be opened by hand.
pub async fn open_link(link: &str) -> Result<(), String> {
    let url = url::Url::parse(link).map_err(|_| "this is not a link")?;
    if url.scheme() == "http" && url.host_str().is_some_and(is_loopback) {
        return Err("this page is on this machine and not one of Microsoft's: open it by hand".to_owned());
    }
    if url.scheme() != "https" {
        return Err("only https links are opened".to_owned());
    }
    if let Some(reason) = no_desktop(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err(reason.to_owned());
    }
    launch(&url).await
}

/// Why a browser would not appear in front of the user.
fn no_desktop(is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    let windows_behind = is_set("WSL_DISTRO_NAME");
    if is_set("SSH_CONNECTION") {
        Some("this is a remote session: open the link on your own machine")
    } else if cfg!(target_os = "linux") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !windows_behind {
        Some("there is no desktop here: open the link by hand")
    } else {
        None
    }
}

const NO_BROWSER: &str = "no browser could be started: open the link by hand";

#[cfg(any(windows, target_os = "macos"))]
async fn launch(url: &url::Url) -> Result<(), String> {
    let url = url.clone();
    match tokio::task::spawn_blocking(move || webbrowser::open(url.as_str())).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(NO_BROWSER.to_owned()),
    }
}

// The webbrowser crate hands our whole environment to the browser, where a secret may be, and runs text browsers on our terminal.
#[cfg(not(any(windows, target_os = "macos")))]
async fn launch(url: &url::Url) -> Result<(), String> {
    for launcher in ["xdg-open", "wslview", "x-www-browser"] {
        if run(launcher, url, std::env::vars_os().collect()).await {
            return Ok(());
        }
    }
    Err(NO_BROWSER.to_owned())
}

/// Whether a launcher could be started and did not refuse.
#[cfg(not(any(windows, target_os = "macos")))]
async fn run(launcher: &str, url: &url::Url, vars: Vec<(OsString, OsString)>) -> bool {
    use std::process::Stdio;
    let started = tokio::process::Command::new(launcher)
        .arg(url.as_str())
        .env_clear()
        .envs(vars.into_iter().filter(|(name, _)| is_for_browser(name)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0) // stopping this program with ctrl-z does not stop the browser
        .spawn();
    let Ok(mut child) = started else { return false };
    match tokio::time::timeout(std::time::Duration::from_secs(2), child.wait()).await {
        Ok(ended) => ended.is_ok_and(|status| status.success()),
        Err(_still_running) => true,
    }
}

/// Whether a browser needs this variable. Everything else stays here: a secret may be in it (safety rule 4).
#[cfg(not(any(windows, target_os = "macos")))]
fn is_for_browser(name: &OsString) -> bool {
    const NAMES: [&str; 14] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "DBUS_SESSION_BUS_ADDRESS",
        "DESKTOP_SESSION",
        "BROWSER",
        "WSL_DISTRO_NAME",
        "WSL_INTEROP",
    ];
    let Some(name) = name.to_str() else { return false };
    NAMES.contains(&name) || ["LC_", "XDG_", "KDE_", "GNOME_"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipboard_sequence() {
        assert_eq!(osc52("https://a/ä").unwrap(), "\x1b]52;c;aHR0cHM6Ly9hL8Ok\x07");
        assert!(osc52(&"a".repeat(MAX_COPIED)).is_some());
        assert_eq!(osc52(&"a".repeat(MAX_COPIED + 1)), None);
    }

    #[test]
    fn only_where_somebody_sees_it() {
        for (set, refused) in [
            (&["DISPLAY"][..], false),
            (&["WAYLAND_DISPLAY"], false),
            (&["WSL_DISTRO_NAME"], false),
            (&["SSH_CONNECTION", "DISPLAY"], true),
            (&[], cfg!(target_os = "linux")),
        ] {
            assert_eq!(no_desktop(|name| set.contains(&name)).is_some(), refused, "{set:?}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn only_https() {
        assert!(open_link("http://127.0.0.1:8080/x").await.unwrap_err().contains("not one of Microsoft's"));
        for link in ["http://example.com", "file:///etc/passwd", "javascript:alert(1)", "-help", ""] {
            assert!(open_link(link).await.is_err(), "{link}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "current_thread")]
    async fn the_launcher_gets_the_link_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let script = folder.path().join("launcher");
        // Written by a child: a file that this process had open for writing may not be started while others fork.
        let write = |body: &str| {
            let mut child = std::process::Command::new("sh");
            child.args(["-c", "printf '#!/bin/sh\n%s\n' \"$2\" >\"$1\" && chmod 700 \"$1\"", "sh"]);
            assert!(child.arg(&script).arg(body).status().unwrap().success());
        };
        write(&format!("printf '%s\\n' \"$@\" >'{0}'; env >>'{0}'", seen.display()));
        let url = url::Url::parse("https://portal.azure.com/#a;b").unwrap();
        let vars = std::env::vars_os()
            .chain([("CLIENT_SECRET".into(), "canary".into()), ("LC_ALL".into(), "C".into())])
            .collect();
        assert!(run(script.to_str().unwrap(), &url, vars).await);
        let seen = std::fs::read_to_string(seen).unwrap();
        assert!(seen.starts_with("https://portal.azure.com/#a;b\n"), "{seen}");
        assert!(seen.contains("LC_ALL=C"), "{seen}");
        assert!(!seen.contains("canary"), "{seen}");
        assert!(!run("/nowhere/launcher", &url, Vec::new()).await);
        write("exit 3");
        assert!(!run(script.to_str().unwrap(), &url, std::env::vars_os().collect()).await);
    }
}
