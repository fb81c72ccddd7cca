//! Home: profiles, drafts, and how they stand.

use crate::app::App;
use crate::app::msg::{DraftRow, LastVerdict, Row};
use crate::app::screens::home::{Entry, Home, Marked, Order, Shown};
use crate::core::check::{CheckId, Status};
use crate::core::expiry;
use crate::core::question::FieldId;
use crate::core::rules::Cause;
use crate::core::untrusted::Untrusted;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, text, widgets};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// What is told of a profile that cannot be tested.
const INCOMPLETE: &str = "incomplete";

/// Draws home.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, theme: Theme) -> Drawn {
    let home = &app.home;
    let counted = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    let remark = match (home.runs.len(), home.need_attention(app.know.settings.warning_days)) {
        (0, attention) => {
            let drafts = counted(home.drafts.len(), "draft");
            let all = [counted(home.profiles().len(), "profile"), drafts];
            let needs = if attention == 1 { "needs" } else { "need" };
            let needs = (attention > 0).then(|| format!(" · {attention} {needs} attention"));
            all.into_iter().flatten().collect::<Vec<_>>().join(", ") + &needs.unwrap_or_default()
        }
        (left, _) => {
            let (total, ticks) = (home.round.total, home.round.ticks);
            format!("{} of {total} tested · {}.{} s, Esc stops", total - left, ticks / 10, ticks % 10)
        }
    };
    crate::ui::head(frame, head, app, "d365-connect", &remark, theme);
    let below = if home.grouped { " by tenant" } else { "" };
    let order = if home.order == Order::End { ", ending soonest first" } else { "" };
    let inner = widgets::pane(frame, body, &format!("Profiles{below}{order}"), theme);
    if home.rows.is_some() && home.is_empty() {
        return welcome(frame, inner, app, theme);
    }
    if app.is_loading() {
        return Drawn { seen: widgets::scrolled(frame, inner, Vec::new(), 0, theme), cursor: None };
    }
    // What the marked line cannot say in full stands below the list, where there is room.
    let told = told(app, usize::from(inner.width).saturating_sub(2), theme);
    let told_rows = u16::try_from(told.len()).unwrap_or(u16::MAX).min(3);
    let told_rows = if inner.height >= 10 && told_rows > 0 { told_rows + 1 } else { 0 };
    let [inner, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(told_rows)]).areas(inner);
    if told_rows > 0 {
        let below =
            Rect { x: below.x + 1, y: below.y + 1, width: below.width.saturating_sub(2), height: told_rows - 1 };
        frame.render_widget(Paragraph::new(told), below);
    }
    let [filter, inner] =
        Layout::vertical([Constraint::Length(u16::from(home.filtering || home.is_filtered())), Constraint::Min(1)])
            .areas(inner);
    let cursor = draw_filter(frame, filter, home, theme);
    let trouble = home.trouble.as_ref().map_or_else(Vec::new, |trouble| {
        widgets::paragraph("", &trouble.what, usize::from(inner.width), theme.bad(), theme)
    });
    let columns = Columns::of(usize::from(inner.width), home);
    let above = trouble.len() + 1;
    let marked = home.shown.iter().position(|line| *line == Shown::Entry(home.marked)).unwrap_or(0);
    let nothing = (home.shown.is_empty() && home.is_filtered())
        .then(|| Line::styled("  nothing fits; Esc shows all again", theme.dim()));
    let count = above + home.shown.len() + usize::from(nothing.is_some());
    // The marked entry stays in sight; where not all fits, one line is the mark that there is more.
    let height = usize::from(inner.height);
    let page = if count > height { height.saturating_sub(1) } else { height };
    let scroll = u16::try_from((above + marked + 1).saturating_sub(page)).unwrap_or(u16::MAX);
    let seen = widgets::windowed(frame, inner, count, scroll, (widgets::more(theme), theme), |seen| {
        let titles = ["NAME", "GUIDE", "TARGET", "SECRET", "LAST TEST"].map(|title| Span::styled(title, theme.dim()));
        let head = columns.line(titles, "  ", theme);
        // Skipped before they are made into lines.
        let rows = home.shown.iter().skip(seen.start.saturating_sub(above));
        let rows = rows.map(|line| row(app, line, &columns, usize::from(inner.width), theme));
        trouble.into_iter().chain([head]).skip(seen.start).chain(rows).chain(nothing).take(seen.len()).collect()
    });
    Drawn { seen, cursor }
}

