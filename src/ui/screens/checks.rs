//! The live test: two lanes as chains, a bar of time a check, and what was found.

use crate::app::App;
use crate::app::key::Key;
use crate::app::screens::checks::{Again, Checks, Run};
use crate::core::check::{CheckDone, CheckId, CheckRun, Lane, SignInPrompt, Status, reason_in_words};
use crate::core::details;
use crate::core::permissions::{self, Standing};
use crate::core::question::FieldId;
use crate::core::since::Since;
use crate::core::untrusted::Untrusted;
use crate::ui::screens::home::ago;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// The column of labels in the details.
const LABEL: usize = 16;

/// Draws the test.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, checks: &Checks, theme: Theme) -> Drawn {
    let remark = match &checks.run {
        Run::Idle => last_test(app, checks),
        Run::Running { ticks, .. } => format!("{}.{} s, Esc stops", ticks / 10, ticks % 10),
        Run::Ended { stopped: true, .. } => "stopped".to_owned(),
        Run::Ended { .. } if checks.counts() => {
            format!("again in {} s, Esc stops", checks.again.as_ref().map_or(0, |again| again.pause))
        }
        Run::Ended { fold, .. } => format!("{} in {:.1} s", fold.verdict(), fold.elapsed.as_secs_f64()),
        Run::Trouble(_) => "could not begin".to_owned(),
    };
    let title = format!("Test · {}", checks.title);
    crate::ui::head(frame, head, app, &title, &remark, theme);
    let idle = CheckRun::default();
    let fold = checks.fold().unwrap_or(&idle);
    let running = matches!(checks.run, Run::Running { .. });
    // Where a finding leaves no room for a bar a check, one line shows them all.
    let bars = match (body.height, fold.findings.is_empty()) {
        _ if checks.detail.is_some() => Vec::new(),
        (17.., true) | (28.., false) => bars(fold, usize::from(body.width), theme),
        (17.., false) => bar_line(fold, usize::from(body.width), theme).into_iter().collect(),
        _ => Vec::new(),
    };
    let bar_rows = u16::try_from(bars.len()).unwrap_or(0);
    let [lanes, bar_area, pane] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(if bar_rows == 0 { 0 } else { bar_rows + 1 }),
        Constraint::Min(1),
    ])
    .areas(body);
    let chain = |lane: Lane, name: &'static str| chain(fold, lane, name, running, usize::from(body.width), theme);
    frame.render_widget(
        ratatui::widgets::Paragraph::new(vec![chain(Lane::Entra, "ENTRA"), chain(Lane::D365, "D365 ")]),
        lanes,
    );
    frame.render_widget(ratatui::widgets::Paragraph::new(bars), bar_area);

    let heading = match (&checks.run, fold.findings.len()) {
        (Run::Running { .. } | Run::Ended { .. }, _) if checks.detail.is_some() => {
            let check = checks.detail.unwrap_or(CheckId::Inputs);
            let at = CheckId::ALL.iter().position(|other| *other == check).unwrap_or(0);
            format!("Details of {}: {} of {}", check.title(), at + 1, CheckId::ALL.len())
        }
        (Run::Idle, _) if checks.last.is_some() => "What the last test found".to_owned(),
        (Run::Idle | Run::Trouble(_), _) => "The connection".to_owned(),
        (Run::Running { .. }, 0) => "Testing".to_owned(),
        (_, 0) => "What was found out".to_owned(),
        (_, count) => {
            let what = match fold.verdict() {
                Status::Failed => "What is wrong",
                Status::Unknown => "What is in the way",
                _ => "What to plan",
            };
            if count == 1 { what.to_owned() } else { format!("{what}: {} of {count}", checks.marked + 1) }
        }
    };
    let inner = if checks.detail.is_none() && checks.asks().is_some() && app.sandbox.is_none() {
        widgets::open_pane(frame, pane, &heading, theme)
    } else {
        let inner = widgets::pane(frame, pane, &heading, theme);
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
    };
    let room = usize::from(inner.width);
    let lines = match checks.detail {
        Some(check) => details(fold, check, room, theme),
        None => lines(app, checks, fold, room, widgets::is_plenty(body), theme),
    };
    Drawn { seen: widgets::scrolled(frame, inner, lines, checks.scroll, theme), cursor: None }
}

