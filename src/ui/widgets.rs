//! Pieces that several screens share: key bar, panes, fields, questions.

use crate::app::dialog::{Answer, Dialog};
use crate::app::form::{Entry, FieldKey, Form};
use crate::app::keymap::{self, Intent};
use crate::app::paper::Source;
use crate::app::{App, Seen};
use crate::core::check::Status;
use crate::core::intake::Intake;
use crate::core::question::{self, FieldId, Weight};
use crate::core::secret::looks_like_secret;
use crate::core::untrusted::Untrusted;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use std::fmt::Write;
use std::ops::Range;
use tui_input::Input;

/// The dots of a masked field: always as many, whatever is behind them (safety rule 5).
const DOTS: usize = 12;

/// The key bar: as many keys as fit, help and the way back always.
pub fn key_bar(frame: &mut Frame<'_>, area: Rect, app: &App, seen: Seen, theme: Theme) {
    let gap = if area.width < 60 { 2 } else { 3 };
    let room = usize::from(area.width).saturating_sub(1);
    let mut words: Vec<(String, &str, bool)> =
        app.bar(seen).into_iter().map(|(key, word, vital)| (theme.key_label(key), word, vital)).collect();
    let cells = |word: &(String, &str, bool)| text::width(&word.0) + 1 + word.1.len();
    loop {
        let mut lines: Vec<Vec<Span<'_>>> = vec![vec![Span::raw(" ")]];
        let mut used = 0;
        for word in &words {
            if used > 0 && used + gap + cells(word) > room {
                lines.push(vec![Span::raw(" ")]);
                used = 0;
            }
            let Some(line) = lines.last_mut() else { return };
            if used > 0 {
                line.push(Span::raw(" ".repeat(gap)));
                used += gap;
            }
            line.push(Span::styled(word.0.clone(), theme.key()));
            line.push(Span::raw(format!(" {}", word.1)));
            used += cells(word);
        }
        // What does not fit is left out from the end; the help lists it.
        let spare = words.iter().rposition(|word| !word.2);
        match spare {
            Some(at) if lines.len() > usize::from(area.height) => {
                words.remove(at);
            }
            _ => {
                frame.render_widget(Paragraph::new(lines.into_iter().map(Line::from).collect::<Vec<_>>()), area);
                return;
            }
        }
    }
}

/// A framed pane with a title; returns what is inside.
pub fn pane(frame: &mut Frame<'_>, area: Rect, title: &str, theme: Theme) -> Rect {
    framed(frame, area, title, Borders::ALL, theme)
}

/// The same with a line above alone: what stands in it can be selected and copied without a frame in it.
pub fn open_pane(frame: &mut Frame<'_>, area: Rect, title: &str, theme: Theme) -> Rect {
    framed(frame, area, title, Borders::TOP, theme)
}

