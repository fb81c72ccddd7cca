//! The wizard: steps on the left, the open step on the right, its fields below.

use crate::app::App;
use crate::app::form::Purpose;
use crate::app::key::Key;
use crate::app::screens::wizard::{Focus, Standing, Wizard};
use crate::core::check::Status;
use crate::core::guide::{Listing, Need, Permission, TargetForm};
use crate::core::question::{FieldId, Weight};
use crate::core::template;
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, FieldView};
use crate::ui::{Drawn, text};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Draws the wizard.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, wizard: &Wizard, theme: Theme) -> Drawn {
    let guide = wizard.guide();
    let title = match &wizard.form.purpose {
        Purpose::New if body.width >= 100 => format!("Set up · {}", guide.title),
        Purpose::New => format!("Set up · {}", guide.short),
        Purpose::Change(name, _) => format!("Mend · {name}"),
    };
    let kept = match (&wizard.form.purpose, &wizard.draft) {
        (Purpose::New, Some(_)) if !wizard.form.dirty() => "draft kept · ",
        _ => "",
    };
    let place = format!("{kept}{} of {}", wizard.step + 1, guide.steps.len());
    crate::ui::head(frame, head, app, &title, &place, theme);
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
    let low = inner.height < 12;
    let fields = fields(wizard, room, theme);
    // In a low window the text gives way to the fields while the cursor is in one, and the other way round.
    let field_room = match (low, wizard.focus) {
        (true, Focus::Body) => 0,
        (true, Focus::Field(_)) => inner.height,
        (false, _) => inner.height - 5,
    };
    let field_rows = u16::try_from(fields.lines.len()).unwrap_or(u16::MAX).min(field_room);
    let gap = u16::from(field_rows > 0 && inner.height > field_rows + 4);
    let [text_area, _, field_area] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(gap), Constraint::Length(field_rows)]).areas(inner);
    if text_area.height == 0 && wizard.focus != Focus::Body {
        // The text is out of sight, and the key bar has no room to tell where it is.
        let word = format!(" {} text ", theme.key_label(Key::PageDown));
        let width = u16::try_from(text::width(&word)).unwrap_or(0).min(inner.width);
        let place = Rect { x: inner.right() - width, y: right.bottom() - 1, width, height: 1 };
        frame.render_widget(Span::styled(word, theme.accent()), place);
    }
    let lines = body_lines(app, wizard, room, widgets::is_plenty(body), theme);
    let more = theme.sign("more ↓", "more v");
    let more = if wide { more.to_owned() } else { format!("{} {more}", theme.key_label(Key::PageDown)) };
    let seen = widgets::scrolled_by(frame, text_area, lines, wizard.scroll, &more, theme);
    // The field under the cursor stays in sight, its line above all.
    let skip = fields.end.saturating_sub(usize::from(field_rows));
    let skip = fields.cursor.map_or(skip, |(line, _)| skip.min(line));
    let shown: Vec<Line<'_>> = fields.lines.into_iter().skip(skip).collect();
    frame.render_widget(ratatui::widgets::Paragraph::new(shown), field_area);
    let cursor = fields.cursor.and_then(|(line, cell)| widgets::cursor_at(field_area, line - skip, cell));
    Drawn { seen, cursor }
}

