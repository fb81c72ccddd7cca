//! Diagnosis: the pasted text with its evidence marked, and what it means: beside it, or below in a narrow window.

use crate::app::App;
use crate::app::key::Key;
use crate::app::screens::diagnosis::{Diagnosis, Part};
use crate::core::check::Status;
use crate::core::evidence::Kind;
use crate::core::rules::Cause;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// From this width on, the findings stand beside the text.
const WIDE: u16 = 100;

/// Below this height the text keeps to one line while the findings are read.
const LOW: u16 = 12;

/// Draws the diagnosis.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, diagnosis: &Diagnosis, theme: Theme) -> Drawn {
    let remark = diagnosis.evidence.codes.iter().map(|code| format!("AADSTS{code}")).collect::<Vec<_>>().join(" ");
    crate::ui::head(frame, head, app, "Diagnose an error", &remark, theme);
    let [left, right] = if body.width >= WIDE {
        Layout::horizontal([Constraint::Percentage(50), Constraint::Min(1)]).areas(body)
    } else if body.height < LOW && diagnosis.part == Part::Findings {
        Layout::vertical([Constraint::Length(1), Constraint::Min(3)]).areas(body)
    } else {
        let rows = if diagnosis.part == Part::Text { body.height / 2 } else { (body.height / 4).max(3) };
        Layout::vertical([Constraint::Length(rows.max(3)), Constraint::Min(3)]).areas(body)
    };
    // A line of its own has no room for a frame.
    let inner = if left.height > 1 { widgets::pane(frame, left, "Error text", theme) } else { left };
    let cursor = pasted(frame, inner, diagnosis, theme);
    let inner = widgets::pane(frame, right, &heading(app, diagnosis, right.width, theme), theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = findings(diagnosis, usize::from(inner.width), widgets::is_plenty(body), theme);
    Drawn { seen: widgets::scrolled(frame, inner, lines, diagnosis.scroll, theme), cursor }
}

/// What the findings are, and which profile they are beside.
fn heading(app: &App, diagnosis: &Diagnosis, width: u16, theme: Theme) -> String {
    const FRONT: &str = "What it means · ";
    let narrow = width < 60;
    let beside = match (&diagnosis.profile, diagnosis.other) {
        (None, _) => "no profile".to_owned(),
        (Some((name, _)), None) if narrow && diagnosis.is_loose => format!("{name}?"),
        (Some((name, _)), None) if narrow => name.to_string(),
        (Some((name, _)), None) => format!("compared with {name}"),
        (Some((name, _)), Some(_)) if narrow => format!("not {name}"),
        (Some((name, _)), Some(other)) => format!("{other}, not {name}"),
    };
    if !narrow || app.home.profiles().is_empty() {
        return format!("{FRONT}{beside}");
    }
    // In a narrow window the key bar has no room for the key that changes it, and a long name gives way to the key.
    let key = match diagnosis.part {
        Part::Text => Key::Ctrl('p'),
        Part::Findings => Key::Char('p'),
    };
    let key = format!(" ({})", theme.key_label(key));
    let room = usize::from(width).saturating_sub(4 + text::width(FRONT) + text::width(&key));
    format!("{FRONT}{}{key}", text::cut(&beside, room, theme.ascii))
}

/// The text, without tokens and secrets; where it is typed, its end is in sight, else its start.
fn pasted(frame: &mut Frame<'_>, area: Rect, diagnosis: &Diagnosis, theme: Theme) -> Option<Position> {
    let room = usize::from(area.width).saturating_sub(1);
    let height = usize::from(area.height);
    let lines = marked(diagnosis, room, theme);
    let skip = match diagnosis.part {
        Part::Text => lines.len().saturating_sub(height),
        Part::Findings => 0,
    };
    let end = lines.last().map_or(0, Line::width);
    let rows = lines.len() - skip;
    if diagnosis.text.is_empty() {
        let hint = "Paste an error, a log line, a token or a code.";
        frame.render_widget(Paragraph::new(widgets::paragraph("", hint, room, theme.dim(), theme)), area);
    } else {
        frame.render_widget(Paragraph::new(lines.into_iter().skip(skip).collect::<Vec<_>>()), area);
    }
    match diagnosis.part {
        Part::Text => widgets::cursor_at(area, rows.saturating_sub(1), end.min(room)),
        Part::Findings => None,
    }
}

