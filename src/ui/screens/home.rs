//! Home: profiles, drafts, and how they stand.

use crate::app::App;
use crate::app::screens::home::Marked;
use crate::core::check::{CheckId, Status};
use crate::core::expiry;
use crate::core::question::FieldId;
use crate::core::untrusted::Untrusted;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// Draws home.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, theme: Theme) -> Drawn {
    let home = &app.home;
    let remark = match (home.runs.len(), home.profiles().len(), home.need_attention()) {
        (0, 0, _) => String::new(),
        (0, count, 0) => format!("{count} profile{}", if count == 1 { "" } else { "s" }),
        (0, count, attention) => format!(
            "{count} profile{} · {attention} need{} attention",
            if count == 1 { "" } else { "s" },
            if attention == 1 { "s" } else { "" }
        ),
        (left, ..) => {
            let (total, ticks) = (home.round.total, home.round.ticks);
            format!("{} of {total} tested · {}.{} s, Esc stops", total - left, ticks / 10, ticks % 10)
        }
    };
    crate::ui::head(frame, head, app, "d365-connect", &remark, theme);
    let inner = widgets::pane(frame, body, "Profiles", theme);
    if home.rows.is_some() && home.is_empty() {
        return welcome(frame, inner, app, theme);
    }
    if app.is_loading() {
        return Drawn { seen: widgets::scrolled(frame, inner, Vec::new(), 0, theme), cursor: None };
    }
    // What the marked line cannot say in full stands below the list, where there is room.
    let told = told(app, usize::from(inner.width).saturating_sub(2), theme);
    let told_rows = u16::try_from(told.len()).unwrap_or(u16::MAX).min(3);
    let told_rows = if inner.height >= 10 && told_rows > 0 { told_rows + 1 } else { 0 };
    let [inner, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(told_rows)]).areas(inner);
    if told_rows > 0 {
        let below =
            Rect { x: below.x + 1, y: below.y + 1, width: below.width.saturating_sub(2), height: told_rows - 1 };
        frame.render_widget(Paragraph::new(told), below);
    }
    let mut lines = Vec::new();
    if let Some(trouble) = &home.trouble {
        lines.extend(widgets::paragraph("", &trouble.what, usize::from(inner.width), theme.bad(), theme));
    }
    let rows = rows(app, theme);
    let widest = |at: usize| rows.iter().map(|cells| text::width(&cells[at].content)).max().unwrap_or(0);
    let columns = Columns::of(usize::from(inner.width), widest(0), widest(4));
    lines.push(columns.line(
        ["NAME", "GUIDE", "TARGET", "SECRET", "LAST TEST"].map(|t| Span::styled(t, theme.dim())),
        "  ",
        theme,
    ));
    let above = lines.len();
    for (at, cells) in rows.into_iter().enumerate() {
        let lead = if at == home.marked { theme.sign("▸ ", "> ") } else { "  " };
        let line = columns.line(cells, lead, theme);
        lines.push(if at == home.marked {
            line.style(Style::new().add_modifier(ratatui::style::Modifier::BOLD))
        } else {
            line
        });
    }
    // The marked entry stays in sight; one line may be the mark that there is more.
    let height = usize::from(inner.height);
    let more = usize::from(home.marked + 1 < home.len());
    let scroll = (above + home.marked + 1 + more).saturating_sub(height);
    let seen = widgets::scrolled(frame, inner, lines, u16::try_from(scroll).unwrap_or(0), theme);
    Drawn { seen, cursor: None }
}

/// What there is to know about the marked entry.
fn told<'a>(app: &App, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let say = |text: String, style| widgets::paragraph("", Untrusted::plain(&text).as_str(), room, style, theme);
    match app.home.marked() {
        None => Vec::new(),
        Some(Marked::Draft(draft)) => {
            let step = app.know.guides.iter().find(|guide| guide.id == draft.draft.guide);
            let step = step.and_then(|guide| guide.step(&draft.step)).map_or("its start", |step| &step.short);
            say(format!("{}: half done, open at '{step}'. The secret is not kept in a draft.", draft.name), theme.dim())
        }
        Some(Marked::Profile(row)) => match (&row.problem, &row.last) {
            (Some(problem), _) => say(format!("{}: {problem}", row.name), theme.warn()),
            (None, Some(last)) => {
                let when = app.home.now.map(|now| ago(last.when, now)).unwrap_or_default();
                let cause = last.cause.map(|cause| format!(", {}", cause.as_str())).unwrap_or_default();
                say(format!("{} · {} · {}{cause}, {when}", row.name, row.target, last.verdict), theme.dim())
            }
            (None, None) => say(format!("{} · {} · not tested yet", row.name, row.target), theme.dim()),
        },
    }
}

