//! Pieces that several screens share: key bar, panes, fields, questions.

use crate::app::dialog::Dialog;
use crate::app::form::{Entry, FieldKey, Form};
use crate::app::keymap::{self, Context, Intent};
use crate::app::{App, Seen};
use crate::core::question::{FieldId, Weight};
use crate::core::untrusted::Untrusted;
use crate::ui::text;
use crate::ui::theme::Theme;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

/// The dots of a masked field: always as many, whatever is behind them (safety rule 5).
const DOTS: usize = 12;

/// The key bar: as many keys as fit, help and the way back always.
pub fn key_bar(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    let context = app.context();
    let offered = |intent: Intent| match intent {
        Intent::CarryOut => app.sandbox.is_some(),
        Intent::Save if context == Context::Checks => app.unsaved(),
        Intent::Reveal => app.focused_field() == Some(FieldKey::Of(FieldId::Secret)),
        Intent::NextField if context == Context::Step => app.has_fields(),
        Intent::OpenLink | Intent::CopyLink => app.url().is_some(),
        Intent::CopyDetails if context == Context::Checks => app.url().is_some() || app.tested(),
        _ => true,
    };
    let words: Vec<(String, &str, bool)> = keymap::bindings(context)
        .iter()
        .filter(|binding| !binding.bar.is_empty() && offered(binding.intent))
        .map(|binding| {
            let always =
                matches!(binding.intent, Intent::Help | Intent::Back | Intent::Quit | Intent::Enter | Intent::New);
            (theme.key_label(binding.key), binding.bar, always)
        })
        .collect();
    let cells = |word: &(String, &str, bool)| text::width(&word.0) + 1 + word.1.len() + 3;
    let room = usize::from(area.width).saturating_sub(1) * usize::from(area.height);
    // Words at line ends leave some cells unused: a line's worth is kept in reserve when there are two.
    let room = if area.height > 1 { room - 12 } else { room };
    let mut total: usize = words.iter().map(cells).sum();
    let mut shown: Vec<&(String, &str, bool)> = words.iter().collect();
    while total > room {
        let Some(at) = shown.iter().rposition(|word| !word.2) else { break };
        total -= cells(shown[at]);
        shown.remove(at);
    }
    let mut lines = vec![vec![Span::raw(" ")]];
    let mut used = 1;
    for word in shown {
        if used + cells(word) > usize::from(area.width) + 3 {
            lines.push(vec![Span::raw(" ")]);
            used = 1;
        }
        used += cells(word);
        if let Some(line) = lines.last_mut() {
            line.push(Span::styled(word.0.clone(), theme.key()));
            line.push(Span::raw(format!(" {}   ", word.1)));
        }
    }
    frame.render_widget(Paragraph::new(lines.into_iter().map(Line::from).collect::<Vec<_>>()), area);
}

/// A framed pane with a title; returns what is inside.
pub fn pane(frame: &mut Frame<'_>, area: Rect, title: &str, theme: Theme) -> Rect {
    let title = text::cut(&theme.text(title), usize::from(area.width).saturating_sub(4), theme.ascii);
    let block = Block::bordered()
        .border_set(theme.border())
        .border_style(theme.dim())
        .title(Span::styled(format!(" {title} "), theme.title()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// Lines in an area, scrolled; a mark at the lower right tells that there is more. Returns how far they can be scrolled.
pub fn scrolled(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>, scroll: u16, theme: Theme) -> u16 {
    let most = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(area.height);
    let scroll = scroll.min(most);
    frame.render_widget(Paragraph::new(lines).scroll((scroll, 0)), area);
    if scroll < most && area.height > 0 && area.width > 8 {
        let more = theme.sign(" more ↓ ", " more v ");
        let width = u16::try_from(text::width(more)).unwrap_or(8);
        let place = Rect { x: area.right() - width, y: area.bottom() - 1, width, height: 1 };
        frame.render_widget(Clear, place);
        frame.render_widget(Span::styled(more, theme.accent()), place);
    }
    most
}

/// Wrapped text as lines, each with an indent; the first may have a lead such as a number.
pub fn paragraph<'a>(lead: &str, body: &str, room: usize, style: ratatui::style::Style, theme: Theme) -> Vec<Line<'a>> {
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
        let label = self.key.label();
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
            let value =
                if value.is_empty() { Span::styled(theme.sign("–", "-"), theme.dim()) } else { Span::raw(value) };
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
            Line::from(vec![Span::raw(format!("{mark} ")), Span::styled(label, theme.accent())]),
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
            None => (" ", theme.dim(), format!("{} ({})", self.key.help(), example(self.key))),
        };
        let lead = format!("  {sign} ");
        for (at, line) in text::wrap(&theme.text(&remark), room.saturating_sub(text::width(&lead)).max(8))
            .into_iter()
            .take(3)
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
                    let shown = text::cut(buffer.reveal(), room, theme.ascii);
                    let cells = text::width(&shown);
                    (shown, cells)
                } else {
                    (theme.sign("●", "*").repeat(DOTS), DOTS)
                }
            }
            Some(Entry::Plain(input)) => {
                let raw = theme.text(Untrusted::plain(input.value()).as_str());
                if !self.focused {
                    return (text::cut(&raw, room, theme.ascii), 0);
                }
                // The part around the cursor is seen.
                let skip = input.visual_scroll(room.saturating_sub(1));
                let mut cells = 0;
                let shown: String = raw
                    .chars()
                    .filter(|c| {
                        let at = cells;
                        cells += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
                        at >= skip && cells <= skip + room
                    })
                    .collect();
                (shown, input.visual_cursor().saturating_sub(skip).min(room))
            }
            None => (String::new(), 0),
        }
    }
}