fn framed(frame: &mut Frame<'_>, area: Rect, title: &str, borders: Borders, theme: Theme) -> Rect {
    let title = text::cut(&theme.text(title), usize::from(area.width).saturating_sub(4), theme.ascii);
    let block = Block::new()
        .borders(borders)
        .border_set(theme.border())
        .border_style(theme.dim())
        // Without a colour of its own it would take that of the frame.
        .title(Span::styled(format!(" {title} "), theme.title().fg(Color::Reset)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Lines in an area, scrolled; a mark in the last line tells that there is more.
pub fn scrolled(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>, scroll: u16, theme: Theme) -> Seen {
    scrolled_by(frame, area, lines, scroll, more(theme), theme)
}

/// The mark that tells that there is more below.
pub fn more(theme: Theme) -> &'static str {
    theme.sign("more ↓", "more v")
}

/// The same, with another mark: one that names the key, where the key bar has no room for it.
pub fn scrolled_by(
    frame: &mut Frame<'_>,
    area: Rect,
    mut lines: Vec<Line<'_>>,
    scroll: u16,
    more: &str,
    theme: Theme,
) -> Seen {
    windowed(frame, area, lines.len(), scroll, (more, theme), |seen| lines.drain(seen).collect())
}

/// The same for so many lines, of which only those that are seen are made.
pub fn windowed<'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    count: usize,
    scroll: u16,
    (more, theme): (&str, Theme),
    lines: impl FnOnce(Range<usize>) -> Vec<Line<'a>>,
) -> Seen {
    if area.height == 0 {
        return Seen::default();
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    // The mark has a line of its own, so that it covers no text.
    let page = if count > area.height && area.height > 1 { area.height - 1 } else { area.height };
    let max_scroll = count.saturating_sub(page);
    let scroll = scroll.min(max_scroll);
    let seen = usize::from(scroll)..usize::from(scroll.saturating_add(page).min(count));
    frame.render_widget(Paragraph::new(lines(seen)), Rect { height: page, ..area });
    if scroll < max_scroll {
        let width = u16::try_from(text::width(more)).unwrap_or(6).min(area.width);
        let place = Rect { x: area.right() - width, y: area.bottom() - 1, width, height: 1 };
        frame.render_widget(Clear, place);
        frame.render_widget(Span::styled(more, theme.accent()), place);
    }
    Seen { max_scroll, page }
}

/// Whether there are lines and columns enough for whole links.
pub fn is_plenty(area: Rect) -> bool {
    area.width >= 76 && area.height >= 18
}

/// A link in one line; in full only where lines are plenty. It is opened and copied with a key.
pub fn link<'a>(lead: &str, url: &str, room: usize, plenty: bool, theme: Theme) -> Vec<Line<'a>> {
    if plenty {
        return paragraph(lead, url, room, theme.key(), theme);
    }
    let url = text::cut(&theme.text(url), room.saturating_sub(text::width(lead)), theme.ascii);
    vec![Line::from(vec![Span::styled(lead.to_owned(), theme.dim()), Span::styled(url, theme.key())])]
}

/// Wrapped text as lines, each with an indent; the first may have a lead such as a number.
pub fn paragraph<'a>(lead: &str, body: &str, room: usize, style: Style, theme: Theme) -> Vec<Line<'a>> {
    let indent = text::width(lead);
    let wrapped = text::wrap(&theme.text(body), room.saturating_sub(indent).max(8));
    wrapped
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let front = if at == 0 { lead.to_owned() } else { " ".repeat(indent) };
            Line::from(vec![Span::styled(front, theme.dim()), Span::styled(line, style)])
        })
        .collect()
}

/// Wrapped text behind the sign of a status, which has its colour.
pub fn judged<'a>(status: Status, body: &str, room: usize, style: Style, theme: Theme) -> Vec<Line<'a>> {
    let (sign, sign_style) = theme.status(status);
    let mut lines = paragraph(&format!("{sign:<3}"), body, room, style, theme);
    if let Some(sign) = lines.first_mut().and_then(|line| line.spans.first_mut()) {
        sign.style = sign_style;
    }
    lines
}

/// How a field is drawn: one line, or, under the cursor, with its help and note.
pub struct FieldView<'a> {
    /// The form it is in.
    pub form: &'a Form,
    /// Which field.
    pub key: FieldKey,
    /// The cursor is in it.
    pub focused: bool,
    /// It differs from what is saved.
    pub changed: bool,
}