/// How the profile's last test ended, and when.
fn last_test(app: &App, checks: &Checks) -> String {
    let row = app.home.profiles().iter().find(|row| Some(&row.name) == checks.saved.as_ref());
    match row.and_then(|row| row.last.as_ref()).zip(app.home.now) {
        Some((last, now)) => format!("{} {}", last.verdict, ago(last.when, now)),
        None => "not tested yet".to_owned(),
    }
}

/// What a person has to do now, what they sign in to, and why.
fn sign_in<'a>(
    app: &App,
    checks: &Checks,
    prompt: &SignInPrompt,
    left: u64,
    room: usize,
    theme: Theme,
) -> Vec<Line<'a>> {
    let say = |text: &str, style| widgets::paragraph("", text, room, style, theme);
    let resource = checks.draft.resource(checks.guide.product, app.know.clouds);
    let target = resource.map_or_else(|| checks.guide.product.name().to_owned(), |url| url.host().to_owned());
    let left = format!("{}:{:02}", left / 60, left % 60);
    // In a narrow window one line says both, so that what follows is in sight.
    let narrow = room < 50;
    let title = match prompt {
        SignInPrompt::Browser { .. } if narrow => format!("Sign in, in a browser: {left} left"),
        SignInPrompt::DeviceCode { .. } if narrow => format!("Sign in with this code: {left} left"),
        SignInPrompt::Browser { .. } => "Sign in, in a browser on this machine".to_owned(),
        SignInPrompt::DeviceCode { .. } => "Sign in with this code, in any browser".to_owned(),
    };
    let mut lines = say(&title, theme.accent());
    if let SignInPrompt::DeviceCode { code, .. } = prompt {
        lines.push(Line::from(vec![Span::raw("Code  "), Span::styled(theme.text(code), theme.key())]));
    }
    if !narrow {
        lines.push(Line::raw(format!("Left  {left}")));
    }
    // Whole, however long, in a pane without sides: it is copied from here where the clipboard cannot be reached. In a
    // rehearsal there is no such page.
    lines.extend(match app.sandbox {
        None => widgets::paragraph("", prompt.url(), room, theme.key(), theme),
        Some(_) => {
            let link = widgets::link("", prompt.url(), room, false, theme);
            [link, say("In the sandbox a simulated user signs in: a", theme.good())].concat()
        }
    });
    let why = format!(
        "You let the app {} act for you at {target}. The token is used for this test alone and then dropped.",
        checks.draft.value(FieldId::ClientId)
    );
    lines.extend(say(&why, theme.dim()));
    lines.extend(say("If the page shows an error, paste its text here: it is the cause.", theme.dim()));
    lines
}

/// How trying again goes, where the failure may pass by itself; `first` in the place before the finding.
fn waiting<'a>(app: &App, checks: &Checks, first: bool, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let Some(wait) = checks.passing(app.know.rules) else { return Vec::new() };
    let say = |text: &str, style| widgets::paragraph("", text, room, style, theme);
    match (&checks.again, first) {
        (Some(Again { pause, .. }), true) if room < 50 => {
            say(&format!("Tries again in {pause} s; Esc stops."), theme.accent())
        }
        (Some(Again { pause, left }), true) => {
            let text = format!(
                "Not yet, or never? Tries again in {pause} s, for {}:{:02} at most; Esc stops.",
                left / 60,
                left % 60
            );
            [say(&text, theme.accent()), say(&wait.text, theme.dim()), vec![Line::default()]].concat()
        }
        (None, true) if checks.gave_up => {
            let text = "Still the same after two minutes of trying: it does not pass by itself.";
            [say(text, theme.warn()), vec![Line::default()]].concat()
        }
        (None, false) if !checks.gave_up => {
            let text = format!("Changed a moment ago? {} w tries again by itself.", wait.text);
            say(&text, theme.dim())
        }
        _ => Vec::new(),
    }
}

/// The permissions of the token beside those of the guide, as the check `claims` tells them; of all, or of those that
/// are granted, missing or too much.
fn permissions<'a>(done: &CheckDone, all: bool, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for line in permissions::Line::of(&done.details).into_iter().filter(|line| all || line.is_told()) {
        let (sign, style) = match line.standing {
            Standing::Granted => theme.status(Status::Passed),
            Standing::Missing => theme.status(Status::Failed),
            Standing::More => theme.status(Status::Warning),
            Standing::NotGranted | Standing::NoEffect | Standing::Retired => (theme.sign("·", "-"), theme.dim()),
        };
        let text = Untrusted::plain(&line.text());
        lines.extend(widgets::paragraph(&format!("   {sign} "), text.as_str(), room, style, theme));
    }
    lines
}

