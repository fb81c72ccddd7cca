//! Floor 2: from state to cells. Changes nothing; reads [`App`] and draws.
//!
//! Does not know where keys come from or what effects do.

mod screens;
pub mod text;
pub mod theme;
mod widgets;

use crate::app::{App, Screen, Seen};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use theme::Theme;

/// The smallest size on which the screens are drawn.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Draws the app, and tells what was found out about sizes.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: Theme) -> Seen {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("too small: {}x{} is needed", SMALLEST.0, SMALLEST.1);
        if area.height > 0 {
            frame.render_widget(
                Line::from(text::cut(&text, usize::from(area.width), theme.ascii)),
                Rect { height: 1, ..area },
            );
        }
        return Seen::default();
    }
    let bar_lines = if area.height >= 18 { 2 } else { 1 };
    let [head, body, toast, bar] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(u16::from(area.height >= 14)),
        Constraint::Length(bar_lines),
    ])
    .areas(area);
    let mut seen = match app.stack.last() {
        None => screens::home::draw(frame, head, body, app, theme),
        Some(Screen::Wizard(wizard)) => screens::wizard::draw(frame, head, body, app, wizard, theme),
        Some(Screen::Editor(editor)) => screens::editor::draw(frame, head, body, app, editor, theme),
        Some(Screen::Checks(checks)) => screens::checks::draw(frame, head, body, app, checks, theme),
        Some(Screen::Diagnosis(diagnosis)) => screens::diagnosis::draw(frame, head, body, diagnosis, theme),
    };
    widgets::key_bar(frame, bar, app, theme);
    if let Some(word) = &app.toast {
        let (sign, style) =
            if word.bad { (theme.sign("✘", "X"), theme.bad()) } else { (theme.sign("·", "-"), theme.accent()) };
        // A small window has no line to spare: the word lies over the key bar.
        let place = if toast.height > 0 { toast } else { bar };
        let line = Line::from(vec![Span::styled(format!(" {sign} "), style), Span::raw(theme.text(&word.text))]);
        frame.render_widget(ratatui::widgets::Clear, place);
        frame.render_widget(line, place);
    }
    if let Some(dialog) = &app.dialog {
        seen = widgets::dialog(frame, area, dialog, theme);
    }
    seen
}

/// The head of a screen: its title on the left, a remark on the right.
fn head(frame: &mut Frame<'_>, area: Rect, app: Option<&App>, title: &str, remark: &str, theme: Theme) {
    let sandbox = app
        .and_then(|app| app.sandbox.as_ref())
        .map(|rehearsal| format!(" [sandbox: {}]", rehearsal.scenario))
        .unwrap_or_default();
    let room = usize::from(area.width);
    let remark = if text::width(title) + text::width(&sandbox) + text::width(remark) + 4 > room { "" } else { remark };
    let left = text::cut(
        &format!(" {}{sandbox}", theme.text(title)),
        room.saturating_sub(text::width(remark) + 1),
        theme.ascii,
    );
    let gap = room.saturating_sub(text::width(&left) + text::width(remark) + 1);
    let line = Line::from(vec![
        Span::styled(left, theme.title()),
        Span::raw(" ".repeat(gap)),
        Span::styled(theme.text(remark), theme.dim()),
    ]);
    frame.render_widget(line, area);
}