impl FieldView<'_> {
    /// The lines of the field, and where the cursor stands: line and cell.
    pub fn lines<'a>(&self, room: usize, theme: Theme) -> (Vec<Line<'a>>, Option<(usize, usize)>) {
        let label = self.form.label(self.key);
        let notes = self.form.notes(self.key);
        let top = notes.first();
        let left = self.form.field(self.key).is_some_and(|field| field.left);
        let mark = if self.changed { theme.sign("●", "*") } else { " " };
        if !self.focused {
            let label_room = 24.min(room / 2);
            let value_room = room.saturating_sub(label_room + 5);
            let (value, _) = self.value(value_room, theme);
            let tail = match top {
                Some(note) if note.weight >= Weight::Hint || !value.is_empty() => {
                    let (sign, style) = theme.note(note.weight);
                    Span::styled(format!(" {sign}"), style)
                }
                _ => Span::raw(""),
            };
            let value = match (value.as_str(), self.key, top) {
                // The secret itself is never here: whether one is kept is all there is to say.
                ("", FieldKey::Of(FieldId::Secret), Some(note)) => {
                    Span::styled(text::cut(&theme.text(&note.text), value_room, theme.ascii), theme.dim())
                }
                ("", FieldKey::Of(FieldId::Cloud), _) => Span::styled("global", theme.dim()),
                ("", ..) => Span::styled(theme.sign("–", "-"), theme.dim()),
                _ => Span::raw(value),
            };
            let line = Line::from(vec![
                Span::raw(format!("{mark} ")),
                Span::styled(text::fit(label, label_room, theme.ascii), theme.dim()),
                Span::raw(" "),
                value,
                tail,
            ]);
            return (vec![line], None);
        }
        let (value, cursor) = self.value(room.saturating_sub(4), theme);
        let mut lines = vec![
            Line::from(vec![Span::raw(format!("{mark} ")), Span::styled(label.to_owned(), theme.accent())]),
            Line::from(vec![Span::styled(format!("{} ", theme.sign("›", ">")), theme.accent()), Span::raw(value)]),
        ];
        let (sign, style, remark) = match top {
            // While a value is typed for the first time it is not yet wrong.
            Some(note) if note.weight == Weight::Problem && !left => {
                (theme.sign("·", "-"), theme.warn(), note.text.clone())
            }
            Some(note) => {
                let (sign, style) = theme.note(note.weight);
                (sign, style, note.text.clone())
            }
            None => (" ", theme.dim(), self.form.help(self.key)),
        };
        let lead = format!("  {sign} ");
        // What is wrong is told whole; of where a value is found, the start.
        let most = if top.is_some_and(|note| note.weight >= Weight::Hint) { usize::MAX } else { 3 };
        for (at, line) in text::wrap(&theme.text(&remark), room.saturating_sub(text::width(&lead)).max(8))
            .into_iter()
            .take(most)
            .enumerate()
        {
            let front = if at == 0 { lead.clone() } else { " ".repeat(text::width(&lead)) };
            lines.push(Line::from(vec![Span::styled(front, style), Span::styled(line, style)]));
        }
        (lines, Some((1, 2 + cursor)))
    }

    /// The value as it may be seen, and the cell of the cursor in it.
    fn value(&self, room: usize, theme: Theme) -> (String, usize) {
        match self.form.field(self.key).map(|field| &field.entry) {
            Some(Entry::Secret(buffer)) => {
                if buffer.is_empty() {
                    (String::new(), 0)
                } else if self.form.revealed && self.focused {
                    let shown = text::cut(&theme.text(buffer.reveal()), room, theme.ascii);
                    let cells = text::width(&shown);
                    (shown, cells)
                } else {
                    (theme.sign("●", "*").repeat(DOTS), DOTS)
                }
            }
            Some(Entry::Plain(input)) => {
                let (shown, cursor) = around_cursor(input, room, theme);
                let whole = || text::cut(&theme.text(Untrusted::plain(input.value()).as_str()), room, theme.ascii);
                if self.focused || is_secret(input) { (shown, cursor) } else { (whole(), 0) }
            }
            None => (String::new(), 0),
        }
    }
}

/// Whether a secret stands in a field that is not for it: it is told, and not left readable there (safety rule 6).
fn is_secret(input: &Input) -> bool {
    looks_like_secret(&question::clean(input.value()).0)
}

