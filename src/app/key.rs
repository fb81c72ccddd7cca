//! What the person at the terminal does, in words of our own: keys, pastes, sizes, signals.
//!
//! Does not know how a terminal writes them (see `runtime::input`), nor what they mean on a screen.

use std::borrow::Cow;
use std::fmt;
use zeroize::Zeroizing;

/// A key press. Modifiers that are not named here are ignored: no screen asks for Alt or function keys.
///
/// `Debug` hides characters, because they may be part of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Ctrl and a lower-case letter.
    Ctrl(char),
    /// Enter, also of the number pad.
    Enter,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

impl Key {
    /// The key's name for the key bar and the help, in ASCII on request.
    pub fn label(self, ascii: bool) -> Cow<'static, str> {
        let (drawn, plain) = match self {
            Key::Char(' ') => ("space", "space"),
            Key::Char(c) => return c.to_string().into(),
            Key::Ctrl(c) => return format!("ctrl-{c}").into(),
            Key::Enter => ("⏎", "Enter"),
            Key::Tab => ("tab", "tab"),
            Key::BackTab => ("shift-tab", "shift-tab"),
            Key::Esc => ("esc", "esc"),
            Key::Backspace => ("backspace", "backspace"),
            Key::Delete => ("del", "del"),
            Key::Left => ("←", "left"),
            Key::Right => ("→", "right"),
            Key::Up => ("↑", "up"),
            Key::Down => ("↓", "down"),
            Key::Home => ("home", "home"),
            Key::End => ("end", "end"),
            Key::PageUp => ("pgup", "pgup"),
            Key::PageDown => ("pgdn", "pgdn"),
        };
        if ascii { plain } else { drawn }.into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Char(_) => f.write_str("Char([hidden])"),
            other => f.write_str(&other.label(true)),
        }
    }
}

/// A text that was pasted in one go. Wiped on drop; `Debug` hides it.
#[derive(PartialEq, Eq)]
pub struct Paste {
    /// The text, at most 64 KiB. Every line end is `\n`, and tabs are kept, because a paste of several lines, or of a
    /// table, is read for all fields.
    pub text: Zeroizing<String>,
    /// Something else than text was in it and is not in `text`: control characters, broken UTF-8.
    pub dropped_controls: bool,
    /// It was longer, and the rest is gone.
    pub cut: bool,
}

impl fmt::Debug for Paste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paste")
            .field("text", &"[hidden]")
            .field("dropped_controls", &self.dropped_controls)
            .field("cut", &self.cut)
            .finish()
    }
}

/// Why the program must end now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGINT from outside. The key is [`Key::Ctrl`] with `c`.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP.
    HangUp,
    /// SIGQUIT.
    Quit,
    /// Nobody is at the terminal any more: nothing can be read from it or written to it.
    TerminalGone,
}

/// Everything that reaches the screens from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted.
    Paste(Paste),
    /// The terminal has a new size: columns, rows.
    Resize(u16, u16),
    /// Give the terminal back and stop until [`Input::Continue`].
    Suspend,
    /// The program runs again after it was stopped: take the terminal again and draw everything.
    Continue,
    /// End now.
    Stop(StopSignal),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (key, drawn, ascii) in [
            (Key::Char('n'), "n", "n"),
            (Key::Char(' '), "space", "space"),
            (Key::Ctrl('s'), "ctrl-s", "ctrl-s"),
            (Key::Enter, "⏎", "Enter"),
            (Key::Up, "↑", "up"),
            (Key::BackTab, "shift-tab", "shift-tab"),
        ] {
            assert_eq!((key.label(false).as_ref(), key.label(true).as_ref()), (drawn, ascii));
            assert!(key.label(true).is_ascii());
        }
    }

    #[test]
    fn debug_hides_what_was_typed() {
        assert_eq!(format!("{:?}", Input::Key(Key::Char('Q'))), "Key(Char([hidden]))");
        let paste = Paste { text: Zeroizing::new("canary-value".to_owned()), dropped_controls: true, cut: false };
        let shown = format!("{:?}", Input::Paste(paste));
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("dropped_controls: true"), "{shown}");
    }
}
