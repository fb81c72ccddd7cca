//! Diagnosis: the pasted text above, what it means below.

use crate::app::App;
use crate::app::screens::diagnosis::{Diagnosis, Part};
use crate::core::untrusted::Untrusted;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

/// Draws the diagnosis.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, diagnosis: &Diagnosis, theme: Theme) -> Drawn {
    let codes = diagnosis.evidence.codes.iter().map(|code| format!("AADSTS{code}")).collect::<Vec<_>>().join(" ");
    crate::ui::head(frame, head, app, "Diagnose an error", &codes, theme);
    let text_rows = if diagnosis.part == Part::Text { body.height / 2 } else { (body.height / 4).max(3) };
    let [upper, lower] = Layout::vertical([Constraint::Length(text_rows.max(3)), Constraint::Min(3)]).areas(body);
    let inner = widgets::pane(frame, upper, "Error text", theme);
    let room = usize::from(inner.width).saturating_sub(1);
    let shown = text::without_secrets(&diagnosis.text, &theme.sign("●", "*").repeat(12));
    let shown = Untrusted::plain(&shown);
    let mut lines: Vec<String> = text::wrap(&theme.text(shown.as_str()), room);
    if diagnosis.text.is_empty() {
        let hint = "Paste what you have: an exception, a log line, a JSON body, a code.";
        let hint = widgets::paragraph("", hint, room, theme.dim(), theme);
        frame.render_widget(ratatui::widgets::Paragraph::new(hint), inner);
        lines = vec![String::new()];
    }
    let skip = lines.len().saturating_sub(usize::from(inner.height));
    let last = lines.last().map_or(0, |line| text::width(line));
    let rows = lines.len() - skip;
    if !diagnosis.text.is_empty() {
        let seen: Vec<Line<'_>> = lines.into_iter().skip(skip).map(Line::from).collect();
        frame.render_widget(ratatui::widgets::Paragraph::new(seen), inner);
    }
    let cursor = match diagnosis.part {
        Part::Text => widgets::cursor_at(inner, rows.saturating_sub(1), last.min(room)),
        Part::Findings => None,
    };
    let inner = widgets::pane(frame, lower, "What it means", theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let room = usize::from(inner.width);
    let mut lines = Vec::new();
    for (at, finding) in diagnosis.findings.iter().enumerate() {
        let marked = at == diagnosis.marked;
        let lead = if marked && diagnosis.part == Part::Findings { theme.sign("▸ ", "> ") } else { "  " };
        lines.extend(widgets::paragraph(
            lead,
            &finding.title,
            room,
            if marked { theme.bad() } else { theme.dim() },
            theme,
        ));
        if marked {
            let sure = format!("{} {} {}", finding.confidence.as_str(), theme.sign("·", "-"), finding.owner.for_whom());
            lines.extend(widgets::paragraph("  ", &sure, room, theme.dim(), theme));
            lines.extend(widgets::paragraph("  ", &finding.explanation, room, Style::new(), theme));
            lines.extend(widgets::paragraph("  ", &finding.fix.text, room, theme.accent(), theme));
            if let Some(url) = &finding.fix.url {
                lines.extend(widgets::link("  ", url, room, body.height >= 30, theme));
            }
        }
    }
    Drawn { seen: widgets::scrolled(frame, inner, lines, diagnosis.scroll, theme), cursor }
}