/// The text in lines with its evidence marked.
fn marked<'a>(diagnosis: &Diagnosis, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let raw = diagnosis.shown.as_str();
    let shown = theme.text(raw);
    // One style a character: in what the terminal shows, a character may take another number of bytes.
    let mut styles = vec![Style::new(); shown.chars().count()];
    let (mut at, mut bytes) = (0, 0);
    for place in &diagnosis.places {
        at += raw[bytes..place.from].chars().count();
        let count = raw[place.from..place.to].chars().count();
        styles.iter_mut().skip(at).take(count).for_each(|style| *style = style_of(place.kind, theme));
        (at, bytes) = (at + count, place.to);
    }
    let mut source = shown.chars().zip(styles).peekable();
    let mut lines = Vec::new();
    for line in text::wrap(&shown, room) {
        let mut spans: Vec<Span<'a>> = Vec::new();
        for c in line.chars() {
            // Wrapping leaves blanks and line ends out, nothing else.
            let style = source.find(|(other, _)| *other == c).map_or(Style::new(), |(_, style)| style);
            match spans.last_mut() {
                Some(span) if span.style == style => span.content.to_mut().push(c),
                _ => spans.push(Span::styled(c.to_string(), style)),
            }
        }
        lines.push(Line::from(spans));
    }
    lines
}

fn style_of(kind: Kind, theme: Theme) -> Style {
    match kind {
        Kind::Code | Kind::Error | Kind::Status => theme.bad(),
        Kind::Id | Kind::Host | Kind::Name => theme.accent(),
        Kind::Hidden => theme.warn(),
    }
}

fn findings<'a>(diagnosis: &Diagnosis, room: usize, plenty: bool, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let loose = diagnosis.profile.as_ref().filter(|_| diagnosis.is_loose).map(|(name, _)| {
        let text =
            format!("The text names no id of {name}, so it is judged by itself: p says which profile it is about.");
        widgets::paragraph("  ", &text, room, theme.warn(), theme)
    });
    // In a narrow window what it means comes first.
    let (above, below) = if room < 50 { (None, loose) } else { (loose, None) };
    if let Some(loose) = above {
        lines.extend(loose);
        lines.push(Line::default());
    }
    for (at, finding) in diagnosis.findings.iter().enumerate() {
        let marked = at == diagnosis.marked;
        let lead = if marked && diagnosis.part == Part::Findings { theme.sign("▸ ", "> ") } else { "  " };
        lines.extend(widgets::paragraph(
            lead,
            &finding.title,
            room,
            match finding.cause {
                _ if !marked => theme.dim(),
                Cause::NotAnError => theme.good(),
                _ => theme.bad(),
            },
            theme,
        ));
        if marked {
            let sure = format!("{} · {}", finding.confidence.as_str(), finding.for_whom());
            lines.extend(widgets::paragraph("  ", &sure, room, theme.dim(), theme));
            lines.extend(widgets::paragraph("  ", &finding.explanation, room, Style::new(), theme));
            lines.extend(widgets::paragraph("  ", &finding.fix.text, room, theme.accent(), theme));
            if let Some(url) = &finding.fix.url {
                lines.extend(widgets::link("  ", url, room, plenty, theme));
            }
        }
    }
    lines.extend(below.into_iter().flatten());
    lines.extend(token(diagnosis, room, theme));
    lines
}

/// The claims of a pasted token beside what the profile needs, mismatches marked.
fn token<'a>(diagnosis: &Diagnosis, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    if !diagnosis.token.is_empty() {
        lines.push(Line::default());
        // A profile that is not complete, or of another product, was not compared with.
        let is_compared = diagnosis.token.iter().any(|row| row.claim == "appid" && !row.needed.is_empty());
        let title = if is_compared {
            "  The token beside what the profile needs"
        } else {
            "  The token; its signature was not checked"
        };
        lines.push(Line::styled(title, theme.title()));
    }
    for row in &diagnosis.token {
        let (sign, style) = match row.fits {
            Some(true) => theme.status(Status::Passed),
            Some(false) => theme.status(Status::Failed),
            None => (" ", Style::new()),
        };
        let misfit = row.fits == Some(false);
        let lead = format!("  {} {} ", text::fit(sign, 2, theme.ascii), text::fit(row.claim, 8, theme.ascii));
        lines.extend(widgets::paragraph(&lead, &row.found, room, if misfit { style } else { Style::new() }, theme));
        if misfit {
            let lead = format!("{}needs ", " ".repeat(14));
            lines.extend(widgets::paragraph(&lead, &row.needed, room, theme.warn(), theme));
        }
    }
    lines
}