/// The filter, and where the cursor stands while it is typed.
fn draw_filter(frame: &mut Frame<'_>, area: Rect, home: &Home, theme: Theme) -> Option<Position> {
    let count = home.shown.iter().filter(|line| matches!(line, Shown::Entry(_))).count();
    let told = format!(" {count} of {}", home.len());
    let room = usize::from(area.width).saturating_sub(text::width(&told) + 3);
    let (typed, cell) = widgets::around_cursor(&home.filter, room, theme);
    let style = if home.filtering { Style::new() } else { theme.dim() };
    let line = Line::from(vec![
        Span::styled("/ ", theme.accent()),
        Span::styled(text::fit(&typed, room, theme.ascii), style),
        Span::styled(told, theme.dim()),
    ]);
    frame.render_widget(line, area);
    if home.filtering { widgets::cursor_at(area, 0, 2 + cell) } else { None }
}

/// A line of the list.
fn row<'a>(app: &App, line: &Shown, columns: &Columns, room: usize, theme: Theme) -> Line<'a> {
    let home = &app.home;
    let at = match line {
        Shown::Entry(at) => *at,
        Shown::Tenant(tenant, count) => {
            let tenant = Untrusted::plain(tenant.as_deref().unwrap_or("no tenant yet")).one_line(200);
            let told = format!(" ({count})");
            let tenant = text::cut(&theme.text(&tenant), room.saturating_sub(told.len()), theme.ascii);
            return Line::from(vec![Span::styled(tenant, theme.accent()), Span::styled(told, theme.dim())]);
        }
    };
    let cells = match home.entry(at) {
        Some(Entry::Profile(row)) => profile(app, row, theme),
        Some(Entry::Draft(row)) => draft(row, theme),
        None => return Line::default(),
    };
    let lead = if at == home.marked { theme.sign("▸ ", "> ") } else { "  " };
    let line = columns.line(cells, lead, theme);
    if at == home.marked { line.style(Style::new().add_modifier(Modifier::BOLD)) } else { line }
}

/// What there is to know about the marked entry.
fn told<'a>(app: &App, room: usize, theme: Theme) -> Vec<Line<'a>> {
    let say = |text: String, style| widgets::paragraph("", Untrusted::plain(&text).as_str(), room, style, theme);
    match app.home.marked() {
        None => Vec::new(),
        Some(Marked::Draft(draft)) => {
            let step = app.know.guides.iter().find(|guide| guide.id == draft.draft.guide);
            let step = step.and_then(|guide| guide.step(&draft.step)).map_or("its start", |step| &step.short);
            say(format!("{}: half done, open at '{step}'. The secret is not kept in a draft.", draft.name), theme.dim())
        }
        Some(Marked::Profile(row)) => match (&row.problem, &row.last) {
            (Some(problem), _) => say(format!("{}: {problem}", row.name), theme.warn()),
            (None, Some(last)) => {
                let when = app.home.now.map(|now| ago(last.when, now)).unwrap_or_default();
                let cause = last.cause.filter(|cause| *cause != Cause::Unknown);
                let cause = cause.map(|cause| format!(", {}", cause.as_str())).unwrap_or_default();
                say(format!("{} · {} · {}{cause}, {when}", row.name, row.target, last.verdict), theme.dim())
            }
            (None, None) => say(format!("{} · {} · not tested yet", row.name, row.target), theme.dim()),
        },
    }
}

fn welcome(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) -> Drawn {
    let room = usize::from(area.width).saturating_sub(2);
    let low = area.height < 10;
    let mut lines = vec![Line::default(); usize::from(!low)];
    let what = "Sets up, tests and repairs API connections to Microsoft Dynamics 365.";
    let how = "It walks you through the app in Microsoft Entra ID and its twin inside Dynamics, then tests both halves \
               and says what is wrong and who mends it.";
    let text = if low { what.to_owned() } else { format!("{what} {how}") };
    lines.extend(widgets::paragraph(" ", &text, room, Style::new(), theme));
    if !low {
        lines.push(Line::default());
    }
    lines.push(Line::from(vec![Span::styled(" n ", theme.key()), Span::raw(" set up a connection")]));
    if app.sandbox.is_some() {
        let text = "This is the sandbox: the tenant is simulated, and nothing outside of this machine is reached.";
        lines.extend(widgets::paragraph(" ", text, room, theme.dim(), theme));
    } else {
        lines.push(Line::from(vec![Span::styled(" q ", theme.key()), Span::raw(" leave; to rehearse it all, start")]));
        lines.push(Line::raw("    d365-connect --sandbox"));
    }
    Drawn { seen: widgets::scrolled(frame, area, lines, 0, theme), cursor: None }
}

/// The widths of the columns; narrow windows leave columns out.
struct Columns([usize; 5]);