/// Everything that one check told: how it stands, its times, and its details in words.
fn details<'a>(fold: &CheckRun, check: CheckId, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let say = |lead: &str, text: &str| {
        let lead = text::fit(lead, LABEL.min(room / 2), theme.ascii);
        widgets::paragraph(&lead, Untrusted::plain(text).as_str(), room, Style::new(), theme)
    };
    let state = fold.state(check);
    let Some(done) = &state.done else {
        return say("", if state.started.is_some() { "It still runs." } else { "It has not run." });
    };
    let (_, style) = theme.status(done.status);
    let head = format!("{}: {}", done.status, reason_in_words(&done.summary));
    let mut lines = widgets::judged(done.status, Untrusted::plain(&head).as_str(), room, style, theme);
    if let Some(started) = state.started {
        let (from, took) = (started.as_millis(), done.took.as_millis());
        lines.extend(say("time", &format!("{took} ms, begun at {from} ms")));
    }
    for (label, text) in details::in_words(&done.details) {
        lines.extend(say(&label, &text));
    }
    let table = permissions(done, true, room, theme);
    if !table.is_empty() {
        lines.extend(say("permissions", "in the token, beside those of the guide"));
        lines.extend(table);
    }
    lines
}

/// One lane as a chain: `ENTRA  ✔ sign-in host ── ✔ token ── ✔ claims fit`.
fn chain<'a>(fold: &CheckRun, lane: Lane, name: &'static str, running: bool, room: usize, theme: Theme) -> Line<'a> {
    let members: Vec<CheckId> = CheckId::ALL.into_iter().filter(|check| check.lane() == Some(lane)).collect();
    let link = if room >= 70 { theme.sign(" ─── ", " --- ") } else { theme.sign(" ─ ", " - ") };
    let mut spans = vec![Span::styled(format!(" {name} "), theme.title())];
    let mut told = false;
    for (at, check) in members.into_iter().enumerate() {
        if at > 0 {
            spans.push(Span::styled(link, theme.dim()));
        }
        let (sign, style) = sign(fold, check, running, theme);
        let title = if room >= 50 { check.title() } else { short(check) };
        spans.push(Span::styled(format!("{sign} {title}"), style));
        // What the first one that did not run waits for; the others wait for it.
        let skipped = fold.done(check).filter(|done| done.status == Status::Skipped);
        if let Some(done) = skipped.filter(|_| room >= 76 && !told) {
            told = true;
            spans.push(Span::styled(
                format!(" ({})", theme.text(&text::cut(&reason_in_words(&done.summary), 22, theme.ascii))),
                style,
            ));
        }
    }
    Line::from(spans)
}

fn short(check: CheckId) -> &'static str {
    match check {
        CheckId::Authority => "host",
        CheckId::Claims => "claims",
        CheckId::Environment => "env",
        CheckId::Registration => "reg",
        other => other.title(),
    }
}

fn sign(fold: &CheckRun, check: CheckId, running: bool, theme: Theme) -> (&'static str, Style) {
    match fold.done(check) {
        Some(done) => theme.status(done.status),
        None if running && fold.state(check).started.is_some() => (theme.sign("…", "~"), theme.accent()),
        None => (theme.sign("·", "."), theme.dim()),
    }
}

