//! The editor: every field of a profile, what was changed marked.

use crate::app::App;
use crate::app::form::Purpose;
use crate::app::screens::editor::Editor;
use crate::ui::Drawn;
use crate::ui::theme::Theme;
use crate::ui::widgets::{self, FieldView};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Draws the editor.
pub fn draw(frame: &mut Frame<'_>, head: Rect, body: Rect, app: &App, editor: &Editor, theme: Theme) -> Drawn {
    let name = match &editor.form.purpose {
        Purpose::Change(name, _) => name.to_string(),
        Purpose::New => "new".into(),
    };
    let changed = editor.form.fields.iter().filter(|field| editor.form.changed(field.key)).count();
    let remark = match changed {
        0 => "nothing changed".to_owned(),
        count => format!("{count} changed {}", theme.sign("●", "*")),
    };
    crate::ui::head(frame, head, app, &format!("Edit · {name}"), &remark, theme);
    let inner = widgets::pane(frame, body, &editor.form.guide.title, theme);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let mut lines = Vec::new();
    let mut cursor = None;
    let mut end = 0;
    for (at, field) in editor.form.fields.iter().enumerate() {
        let focused = at == editor.at;
        let view = FieldView { form: &editor.form, key: field.key, focused, changed: editor.form.changed(field.key) };
        let (field_lines, place) = view.lines(usize::from(inner.width), theme);
        if let Some((line, cell)) = place {
            cursor = Some((lines.len() + line, cell));
            end = lines.len() + field_lines.len();
        }
        lines.extend(field_lines);
    }
    // The field under the cursor stays in sight; one line may be the mark that there is more.
    let below = usize::from(end < lines.len());
    let scroll = (end + below).saturating_sub(usize::from(inner.height));
    let scroll = cursor.map_or(scroll, |(line, _)| scroll.min(line.saturating_sub(1)));
    let cursor = cursor.and_then(|(line, cell)| widgets::cursor_at(inner, line.saturating_sub(scroll), cell));
    Drawn { seen: widgets::scrolled(frame, inner, lines, u16::try_from(scroll).unwrap_or(0), theme), cursor }
}
