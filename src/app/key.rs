//! Keys and other input, as the state machine sees them. Does not know how a terminal sends them.

use std::fmt;
use zeroize::Zeroizing;

/// A key press.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Ctrl with a letter, lower case.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Esc.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Up.
    Up,
    /// Down.
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

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A pasted text. Line ends are kept as `\n`: a paste of several lines is read for all fields.
pub struct Paste {
    /// The text.
    pub text: Zeroizing<String>,
    /// Control characters were dropped.
    pub dropped_controls: bool,
    /// It was longer than 64 KiB.
    pub cut: bool,
}

impl fmt::Debug for Paste {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Paste({} bytes)", self.text.len())
    }
}