fn welcome(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) -> Drawn {
    let room = usize::from(area.width).saturating_sub(2);
    let low = area.height < 10;
    let mut lines = vec![Line::default(); usize::from(!low)];
    let what = "Sets up, tests and repairs API connections to Microsoft Dynamics 365.";
    let how = "It walks you through the app in Microsoft Entra ID and its twin inside Dynamics, then tests both halves \
               and says what is wrong and who mends it.";
    let text = if low { what.to_owned() } else { format!("{what} {how}") };
    lines.extend(widgets::paragraph(" ", &text, room, Style::new(), theme));
    if !low {
        lines.push(Line::default());
    }
    lines.push(Line::from(vec![Span::styled(" n ", theme.key()), Span::raw(" set up a connection")]));
    if app.sandbox.is_none() {
        lines.push(Line::from(vec![Span::styled(" q ", theme.key()), Span::raw(" leave; to rehearse it all, start")]));
        lines.push(Line::raw("    d365-connect --sandbox"));
    }
    Drawn { seen: widgets::scrolled(frame, area, lines, 0, theme), cursor: None }
}

/// The widths of the columns; narrow windows leave columns out.
struct Columns([usize; 5]);

impl Columns {
    fn of(room: usize, longest_name: usize, longest_last: usize) -> Columns {
        const SECRET: usize = 11;
        let last = longest_last.clamp(11, 25) + 1;
        let room = room.saturating_sub(3);
        // A name is cut last: the target gives way to it.
        let name = |others: usize| (longest_name.max(8) + 1).min(room.saturating_sub(others));
        if room >= 100 {
            let name = name(20 + 20 + SECRET + last);
            Columns([name, 20, room - name - 20 - SECRET - last, SECRET, last])
        } else if room >= 70 {
            let name = name(16 + SECRET + last);
            Columns([name, 0, room - name - SECRET - last, SECRET, last])
        } else if room >= 50 {
            Columns([room - SECRET - last, 0, 0, SECRET, last])
        } else {
            Columns([room.saturating_sub(16), 0, 0, 0, 16])
        }
    }

    fn line<'a>(&self, cells: [Span<'a>; 5], lead: &'static str, theme: Theme) -> Line<'a> {
        let mut spans = vec![Span::styled(lead, theme.accent())];
        for (cell, width) in cells.into_iter().zip(self.0) {
            if width > 0 {
                let shown = text::fit(&cell.content, width - 1, theme.ascii);
                spans.push(Span::styled(format!("{shown} "), cell.style));
            }
        }
        Line::from(spans)
    }
}

fn rows<'a>(app: &App, theme: Theme) -> Vec<[Span<'a>; 5]> {
    let home = &app.home;
    let mut rows = Vec::new();
    for row in home.profiles() {
        let secret = match row.days_left {
            None => Span::styled(theme.sign("–", "-"), theme.dim()),
            Some(days) if days <= 0 => Span::styled("expired", theme.bad()),
            Some(days) if days <= expiry::WARNING_DAYS => {
                Span::styled(format!("{} !", expiry::days(days)), theme.warn())
            }
            Some(days) => Span::raw(expiry::days(days)),
        };
        let running = home.runs.iter().find(|run| run.name == row.name);
        let last = match (&row.problem, running, &row.last) {
            (_, Some(run), _) => Span::styled(
                format!("{} {}", theme.sign("…", "~"), run.fold.current().map_or("starting", CheckId::title)),
                theme.accent(),
            ),
            (Some(_), None, _) => Span::styled(format!("{} incomplete", theme.status(Status::Unknown).0), theme.warn()),
            (None, None, None) => Span::styled("not yet", theme.dim()),
            (None, None, Some(last)) => {
                let (sign, style) = theme.status(last.verdict);
                let when = home.now.map(|now| ago(last.when, now)).unwrap_or_default();
                let what = match (last.verdict, last.cause) {
                    (Status::Failed | Status::Unknown, Some(cause)) => cause.as_str().to_owned(),
                    _ => when,
                };
                Span::styled(format!("{sign} {what}"), style)
            }
        };
        let target = row.problem.clone().unwrap_or_else(|| row.target.clone());
        rows.push([
            Span::raw(row.name.to_string()),
            Span::raw(theme.text(&row.guide)),
            Span::styled(theme.text(&target), if row.problem.is_some() { theme.warn() } else { Style::new() }),
            secret,
            last,
        ]);
    }
    for draft in &home.drafts {
        rows.push([
            Span::raw(draft.name.to_string()),
            Span::styled("draft", theme.dim()),
            Span::styled(
                theme.text(draft.draft.value(FieldId::ResourceUrl).trim_start_matches("https://")),
                theme.dim(),
            ),
            Span::raw(""),
            Span::styled("half done", theme.dim()),
        ]);
    }
    rows
}

/// `2 h ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..60 => "just now".into(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}
