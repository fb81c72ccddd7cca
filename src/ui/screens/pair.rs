//! Two profiles side by side: their last verdicts, and the values that differ.

use crate::app::App;
use crate::app::screens::pair::Pair;
use crate::core::names::ProfileName;
use crate::core::untrusted::Untrusted;
use crate::ui::screens::home::ago;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// From this many cells on, the values stand beside each other.
const WIDE: usize = 100;
/// The column of labels.
const LABEL: usize = 26;

/// Draws the two.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, pair: &Pair, theme: Theme) -> Drawn {
    let count = pair.differing.len();
    let remark = format!("{count} differ{}, {} the same", if count == 1 { "s" } else { "" }, pair.same);
    crate::ui::head(frame, head, app, "Side by side", &remark, theme);
    let inner = widgets::pane(frame, body, "What differs", theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let room = usize::from(inner.width);
    let [left, right] = &pair.names;
    let mut lines = row("", [left.as_str(), right.as_str()], room, theme.title(), theme);
    lines.extend(row("Last test", [&verdict(app, left), &verdict(app, right)], room, Style::new(), theme));
    lines.push(Line::default());
    for one in &pair.differing {
        lines.extend(row(one.label, [&one.values[0], &one.values[1]], room, theme.warn(), theme));
    }
    if pair.differing.is_empty() {
        lines.push(Line::styled("Nothing differs but the name. Secrets are not compared.", theme.good()));
    }
    Drawn { seen: widgets::scrolled(frame, inner, lines, pair.scroll, theme), cursor: None }
}

/// How the last test of a profile came out.
fn verdict(app: &App, name: &ProfileName) -> String {
    let row = app.home.profiles().iter().find(|row| row.name == *name);
    match row.map(|row| (&row.problem, &row.last)) {
        Some((Some(problem), _)) => problem.clone(),
        Some((None, Some(last))) => {
            let cause = last.cause.map(|cause| format!(", {}", cause.as_str())).unwrap_or_default();
            let when = app.home.now.map(|now| format!(", {}", ago(last.when, now))).unwrap_or_default();
            format!("{}{cause}{when}", last.verdict)
        }
        _ => "not tested yet".into(),
    }
}

/// A label and two values: beside each other, or one below the other where there is no room.
fn row<'a>(label: &str, values: [&str; 2], room: usize, style: Style, theme: Theme) -> Vec<Line<'a>> {
    let shown = values.map(|value| match value {
        "" => theme.sign("–", "-").to_owned(),
        value => theme.text(Untrusted::plain(value).as_str()),
    });
    if room < WIDE {
        let mut lines = Vec::new();
        if !label.is_empty() {
            lines.push(Line::styled(text::cut(&theme.text(label), room, theme.ascii), theme.dim()));
        }
        let leads = ["1 ", "2 "];
        lines.extend(
            leads.iter().zip(&shown).flat_map(|(lead, value)| widgets::paragraph(lead, value, room, style, theme)),
        );
        return lines;
    }
    let column = (room - LABEL) / 2;
    let [left, right] = shown.map(|value| text::wrap(&value, column - 1));
    (0..left.len().max(right.len()))
        .map(|at| {
            let label = if at == 0 { theme.text(label) } else { String::new() };
            let cell = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            Line::from(vec![
                Span::styled(text::fit(&label, LABEL - 1, theme.ascii) + " ", theme.dim()),
                Span::styled(text::fit(&cell(&left), column, theme.ascii), style),
                Span::styled(cell(&right), style),
            ])
        })
        .collect()
}