impl Columns {
    /// As wide as the widest entry wants it, of all that are listed: scrolling moves no column.
    fn of(room: usize, home: &Home) -> Columns {
        const SECRET: usize = 11;
        let drafts = home.drafts.iter().map(|row| text::width(row.name.as_str()));
        let names = home.profiles().iter().map(|row| text::width(row.name.as_str()));
        let longest_name = names.chain(drafts).max().unwrap_or(0);
        let causes = home.profiles().iter().filter_map(|row| told_cause(row.last.as_ref()?));
        let running = home.runs.iter().filter_map(|run| run.fold.current()).map(CheckId::title);
        let incomplete = home.profiles().iter().find(|row| row.problem.is_some()).map(|_| INCOMPLETE);
        let told = causes.map(Cause::as_str).chain(running).chain(incomplete);
        let longest_last = told.map(|told| text::width(told) + 2).max();
        let last = longest_last.unwrap_or(0).clamp(11, 25) + 1;
        let room = room.saturating_sub(3);
        // A name is cut last: the target gives way to it.
        let name = |others: usize| (longest_name.max(8) + 1).min(room.saturating_sub(others));
        if room >= 100 {
            let name = name(20 + 20 + SECRET + last);
            Columns([name, 20, room - name - 20 - SECRET - last, SECRET, last])
        } else if room >= 70 {
            let name = name(16 + SECRET + last);
            Columns([name, 0, room - name - SECRET - last, SECRET, last])
        } else if room >= 50 {
            Columns([room - SECRET - last, 0, 0, SECRET, last])
        } else {
            // What short names leave is for the cause.
            let name = name(16);
            Columns([name, 0, 0, 0, room - name])
        }
    }

    fn line<'a>(&self, cells: [Span<'a>; 5], lead: &'static str, theme: Theme) -> Line<'a> {
        // Blanks need no colour, which would only take bytes.
        let style = if lead.trim().is_empty() { Style::new() } else { theme.accent() };
        let mut spans = vec![Span::styled(lead, style)];
        for (cell, width) in cells.into_iter().zip(self.0) {
            if width > 0 {
                let shown = text::fit(&cell.content, width - 1, theme.ascii);
                spans.push(Span::styled(format!("{shown} "), cell.style));
            }
        }
        Line::from(spans)
    }
}

/// The cause that is told in the list: of what passed, when that was says more.
fn told_cause(last: &LastVerdict) -> Option<Cause> {
    last.cause.filter(|_| matches!(last.verdict, Status::Failed | Status::Unknown))
}

fn profile<'a>(app: &App, row: &Row, theme: Theme) -> [Span<'a>; 5] {
    let home = &app.home;
    let secret = match row.days_left {
        None => Span::styled(theme.sign("–", "-"), theme.dim()),
        Some(days) if days <= 0 => Span::styled("expired", theme.bad()),
        Some(days) if days <= app.know.settings.warning_days => {
            Span::styled(format!("{} !", expiry::days(days)), theme.warn())
        }
        Some(days) => Span::raw(expiry::days(days)),
    };
    let running = home.runs.iter().find(|run| run.name == row.name);
    let last = match (&row.problem, running, &row.last) {
        (_, Some(run), _) => Span::styled(
            format!("{} {}", theme.sign("…", "~"), run.fold.current().map_or("starting", CheckId::title)),
            theme.accent(),
        ),
        (Some(_), None, _) => Span::styled(format!("{} {INCOMPLETE}", theme.status(Status::Unknown).0), theme.warn()),
        (None, None, None) => Span::styled("not yet", theme.dim()),
        (None, None, Some(last)) => {
            let (sign, style) = theme.status(last.verdict);
            let when = || home.now.map(|now| ago(last.when, now)).unwrap_or_default();
            let what = told_cause(last).map_or_else(when, |cause| cause.as_str().to_owned());
            Span::styled(format!("{sign} {what}"), style)
        }
    };
    let target = row.problem.as_ref().unwrap_or(&row.target);
    [
        Span::raw(row.name.to_string()),
        Span::raw(theme.text(&row.guide)),
        Span::styled(theme.text(target), if row.problem.is_some() { theme.warn() } else { Style::new() }),
        secret,
        last,
    ]
}

fn draft<'a>(row: &DraftRow, theme: Theme) -> [Span<'a>; 5] {
    let target = row.draft.value(FieldId::ResourceUrl).trim_start_matches("https://");
    [
        Span::raw(row.name.to_string()),
        Span::styled("draft", theme.dim()),
        Span::styled(theme.text(target), theme.dim()),
        Span::raw(""),
        Span::styled("half done", theme.dim()),
    ]
}

/// `2 h ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..60 => "just now".into(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}
