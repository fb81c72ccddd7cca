//! How things look: roles to styles, and signs for terminals with and without colour or box characters.
//!
//! Uses the user's 16 colours only. A word or sign always stands beside a colour.

use crate::app::key::Key;
use crate::core::check::Status;
use crate::core::question::Weight;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours may be used.
    pub color: bool,
    /// Only ASCII may be used.
    pub ascii: bool,
    /// The background is light.
    pub light: bool,
}

impl Theme {
    fn colored(self, color: Color) -> Style {
        // Cyan and yellow can hardly be read on white.
        let color = match color {
            Color::Cyan if self.light => Color::Blue,
            Color::Yellow if self.light => Color::Magenta,
            color => color,
        };
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// Titles.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What has the focus.
    pub fn accent(self) -> Style {
        self.colored(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Less important text.
    pub fn dim(self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// All right.
    pub fn good(self) -> Style {
        self.colored(Color::Green)
    }

    /// Not all right.
    pub fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// To be looked at.
    pub fn warn(self) -> Style {
        self.colored(Color::Yellow)
    }

    /// What is marked in a list.
    pub fn marked(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A key in the key bar.
    pub fn key(self) -> Style {
        self.colored(Color::Cyan)
    }

    /// The frame of a pane.
    pub fn border(self) -> border::Set<'static> {
        if !self.ascii {
            return border::PLAIN;
        }
        border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        }
    }

    /// One of two texts, by what the terminal can show.
    pub fn sign(self, full: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { full }
    }

    /// The sign and style of a status.
    pub fn status(self, status: Status) -> (&'static str, Style) {
        match status {
            Status::Passed => (self.sign("✔", "ok"), self.good()),
            Status::Warning => (self.sign("!", "!"), self.warn()),
            Status::Unknown => (self.sign("?", "?"), self.warn()),
            Status::Failed => (self.sign("✘", "X"), self.bad()),
            Status::Skipped => (self.sign("○", "o"), self.dim()),
        }
    }

    /// The sign and style of a note.
    pub fn note(self, weight: Weight) -> (&'static str, Style) {
        match weight {
            Weight::Good => (self.sign("✔", "ok"), self.good()),
            Weight::Told => (self.sign("·", "-"), self.dim()),
            Weight::Hint => (self.sign("!", "!"), self.warn()),
            Weight::Odd => (self.sign("?", "?"), self.warn()),
            Weight::Problem => (self.sign("✘", "X"), self.bad()),
        }
    }

    /// A key as it is written in key bar and help.
    pub fn key_label(self, key: Key) -> String {
        key.label(self.ascii).into_owned()
    }

    /// A text in which nothing but ASCII stands, where the terminal can show no more.
    pub fn text(self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        text.chars()
            .map(|c| match c {
                '›' | '▸' => '>',
                '–' | '—' | '─' | '·' => '-',
                '‘' | '’' => '\'',
                '“' | '”' => '"',
                '…' => '~',
                c if c.is_ascii() => c,
                _ => '?',
            })
            .collect()
    }
}