/// The bars of time in one line, as far as they fit: `token ▇▇▇▇▇▇ 132 ms  registration ▇▇▇▇ 88 ms`.
fn bar_line<'a>(fold: &CheckRun, room: usize, theme: Theme) -> Option<Line<'a>> {
    // The sign-in host is judged by the token's answer: their times are one.
    let shown = [CheckId::Token, CheckId::Environment, CheckId::Registration, CheckId::Access];
    let shown = if fold.done(CheckId::Token).is_some_and(|done| done.status == Status::Skipped) {
        [CheckId::Authority, CheckId::Environment, CheckId::Registration, CheckId::Access]
    } else {
        shown
    };
    let ran: Vec<_> = shown
        .into_iter()
        .filter_map(|check| fold.done(check).map(|done| (check, done)))
        .filter(|(_, done)| done.status != Status::Skipped)
        .collect();
    let longest = ran.iter().map(|(_, done)| done.took.as_millis()).max()?.max(1);
    let mut spans = Vec::new();
    let mut used = 0;
    for (check, done) in ran {
        let took = done.took.as_millis();
        let cells = usize::try_from(took * 6 / longest).unwrap_or(6).clamp(1, 6);
        let (title, time) = (format!(" {} ", check.title()), format!(" {took} ms "));
        used += text::width(&title) + cells + text::width(&time);
        if used > room {
            break;
        }
        let (_, style) = theme.status(done.status);
        spans.push(Span::styled(title, theme.dim()));
        spans.push(Span::styled(theme.sign("▇", "=").repeat(cells), style));
        spans.push(Span::styled(time, theme.dim()));
    }
    Some(Line::from(spans))
}

/// A bar of time for every check that was started, all on one scale.
fn bars<'a>(fold: &CheckRun, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let total = fold.elapsed.as_secs_f64().max(0.001);
    let bar_room = room.saturating_sub(30).clamp(8, 60);
    let mut lines = Vec::new();
    for check in CheckId::ALL.into_iter().filter(|check| check.lane().is_some()) {
        let state = fold.state(check);
        let (Some(start), Some(done)) = (state.started, &state.done) else { continue };
        if done.status == Status::Skipped {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few cells")]
        let cell = |seconds: f64| (seconds / total * bar_room as f64).round() as usize;
        let from = cell(start.as_secs_f64()).min(bar_room - 1);
        let to = cell((start + done.took).as_secs_f64()).clamp(from + 1, bar_room);
        let (_, style) = theme.status(done.status);
        lines.push(Line::from(vec![
            Span::styled(format!(" {} {}", text::fit(check.title(), 13, theme.ascii), " ".repeat(from)), theme.dim()),
            Span::styled(theme.sign("▇", "=").repeat(to - from), style),
            Span::styled(format!("{} {} ms", " ".repeat(bar_room - to), done.took.as_millis()), theme.dim()),
        ]));
    }
    lines
}

