//! Floor 2: from state to cells. Changes nothing; reads [`App`] and draws.
//!
//! Does not know where keys come from or what effects do.

mod screens;
pub mod text;
pub mod theme;
mod widgets;

use crate::app::{App, Screen, Seen, Toast};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use theme::Theme;

/// The smallest size on which the screens are drawn.
pub const SMALLEST: (u16, u16) = (40, 10);

/// The most lines that a word to the operator takes: its end may be what matters.
const WORD_LINES: usize = 4;

/// What was found out while a screen was drawn.
#[derive(Debug, Default)]
struct Drawn {
    /// Where its scrolling part stands.
    seen: Seen,
    /// Where the terminal's own cursor belongs; nowhere when no field is active.
    cursor: Option<Position>,
}

/// Draws the app, and tells what was found out about sizes.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: Theme) -> Seen {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let size = format!("{}x{}", SMALLEST.0, SMALLEST.1);
        let texts = [format!("too small: {size} is needed"), format!("needs {size}"), size];
        let room = usize::from(area.width);
        let text = texts.iter().find(|text| text::width(text) <= room).unwrap_or(&texts[2]);
        let leave = Some("ctrl-c leaves").filter(|leave| text::width(leave) <= room);
        let lines: Vec<Line<'_>> = [Some(text.as_str()), leave]
            .into_iter()
            .flatten()
            .map(|text| Line::from(text::cut(text, room, theme.ascii)))
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
        return Seen::default();
    }
    let bar_lines = if area.height >= 18 { 2 } else { 1 };
    let high = area.height >= 14;
    // A long word takes lines of the screen above for itself; a small window has none to spare, there it lies over the keys
    // and what is above them, until the next key.
    let word = app.toast.as_ref().map(|word| toast_lines(word, area.width, WORD_LINES, theme));
    let word_rows = word.as_ref().map_or(0, |lines| u16::try_from(lines.len()).unwrap_or(1));
    let [head, body, toast, bar] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(if high { word_rows.max(1) } else { 0 }),
        Constraint::Length(bar_lines),
    ])
    .areas(area);
    let mut drawn = match app.stack.last() {
        None => screens::home::draw(frame, head, body, app, theme),
        Some(Screen::Wizard(wizard)) => screens::wizard::draw(frame, head, body, app, wizard, theme),
        Some(Screen::Editor(editor)) => screens::editor::draw(frame, head, body, app, editor, theme),
        Some(Screen::Checks(checks)) => screens::checks::draw(frame, head, body, app, checks, theme),
        Some(Screen::Pair(pair)) => screens::pair::draw(frame, head, body, app, pair, theme),
        Some(Screen::Diagnosis(diagnosis)) => screens::diagnosis::draw(frame, head, body, app, diagnosis, theme),
    };
    if let Some(dialog) = &app.dialog {
        // The keys stay in sight below it.
        let above = Rect { height: area.height - bar.height - toast.height, ..area };
        drawn = widgets::dialog(frame, above, app, dialog, theme);
    }
    // Which keys there are is known with the rows: a bar before that would be drawn twice.
    if !app.is_loading() {
        widgets::key_bar(frame, bar, app, drawn.seen, theme);
    }
    if let Some(lines) = word {
        let end = if high { toast.bottom() } else { area.bottom() };
        let place = Rect { y: end.saturating_sub(word_rows), height: word_rows, ..area };
        frame.render_widget(Clear, place);
        frame.render_widget(Paragraph::new(lines), place);
    }
    if let Some(cursor) = drawn.cursor {
        frame.set_cursor_position(cursor);
    }
    drawn.seen
}

/// A word to the operator in at most so many lines.
fn toast_lines<'a>(word: &Toast, width: u16, most: usize, theme: Theme) -> Vec<Line<'a>> {
    let (sign, style) =
        if word.bad { (theme.sign("✘", "X"), theme.bad()) } else { (theme.sign("·", "-"), theme.accent()) };
    let room = usize::from(width).saturating_sub(4);
    let mut wrapped = text::wrap(&theme.text(&word.text), room);
    if wrapped.len() > most {
        let rest = wrapped.split_off(most - 1).join(" ");
        wrapped.push(text::cut(&rest, room, theme.ascii));
    }
    let lines = wrapped.into_iter().enumerate().map(|(at, line)| {
        let front = if at == 0 { format!(" {sign} ") } else { "   ".into() };
        Line::from(vec![Span::styled(front, style), Span::raw(line)])
    });
    lines.collect()
}

/// The head of a screen: its title on the left, a remark on the right.
fn head(frame: &mut Frame<'_>, area: Rect, app: &App, title: &str, remark: &str, theme: Theme) {
    let room = usize::from(area.width);
    let (title, remark) = (theme.text(title), theme.text(remark));
    let left_over = room.saturating_sub(text::width(&title) + text::width(&remark) + 4);
    let sandbox = match &app.sandbox {
        Some(rehearsal) => {
            let full = format!(" [sandbox: {}]", rehearsal.scenario);
            if text::width(&full) <= left_over { full } else { " [sandbox]".to_owned() }
        }
        None => String::new(),
    };
    let remark_room = if text::width(&remark) + 24 > room { 0 } else { text::width(&remark) + 2 };
    let title_room = room.saturating_sub(remark_room + text::width(&sandbox) + 1);
    let left = format!(" {}{sandbox}", text::cut(&title, title_room, theme.ascii));
    let left = text::cut(&left, room, theme.ascii);
    let mut spans = vec![Span::styled(left.clone(), theme.title())];
    if remark_room > 0 {
        let gap = room.saturating_sub(text::width(&left) + text::width(&remark) + 1);
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(remark, theme.dim()));
    }
    frame.render_widget(Line::from(spans), area);
}