/// The part of a text that is seen around the cursor, and the cell of the cursor in it.
pub fn around_cursor(input: &Input, room: usize, theme: Theme) -> (String, usize) {
    if is_secret(input) {
        return (theme.sign("●", "*").repeat(DOTS), DOTS);
    }
    // What is shown may be of another width than what was typed.
    let shown = |text: &str| theme.text(Untrusted::plain(text).as_str());
    let before: String = input.value().chars().take(input.cursor()).collect();
    let cursor = text::width(&shown(&before));
    let least = (cursor + 1).saturating_sub(room);
    let (mut cells, mut skip) = (0, None);
    let shown = shown(input.value());
    let shown = shown.chars().filter(|c| {
        let at = cells;
        cells += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        // It does not begin in the middle of a wide character.
        at >= least && cells <= *skip.get_or_insert(at) + room
    });
    let shown = shown.collect();
    (shown, cursor.saturating_sub(skip.unwrap_or(least)).min(room))
}

/// A question in the middle of the screen.
pub fn dialog(frame: &mut Frame<'_>, area: Rect, app: &App, dialog: &Dialog, theme: Theme) -> Drawn {
    let width = area.width.saturating_sub(4).min(76);
    let room = usize::from(width).saturating_sub(4);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut cursor = None;
    // The line that must be seen.
    let mut wanted = 0;
    let mut scroll = 0;
    let title = match dialog {
        Dialog::Ask { title, .. } | Dialog::Name { title, .. } | Dialog::Values { title, .. } => title.as_str(),
        Dialog::Passphrase(asked) => asked.title(),
        Dialog::Paper(paper) => paper.title.as_str(),
        Dialog::Help { .. } => "Keys",
    };
    // A low window has no lines to spare.
    let low = area.height < 12;
    match dialog {
        Dialog::Ask { lines: more, answers, marked, .. } => {
            for line in more {
                lines.extend(paragraph("", line, room, Style::new(), theme));
            }
            if !more.is_empty() && !low {
                lines.push(Line::default());
            }
            for (at, (label, _)) in answers.iter().enumerate() {
                let (sign, style) =
                    if at == *marked { (theme.sign("▸", ">"), theme.marked()) } else { (" ", Style::new()) };
                for (part, label) in text::wrap(&theme.text(label), room.saturating_sub(4)).into_iter().enumerate() {
                    let sign = if part == 0 { sign } else { " " };
                    lines.push(Line::from(vec![
                        Span::styled(format!("{sign} "), theme.accent()),
                        Span::styled(format!(" {label} "), style),
                    ]));
                }
                if at == *marked {
                    wanted = lines.len() - 1;
                }
            }
            // What a guide is for, where there is room for the longest of them.
            let about = |(_, answer): &(String, Answer)| match answer {
                Answer::Guide(id) | Answer::MendIn(id) => {
                    let guide = app.know.guides.iter().find(|guide| guide.id == *id)?;
                    Some(paragraph("", &guide.summary, room, theme.dim(), theme))
                }
                Answer::MendProfile(_) => {
                    Some(paragraph("", "Leads to the step that mends it in this profile.", room, theme.dim(), theme))
                }
                _ => None,
            };
            let longest = answers.iter().filter_map(about).map(|lines| lines.len()).max().unwrap_or(0);
            if longest > 0 && lines.len() + longest + 3 <= usize::from(area.height) {
                lines.push(Line::default());
                let end = lines.len() + longest;
                lines.extend(answers.get(*marked).and_then(about).unwrap_or_default());
                lines.resize(end, Line::default());
            }
        }
        Dialog::Name { input, problem, .. } => {
            let (shown, cell) = around_cursor(input, room.saturating_sub(2), theme);
            cursor = Some((lines.len(), 2 + cell));
            lines.push(Line::from(vec![
                Span::styled(format!("{} ", theme.sign("›", ">")), theme.accent()),
                Span::raw(shown),
            ]));
            if let Some(problem) = problem {
                lines.extend(paragraph(theme.sign("✘ ", "X "), problem, room, theme.bad(), theme));
            }
        }
        Dialog::Passphrase(asked) => {
            if asked.trying {
                lines.push(Line::raw("It is tried, a moment."));
            } else {
                let about = if asked.new {
                    "The vault keeps secrets in a file of yours, encrypted. Without this passphrase nobody can open it, not \
                     even you."
                } else {
                    "It is asked for once, until you leave the program."
                };
                lines.extend(paragraph("", about, room, Style::new(), theme));
                if !low {
                    lines.push(Line::default());
                }
                wanted = lines.len();
                // How long it is, is told to nobody.
                let dots = if asked.typed.is_empty() { String::new() } else { theme.sign("●", "*").repeat(DOTS) };
                cursor = Some((lines.len(), 2 + text::width(&dots)));
                lines.push(Line::from(vec![
                    Span::styled(format!("{} ", theme.sign("›", ">")), theme.accent()),
                    Span::raw(dots),
                ]));
                if let Some(problem) = &asked.problem {
                    lines.extend(paragraph(theme.sign("✘ ", "X "), problem, room, theme.bad(), theme));
                    wanted = lines.len() - 1;
                }
            }
        }
        Dialog::Values { intake, said, scroll: at, .. } => {
            scroll = *at;
            if let Some(said) = said {
                lines.extend(paragraph("", said, room, Style::new(), theme));
                lines.push(Line::default());
            }
            // In a paste it is told what stood where; the portal's page is one place.
            lines.extend(values(app, intake, said.is_none(), room, theme));
            for left in &intake.left {
                lines.extend(paragraph("left out: ", left, room, theme.dim(), theme));
            }
        }
        Dialog::Paper(paper) => {
            scroll = paper.scroll;
            if let Source::Export { name, format } = &paper.of {
                let mut how = "Without the secret.".to_owned();
                let known = app.know.exports.iter().find(|known| known.id == *format);
                let apart = known.and_then(|known| known.secret_by.as_ref());
                let _ = match apart {
                    _ if low => Ok(()),
                    // A command would find another home.
                    _ if app.sandbox.is_some() => write!(how, " In a rehearsal it is made up, and opens nothing else."),
                    Some(command) => write!(how, " The reader keeps it apart: {command}"),
                    None => {
                        write!(how, " With it: d365-connect export {name} --to {format} --include-secret --out FILE")
                    }
                };
                lines.extend(paragraph("", &how, room, theme.dim(), theme));
                lines.push(Line::default());
            }
            for line in paper.text.lines() {
                let line = Untrusted::plain(line);
                let body = line.as_str().trim_start_matches(' ');
                let indent = " ".repeat(line.as_str().len() - body.len());
                lines.extend(paragraph(&indent, body, room, Style::new(), theme));
            }
        }
        Dialog::Help { context, scroll: at } => {
            scroll = *at;
            let possible = |intent: Intent| intent != Intent::CarryOut || app.sandbox.is_some();
            for binding in keymap::bindings(*context)
                .iter()
                .chain(keymap::EVERYWHERE)
                .filter(|binding| !binding.help.is_empty() && possible(binding.intent))
            {
                let key = text::fit(&theme.key_label(binding.key), 10, theme.ascii);
                for (at, line) in text::wrap(binding.help, room.saturating_sub(11).max(8)).into_iter().enumerate() {
                    let front = if at == 0 { key.clone() } else { " ".repeat(10) };
                    lines.push(Line::from(vec![Span::styled(front, theme.key()), Span::raw(format!(" {line}"))]));
                }
            }
        }
    }
    // A title that the frame has no room for stands above the rest; in a low window only where all of it can be seen.
    let mut long_title = text::width(title) > room && !matches!(dialog, Dialog::Paper(_));
    if long_title {
        let mut above = paragraph("", title, room, theme.title(), theme);
        above.extend((!low).then(Line::default));
        long_title = !low || above.len() + lines.len() + 2 <= usize::from(area.height);
        if long_title {
            wanted += above.len();
            cursor = cursor.map(|(line, cell)| (line + above.len(), cell));
            lines.splice(0..0, above);
        }
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, place);
    let inner = pane(frame, place, if long_title { "Question" } else { title }, theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    // One line may be the mark that there is more.
    let in_sight = (wanted + 2).saturating_sub(usize::from(inner.height));
    let scroll = scroll.max(u16::try_from(in_sight).unwrap_or(0));
    let cursor = cursor.and_then(|(line, cell)| cursor_at(inner, line, cell));
    Drawn { seen: scrolled(frame, inner, lines, scroll, theme), cursor }
}

/// Recognised values, one a line, in the order of the fields; below each, where it stood and what it would replace.
fn values<'a>(app: &App, intake: &Intake, places: bool, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let label_room = 24.min(room / 2);
    let mut shown: Vec<(FieldId, String, String, String)> = intake
        .found
        .iter()
        .map(|found| {
            let now = app.form().map(|form| form.text(FieldKey::Of(found.field)).to_owned()).unwrap_or_default();
            let now = if now == found.value { String::new() } else { now };
            let line = found.line.map(|line| format!(", line {line}")).unwrap_or_default();
            (found.field, found.value.clone(), format!("from {}{line}", found.by), now)
        })
        .collect();
    if intake.secret.is_some() {
        let place = format!("from {}", intake.secret_by);
        shown.push((FieldId::Secret, theme.sign("●", "*").repeat(DOTS), place, String::new()));
    }
    shown.sort_by_key(|(field, ..)| *field);
    let mut lines = Vec::new();
    for (field, value, place, now) in shown {
        let label = app.form().map_or(field.spec().label, |form| form.guide.label(field));
        let lead = format!("{} ", text::fit(label, label_room, theme.ascii));
        let value = if field == FieldId::Secret { value } else { Untrusted::plain(&value).as_str().to_owned() };
        // The dots are a sign, not a text.
        let value = if field == FieldId::Secret { value } else { theme.text(&value) };
        // What is agreed to is seen whole: below its label, where there is no room beside it.
        let indent = if text::width(&value) > room.saturating_sub(label_room + 1) {
            lines.extend(paragraph("", label, room, theme.dim(), theme));
            lines.extend(
                text::wrap(&value, room.saturating_sub(2)).into_iter().map(|part| Line::raw(format!("  {part}"))),
            );
            2
        } else {
            lines.push(Line::from(vec![Span::styled(lead, theme.dim()), Span::raw(value)]));
            label_room + 1
        };
        let was = Some(format!("in place of {now}")).filter(|_| !now.is_empty());
        for remark in Some(place).filter(|_| places).into_iter().chain(was) {
            let remark = Untrusted::plain(&remark).one_line(200);
            lines.extend(paragraph(&" ".repeat(indent), &remark, room, theme.dim(), theme));
        }
    }
    lines
}

/// The place of a line and cell in an area, where it is inside.
pub fn cursor_at(area: Rect, line: usize, cell: usize) -> Option<Position> {
    let x = area.x.saturating_add(u16::try_from(cell).unwrap_or(u16::MAX));
    let y = area.y.saturating_add(u16::try_from(line).unwrap_or(u16::MAX));
    (x < area.right() && y < area.bottom()).then_some(Position { x, y })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stands_behind_what_is_shown_before_it() {
        let plain = Theme { color: false, ascii: false, light: false };
        let ascii = Theme { ascii: true, ..plain };
        for (value, room, theme, wanted, cell) in [
            ("abc", 9, plain, "abc", 3),
            ("abcdef", 4, plain, "def", 3),
            ("漢字", 9, plain, "漢字", 4),
            ("漢字", 9, ascii, "??", 2),
            ("漢字漢字", 5, plain, "漢字", 4),
            ("漢字漢字", 4, plain, "字", 2),
            ("a\u{200b}b", 20, plain, "a<U+200B>b", 10),
            ("x", 0, plain, "", 0),
        ] {
            assert_eq!(
                around_cursor(&Input::new(value.into()), room, theme),
                (wanted.to_owned(), cell),
                "{value} in {room}"
            );
        }
    }
}