fn steps(frame: &mut Frame<'_>, area: Rect, wizard: &Wizard, theme: Theme) {
    let inner = widgets::pane(frame, area, "Steps", theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    let mut words: Vec<(&str, Style, &str)> = Vec::new();
    let mut lines: Vec<Line<'_>> = Vec::new();
    let of = |sign, style, text: &str| {
        Line::from(vec![Span::styled(text::fit(sign, 3, theme.ascii), style), Span::styled(text.to_owned(), style)])
    };
    for (at, step) in wizard.guide().steps.iter().enumerate() {
        let found = wizard.fault.as_ref().is_some_and(|fault| fault.step == at && !fault.mended);
        let (sign, style, word) = standing(if found { Standing::Wrong } else { wizard.standing(at) }, theme);
        if at == wizard.step {
            lines.push(of(theme.sign("▸", ">"), theme.accent(), &step.short));
            continue;
        }
        lines.push(of(sign, style, &step.short));
        if !word.is_empty() && !words.contains(&(sign, style, word)) {
            words.push((sign, style, word));
        }
    }
    // What the signs mean, at the bottom.
    let spare = usize::from(inner.height).saturating_sub(lines.len() + words.len());
    if spare > 0 {
        lines.extend(std::iter::repeat_n(Line::default(), spare));
        lines.extend(words.into_iter().map(|(sign, style, word)| of(sign, style, word)));
    }
    frame.render_widget(ratatui::widgets::Paragraph::new(lines), inner);
}

/// The sign of a step's standing, its style, and what it means.
fn standing(standing: Standing, theme: Theme) -> (&'static str, Style, &'static str) {
    let with = |(sign, style), word| (sign, style, word);
    match standing {
        Standing::Open => (" ", Style::new(), ""),
        Standing::Seen => (theme.sign("·", "-"), theme.dim(), "seen, not checked"),
        Standing::Doubtful => with(theme.status(Status::Warning), "look again"),
        Standing::Wrong => with(theme.status(Status::Failed), "to be put right"),
        Standing::Holds => with(theme.status(Status::Passed), "in order"),
    }
}

/// What is different in the step that makes a secret, where a certificate takes its place.
const WITH_CERTIFICATE: &str = "A certificate is used here: its public part, the .cer file, is uploaded under Certificates & \
    secrets › Certificates. To make a new one, put make-certificate:PATH into the field below. What follows is for a client \
    secret.";

fn body_lines<'a>(app: &App, wizard: &Wizard, room: usize, plenty: bool, theme: Theme) -> Vec<Line<'a>> {
    let (guide, step) = (wizard.guide(), wizard.current());
    let draft = wizard.form.draft();
    let value = |name: &str| draft.template_value(name, Some(guide), app.know.clouds);
    let fill = |text: &str| template::fill_or_name(text, &value);
    let mut lines = Vec::new();
    if let Some(fault) = wizard.fault_here().filter(|fault| fault.mended) {
        let text = format!("Was: {}. This step was carried out since; test again.", fault.title);
        lines.extend(widgets::judged(Status::Passed, &text, room, theme.good(), theme));
        lines.push(Line::default());
    } else if let Some(fault) = wizard.fault_here() {
        lines.extend(widgets::judged(Status::Failed, &fault.title, room, theme.bad(), theme));
        lines.extend(widgets::paragraph("Do     ", &fault.fix, room, theme.accent(), theme));
        if let Some(url) = &fault.url {
            lines.extend(widgets::link("       ", url, room, plenty, theme));
        }
        lines.push(Line::default());
    }
    lines.extend(widgets::paragraph("Who    ", &step.who, room, Style::new(), theme));
    lines.extend(widgets::paragraph("Where  ", &fill(&step.place), room, Style::new(), theme));
    let told = wizard.fault_here().filter(|fault| !fault.mended).and_then(|fault| fault.url.as_ref());
    if let Some(url) = step.url(&value).filter(|url| Some(url) != told) {
        lines.extend(widgets::link("Link   ", &url, room, plenty, theme));
    }
    lines.push(Line::default());
    if step.collects.contains(&FieldId::Secret) && wizard.form.certificate().is_some() {
        lines.extend(widgets::paragraph("", WITH_CERTIFICATE, room, theme.accent(), theme));
        lines.push(Line::default());
    }
    for (at, action) in step.actions.iter().enumerate() {
        lines.extend(widgets::paragraph(&format!("{:<3}", at + 1), &fill(action), room, Style::new(), theme));
    }
    for listing in &step.lists {
        lines.push(Line::default());
        match listing {
            Listing::Permissions => lines.extend(guide.permissions.iter().flat_map(|p| permission(p, room, theme))),
            Listing::Form => lines.extend(guide.form.iter().flat_map(|form| self::form(form, &value, room, theme))),
        }
    }
    if wizard.at_end() {
        let (problems, doubts) = (wizard.form.problems(false), wizard.form.doubts());
        lines.push(Line::default());
        if problems.is_empty() {
            let text = "tests what is filled in. Nothing is saved before you say so.";
            let enter = format!("{} ", theme.key_label(Key::Enter));
            lines.extend(widgets::paragraph(&enter, text, room, theme.good(), theme));
        }
        if !problems.is_empty() || !doubts.is_empty() {
            lines.push(Line::styled("Still open:", theme.warn()));
        }
        let signed = [(Weight::Problem, problems), (Weight::Hint, doubts)];
        for (weight, (key, what)) in
            signed.into_iter().flat_map(|(weight, all)| all.into_iter().map(move |one| (weight, one)))
        {
            let lead = format!("{:<3}", theme.note(weight).0);
            let text = format!("{}: {what}", wizard.form.label(key));
            lines.extend(widgets::paragraph(&lead, &text, room, Style::new(), theme));
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

/// A permission, and the truth about it.
fn permission<'a>(permission: &Permission, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let style = match permission.need {
        Need::Needed => theme.warn(),
        Need::AskedFor | Need::Harmless | Need::Retired => theme.dim(),
    };
    let mut lines = widgets::paragraph("", &permission.name, room, Style::new(), theme);
    lines.extend(widgets::paragraph("   ", &permission.heading(), room, style, theme));
    lines.extend(widgets::paragraph("   ", &permission.why, room, theme.dim(), theme));
    lines
}

/// What the product that is connected calls the values.
fn form<'a>(form: &TargetForm, value: &dyn Fn(&str) -> Option<String>, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = widgets::paragraph("", &form.title, room, theme.accent(), theme);
    for field in &form.fields {
        lines.extend(widgets::paragraph("", &field.name, room, Style::new(), theme));
        if !field.value.is_empty() {
            let value = template::fill_or_name(&field.value, value);
            lines.extend(widgets::paragraph(" = ", &value, room, theme.good(), theme));
        }
        lines.extend(widgets::paragraph("   ", &field.about, room, theme.dim(), theme));
    }
    lines
}

/// The fields of a step, drawn: the one under the cursor with its help, the others in a line each.
struct Fields<'a> {
    lines: Vec<Line<'a>>,
    /// Line and cell of the cursor.
    cursor: Option<(usize, usize)>,
    /// The line after the field under the cursor.
    end: usize,
}

fn fields<'a>(wizard: &Wizard, room: usize, theme: Theme) -> Fields<'a> {
    let mut all = Fields { lines: Vec::new(), cursor: None, end: 0 };
    for (at, key) in wizard.fields().into_iter().enumerate() {
        let focused = wizard.focus == Focus::Field(at);
        let view = FieldView { form: &wizard.form, key, focused, changed: wizard.form.changed(key) };
        let (lines, place) = view.lines(room, theme);
        if let Some((line, cell)) = place {
            all.cursor = Some((all.lines.len() + line, cell));
            all.end = all.lines.len() + lines.len();
        }
        all.lines.extend(lines);
    }
    all
}
