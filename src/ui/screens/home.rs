//! Home: profiles, drafts, and how they stand.

use crate::app::screens::home::Home;
use crate::app::{App, Seen};
use crate::core::check::Status;
use crate::core::expiry;
use crate::ui::theme::Theme;
use crate::ui::{text, widgets};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Draws home.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, theme: Theme) -> Seen {
    let home = &app.home;
    let remark = match (home.profiles().len(), home.need_attention()) {
        (0, _) => String::new(),
        (count, 0) => format!("{count} profile{}", if count == 1 { "" } else { "s" }),
        (count, attention) => format!(
            "{count} profile{} · {attention} need{} attention",
            if count == 1 { "" } else { "s" },
            if attention == 1 { "s" } else { "" }
        ),
    };
    let remark = if theme.ascii { remark.replace('·', "-") } else { remark };
    crate::ui::head(frame, head, Some(app), "d365-connect", &remark, theme);
    let inner = widgets::pane(frame, body, "Profiles", theme);
    if home.rows.is_some() && home.is_empty() {
        return welcome(frame, inner, theme);
    }
    let mut lines = Vec::new();
    if let Some(trouble) = &home.trouble {
        lines.extend(widgets::paragraph("", &trouble.what, usize::from(inner.width), theme.bad(), theme));
    }
    let longest = home.profiles().iter().map(|row| text::width(row.name.as_str())).max().unwrap_or(0);
    let columns = Columns::of(usize::from(inner.width), longest);
    lines.push(columns.line(
        ["NAME", "GUIDE", "TARGET", "SECRET", "LAST TEST"].map(|t| Span::styled(t, theme.dim())),
        "  ",
        theme,
    ));
    let rows = rows(home, theme);
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
    // The marked entry stays in sight.
    let height = usize::from(inner.height);
    let scroll = (above + home.marked + 1).saturating_sub(height);
    let max_scroll = widgets::scrolled(frame, inner, lines, u16::try_from(scroll).unwrap_or(0), theme);
    Seen { max_scroll }
}

fn welcome(frame: &mut Frame<'_>, area: Rect, theme: Theme) -> Seen {
    let room = usize::from(area.width).saturating_sub(2);
    let mut lines = vec![Line::default()];
    for text in [
        "Sets up, tests and repairs API connections to Microsoft Dynamics 365.",
        "It walks you through the app in Microsoft Entra ID and its twin inside Dynamics,",
        "then tests both halves and says what is wrong and who mends it.",
    ] {
        lines.extend(widgets::paragraph(" ", text, room, Style::new(), theme));
    }
    lines.push(Line::default());
    lines.push(Line::from(vec![Span::styled(" n ", theme.key()), Span::raw(" set up a connection")]));
    lines.push(Line::from(vec![
        Span::styled(" q ", theme.key()),
        Span::raw(" leave; d365-connect --sandbox rehearses it all"),
    ]));
    lines.push(Line::from(vec![Span::raw("    on a simulated tenant inside this program")]));
    Seen { max_scroll: widgets::scrolled(frame, area, lines, 0, theme) }
}

/// The widths of the columns; narrow windows leave columns out.
struct Columns([usize; 5]);

impl Columns {
    fn of(room: usize, longest_name: usize) -> Columns {
        let room = room.saturating_sub(3);
        let name = longest_name.clamp(8, 30) + 1;
        if room >= 96 {
            Columns([name, 24, room - name - 24 - 11 - 18, 11, 18])
        } else if room >= 70 {
            Columns([name, 0, room - name - 11 - 18, 11, 18])
        } else if room >= 50 {
            Columns([room - 11 - 18, 0, 0, 11, 18])
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

fn rows<'a>(home: &Home, theme: Theme) -> Vec<[Span<'a>; 5]> {
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
            (_, Some(_), _) => Span::styled(theme.sign("testing…", "testing"), theme.accent()),
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
            Span::styled("half done; Enter goes on", theme.dim()),
            Span::raw(""),
            Span::styled("draft", theme.dim()),
        ]);
    }
    rows
}

/// `2 h ago`.
fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..60 => "just now".into(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}
