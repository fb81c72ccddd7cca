//! The wizard: steps on the left, the open step on the right, its fields below.

use crate::app::form::{FieldKey, Purpose};
use crate::app::screens::wizard::{Focus, Wizard};
use crate::app::{App, Seen};
use crate::core::check::Status;
use crate::core::guide::{Guide, Need, Step};
use crate::core::template;
use crate::ui::text;
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, FieldView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Draws the wizard.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, wizard: &Wizard, theme: Theme) -> Seen {
    let guide = wizard.guide();
    let title = match &wizard.form.purpose {
        Purpose::New => format!("Set up · {}", guide.title),
        Purpose::Change(name, _) => format!("Mend · {name}"),
    };
    let title = if theme.ascii { title.replace('·', "-") } else { title };
    let place =
        format!("{}{} of {}", if wizard.draft_kept { "draft kept, " } else { "" }, wizard.step + 1, guide.steps.len());
    crate::ui::head(frame, head, Some(app), &title, &place, theme);
    let wide = body.width >= 76;
    let [left, right] =
        Layout::horizontal([Constraint::Length(if wide { 25 } else { 0 }), Constraint::Min(1)]).areas(body);
    if wide {
        steps(frame, left, wizard, theme);
    }
    let step = wizard.current();
    let heading =
        if wide { step.title.clone() } else { format!("{}/{} {}", wizard.step + 1, guide.steps.len(), step.title) };
    let inner = widgets::pane(frame, right, &heading, theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let room = usize::from(inner.width);

    let (fields, cursor) = fields(wizard, room, inner.height, theme);
    let field_rows = u16::try_from(fields.len()).unwrap_or(0);
    let gap = u16::from(field_rows > 0 && inner.height > field_rows + 6);
    let [text_area, _, field_area] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(gap), Constraint::Length(field_rows)]).areas(inner);
    let lines = body_lines(app, wizard, guide, step, room, theme);
    let max_scroll = widgets::scrolled(frame, text_area, lines, wizard.scroll, theme);
    if let Some((line, cell)) = cursor {
        widgets::place_cursor(frame, field_area, line, cell);
    }
    frame.render_widget(ratatui::widgets::Paragraph::new(fields), field_area);
    Seen { max_scroll }
}

fn steps(frame: &mut Frame<'_>, area: Rect, wizard: &Wizard, theme: Theme) {
    let inner = widgets::pane(frame, area, "Steps", theme);
    let lines: Vec<Line<'_>> = wizard
        .guide()
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let (sign, style) = if at == wizard.step {
                (theme.sign("▸", ">"), theme.accent())
            } else if wizard.done(at) {
                theme.status(Status::Passed)
            } else {
                (" ", Style::new())
            };
            Line::from(vec![
                Span::styled(text::fit(sign, 3, theme.ascii), style),
                Span::styled(step.short.clone(), style),
            ])
        })
        .collect();
    frame.render_widget(
        ratatui::widgets::Paragraph::new(lines),
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner },
    );
}

fn body_lines<'a>(app: &App, wizard: &Wizard, guide: &Guide, step: &Step, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let draft = wizard.form.draft();
    let value = |name: &str| draft.template_value(name, app.know.clouds);
    let fill = |text: &str| template::fill_or_name(text, &value);
    let mut lines = Vec::new();
    lines.extend(widgets::paragraph("Who    ", &step.who, room, Style::new(), theme));
    lines.extend(widgets::paragraph("Where  ", &fill(&step.place), room, Style::new(), theme));
    if let Some(url) = step.url(&value) {
        lines.extend(widgets::paragraph("Link   ", &url, room, theme.key(), theme));
    }
    lines.push(Line::default());
    for (at, action) in step.actions.iter().enumerate() {
        lines.extend(widgets::paragraph(&format!("{:<3}", at + 1), &fill(action), room, Style::new(), theme));
    }
    if step.id == "permissions" && !guide.permissions.is_empty() {
        lines.push(Line::default());
        for permission in &guide.permissions {
            let style = match permission.need {
                Need::Needed => theme.warn(),
                Need::AskedFor | Need::Harmless => theme.dim(),
            };
            lines.push(Line::from(vec![
                Span::raw(theme.text(&permission.name)),
                Span::styled(format!(" ({})", permission.need.label()), style),
            ]));
            lines.extend(widgets::paragraph("   ", &permission.why, room, theme.dim(), theme));
        }
    }
    if wizard.at_end() {
        let problems = wizard.form.problems(false);
        lines.push(Line::default());
        if problems.is_empty() {
            let text = "tests what is filled in. Nothing is saved before you say so.";
            let enter = format!("{} ", theme.key_label(crate::app::key::Key::Enter));
            lines.extend(widgets::paragraph(&enter, text, room, theme.good(), theme));
        } else {
            lines.push(Line::styled("Still open:", theme.warn()));
            for (key, problem) in problems {
                lines.extend(widgets::paragraph(
                    "   ",
                    &format!("{}: {problem}", key.label()),
                    room,
                    Style::new(),
                    theme,
                ));
            }
        }
    }
    for watch in &step.watch {
        lines.push(Line::default());
        lines.extend(widgets::paragraph("!  ", &fill(watch), room, theme.warn(), theme));
    }
    lines.push(Line::default());
    lines.extend(widgets::paragraph("Done   ", &fill(&step.done), room, theme.dim(), theme));
    lines
}

type Lines<'a> = (Vec<Line<'a>>, Option<(usize, usize)>);

/// The fields of the step; in a low window only the one under the cursor.
fn fields<'a>(wizard: &Wizard, room: usize, height: u16, theme: Theme) -> Lines<'a> {
    let low = height < 12;
    let mut lines = Vec::new();
    let mut cursor = None;
    for (at, key) in wizard.fields().into_iter().enumerate() {
        let focused = wizard.focus == Focus::Field(at);
        if low && !focused {
            continue;
        }
        let view = FieldView { form: &wizard.form, key, focused, changed: wizard.form.changed(key) };
        let (field_lines, place) = view.lines(room, theme);
        if let Some((line, cell)) = place {
            cursor = Some((lines.len() + line, cell));
        }
        lines.extend(field_lines);
    }
    if low {
        lines.truncate(usize::from(height.saturating_sub(1)).max(2));
    }
    (lines, cursor)
}