fn lines<'a>(app: &App, checks: &Checks, fold: &CheckRun, room: usize, plenty: bool, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let say =
        |lead: &str, text: &str, style| widgets::paragraph(lead, Untrusted::plain(text).as_str(), room, style, theme);
    match &checks.run {
        Run::Idle => {
            if let Some(last) = &checks.last {
                lines.extend(widgets::paragraph("", &last.title, room, theme.bad(), theme));
                lines.extend(widgets::paragraph("", last.owner.for_whom(), room, theme.dim(), theme));
                lines.extend(widgets::paragraph("Do  ", &last.fix.text, room, theme.accent(), theme));
                if let Some(url) = &last.fix.url {
                    lines.extend(widgets::link("    ", url, room, plenty, theme));
                }
                let enter = theme.key_label(Key::Enter);
                let keys = [Span::styled(enter, theme.key()), Span::raw(" goes to the step, ")];
                let again = [Span::styled("r", theme.key()), Span::raw(" tests again, with all details")];
                lines.extend([Line::from([keys, again].concat()), Line::default()]);
            }
            let value = |field: FieldId| checks.draft.value(field).to_owned();
            let resource = checks.draft.resource(checks.guide.product, app.know.clouds);
            let source = checks.draft.source.as_ref().map_or("none".into(), |source| format!("read from {source}"));
            for (label, value) in [
                ("Guide   ", checks.guide.title.clone()),
                ("Target  ", resource.map(|url| url.to_string()).unwrap_or_default()),
                ("        ", value(FieldId::Environment)),
                ("Company ", value(FieldId::Company)),
                ("Tenant  ", value(FieldId::TenantId)),
                ("App     ", value(FieldId::ClientId)),
                ("Secret  ", source),
                ("Expires ", value(FieldId::Expires)),
            ] {
                if !value.is_empty() {
                    lines.extend(say(label, &value, Style::new()));
                }
            }
            if checks.last.is_none() {
                lines.push(Line::default());
                let enter = theme.key_label(Key::Enter);
                lines.push(Line::from(vec![Span::styled(enter, theme.key()), Span::raw(" starts the test")]));
            }
            return lines;
        }
        Run::Trouble(trouble) => {
            lines.extend(say("", &trouble.what, theme.bad()));
            if let Some(hint) = &trouble.hint {
                lines.extend(say("", hint, Style::new()));
            }
            return lines;
        }
        Run::Running { .. } | Run::Ended { .. } => {}
    }
    if let (Some((prompt, since)), Run::Running { ticks, .. }) = (checks.asks(), &checks.run) {
        let waited = Duration::from_millis(u64::from(*ticks) * 100).saturating_sub(since);
        let left = prompt.lasts().saturating_sub(waited).as_secs();
        lines.extend(sign_in(app, checks, &prompt, left, room, theme));
        lines.push(Line::default());
    }
    let works = matches!(checks.run, Run::Ended { stopped: false, .. }) && fold.verdict() <= Status::Warning;
    if works {
        lines.push(Line::styled("The connection works.", theme.good()));
        if app.unsaved() {
            let enter = theme.key_label(Key::Enter);
            lines.push(Line::from(vec![Span::styled(enter, theme.key()), Span::raw(" saves what was tested.")]));
        }
        lines.push(Line::default());
    }
    lines.extend(waiting(app, checks, true, room, theme));
    if let Some(finding) = fold.findings.get(checks.marked) {
        let sure = format!("{} · {}", finding.confidence.as_str(), finding.for_whom());
        lines.extend(widgets::paragraph(
            "",
            &finding.title,
            room,
            if works { theme.warn() } else { theme.bad() },
            theme,
        ));
        lines.extend(widgets::paragraph("", &sure, room, theme.dim(), theme));
        lines.extend(widgets::paragraph("", &finding.explanation, room, Style::new(), theme));
        for (at, line) in checks.since.iter().flat_map(Since::lines).enumerate() {
            let lead = if at == 0 { "" } else { theme.sign("   · ", "   - ") };
            lines.extend(say(lead, &line, if at == 0 { theme.warn() } else { Style::new() }));
        }
        lines.push(Line::default());
        lines.extend(widgets::paragraph("Do  ", &finding.fix.text, room, theme.accent(), theme));
        if let Some(url) = &finding.fix.url {
            lines.extend(widgets::link("    ", url, room, plenty, theme));
        }
        lines.extend(waiting(app, checks, false, room, theme));
        if fold.findings.len() > 1 {
            lines.push(Line::default());
            for (at, other) in fold.findings.iter().enumerate() {
                let lead = if at == checks.marked { theme.sign("▸ ", "> ") } else { "  " };
                let line = format!("{} ({})", other.title, other.confidence.as_str());
                lines.extend(widgets::paragraph(lead, &line, room, theme.dim(), theme));
            }
        }
        lines.push(Line::default());
    }
    // What needs a look comes before what is all right.
    let (loud, calm): (Vec<CheckId>, Vec<CheckId>) = CheckId::ALL
        .into_iter()
        .partition(|check| fold.done(*check).is_some_and(|done| done.status == Status::Warning));
    for check in loud.into_iter().chain(calm) {
        let state = fold.state(check);
        if let Some(done) = &state.done {
            let (_, style) = theme.status(done.status);
            let style = if done.status == Status::Passed { Style::new() } else { style };
            let text = format!("{}: {}", check.title(), reason_in_words(&done.summary));
            lines.extend(widgets::judged(done.status, Untrusted::plain(&text).as_str(), room, style, theme));
            for note in done.details.get("notes").and_then(|notes| notes.as_array()).into_iter().flatten() {
                if let Some(note) = note.as_str() {
                    lines.extend(say(theme.sign("   · ", "   - "), note, theme.dim()));
                }
            }
            if check == CheckId::Claims {
                lines.extend(permissions(done, false, room, theme));
            }
        } else if state.asks.is_some() || check == CheckId::Authority && checks.asks().is_some() {
            // Told above. The sign-in host is judged with the token, and it is the person who is waited for.
        } else if let Some(waiting) = &state.waiting {
            lines.extend(say("   ", &format!("{}: {waiting}", check.title()), theme.warn()));
        } else if let (Some(started), Run::Running { ticks, .. }) = (state.started, &checks.run) {
            let waited = (f64::from(*ticks) / 10.0 - started.as_secs_f64()).max(0.0);
            let text = format!("{}: waiting for the answer, {waited:.1} s", check.title());
            lines.extend(say("   ", &text, theme.accent()));
        }
    }
    lines
}