fn example(key: FieldKey) -> &'static str {
    match key {
        FieldKey::Name => "contoso-uat",
        FieldKey::Of(FieldId::Secret) => "about 40 characters",
        FieldKey::Of(field) => field.spec().example,
        FieldKey::Source => "keyring",
    }
}

/// A question in the middle of the screen.
pub fn dialog(frame: &mut Frame<'_>, area: Rect, dialog: &Dialog, theme: Theme) -> Seen {
    let width = area.width.saturating_sub(4).min(76);
    let room = usize::from(width).saturating_sub(4);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut cursor = None;
    let mut scroll = 0;
    let title = match dialog {
        Dialog::Ask { title, lines: more, answers, marked } => {
            for line in more {
                lines.extend(paragraph("", line, room, ratatui::style::Style::new(), theme));
            }
            if !more.is_empty() {
                lines.push(Line::default());
            }
            for (at, (label, _)) in answers.iter().enumerate() {
                let (sign, style) = if at == *marked {
                    (theme.sign("▸", ">"), theme.marked())
                } else {
                    (" ", ratatui::style::Style::new())
                };
                lines.push(Line::from(vec![
                    Span::styled(format!("{sign} "), theme.accent()),
                    Span::styled(format!(" {} ", theme.text(label)), style),
                ]));
            }
            title.clone()
        }
        Dialog::Name { title, input, problem, .. } => {
            cursor = Some((0, 2 + input.visual_cursor()));
            lines.push(Line::from(vec![
                Span::styled(format!("{} ", theme.sign("›", ">")), theme.accent()),
                Span::raw(input.value().to_owned()),
            ]));
            if let Some(problem) = problem {
                lines.extend(paragraph(theme.sign("✘ ", "X "), problem, room, theme.bad(), theme));
            }
            title.clone()
        }
        Dialog::Values { intake, title, said } => {
            if let Some(said) = said {
                lines.extend(paragraph("", said, room, ratatui::style::Style::new(), theme));
                lines.push(Line::default());
            }
            for found in &intake.found {
                let value = theme.text(Untrusted::plain(&found.value).as_str());
                lines.push(Line::from(vec![
                    Span::styled(text::fit(found.field.spec().label, 24.min(room / 2), theme.ascii), theme.dim()),
                    Span::raw(" "),
                    Span::raw(text::cut(&value, room.saturating_sub(26), theme.ascii)),
                ]));
            }
            if intake.secret.is_some() {
                lines.push(Line::from(vec![
                    Span::styled(text::fit(FieldId::Secret.spec().label, 24.min(room / 2), theme.ascii), theme.dim()),
                    Span::raw(format!(" {}", theme.sign("●", "*").repeat(DOTS))),
                ]));
            }
            for left in &intake.left {
                lines.push(Line::styled(theme.text(&format!("left out: {left}")), theme.dim()));
            }
            lines.push(Line::default());
            lines.push(Line::from(vec![
                Span::styled(theme.key_label(crate::app::key::Key::Enter), theme.key()),
                Span::raw(" take these into the fields   "),
                Span::styled("Esc", theme.key()),
                Span::raw(" leave them"),
            ]));
            title.clone()
        }
        Dialog::Help { context, scroll: at } => {
            scroll = *at;
            for binding in
                keymap::bindings(*context).iter().chain(keymap::EVERYWHERE).filter(|binding| !binding.help.is_empty())
            {
                lines.push(Line::from(vec![
                    Span::styled(text::fit(&theme.key_label(binding.key), 10, theme.ascii), theme.key()),
                    Span::raw(format!(" {}", binding.help)),
                ]));
            }
            "Keys".into()
        }
    };
    let height =
        u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height.saturating_sub(2)).max(3);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, place);
    let inner = pane(frame, place, &title, theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if let Some((line, cell)) = cursor {
        place_cursor(frame, inner, line, cell);
    }
    Seen { max_scroll: scrolled(frame, inner, lines, scroll, theme) }
}

/// Puts the terminal's own cursor into an area, where it is inside.
pub fn place_cursor(frame: &mut Frame<'_>, area: Rect, line: usize, cell: usize) {
    let x = area.x.saturating_add(u16::try_from(cell).unwrap_or(u16::MAX));
    let y = area.y.saturating_add(u16::try_from(line).unwrap_or(u16::MAX));
    if x < area.right() && y < area.bottom() {
        frame.set_cursor_position(Position { x, y });
    }
}
