//! The printer: the only place that writes to standard output and standard error.
//!
//! Knows streams, colours and plain signs. Does not know what the words are about.

use crate::cli::args::Color;
use crate::cli::failure::{Failure, code};
use crate::core::check::Status;
use crate::core::settings::Palette;
use crate::ui::theme::Theme;
use serde::Serialize;
use std::cell::Cell;
use std::io::{ErrorKind, IsTerminal, Write};
use unicode_width::UnicodeWidthStr;

/// The widest that running text is set, in columns.
const MAX_WIDTH: usize = 100;

/// Writes for people and programs.
#[derive(Debug)]
pub struct Printer {
    /// Signs are written as ASCII has them.
    ascii: bool,
    /// Letters, too: a name loses some, so only where that is asked for, or a terminal would show them wrong.
    nothing_else: bool,
    color_out: bool,
    /// By a flag, which is more than a setting.
    color_is_asked_for: bool,
    color_err: bool,
    /// Whether a line may be written over.
    passing: bool,
    /// Lines are broken at blanks, where the terminal would break them inside of a word.
    breaks: bool,
    /// Standard output was closed by its reader, or could not be written.
    stopped: Cell<Option<ErrorKind>>,
}

impl Printer {
    /// A printer for this process's streams.
    pub fn new(color: Color, ascii: bool) -> Printer {
        let wanted = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Printer {
            ascii: ascii || !is_utf8_locale(),
            nothing_else: ascii || !is_utf8_locale() && std::io::stdout().is_terminal(),
            color_out: wanted(std::io::stdout().is_terminal()),
            color_is_asked_for: matches!(color, Color::Always),
            color_err: wanted(std::io::stderr().is_terminal()),
            passing: std::io::stderr().is_terminal(),
            breaks: false,
            stopped: Cell::new(None),
        }
    }

    /// For the accessible mode: each line stays, and what is said is broken at blanks.
    pub fn is_read_aloud(&mut self) {
        self.passing = false;
        self.breaks = true;
    }

    /// How a screen on standard output may look, with the colours that are wished for.
    pub fn theme(&self, wished: Palette) -> Theme {
        let color = self.color_out && (wished != Palette::None || self.color_is_asked_for);
        let light = match wished {
            Palette::Auto => is_light_terminal(),
            Palette::Light => true,
            Palette::Dark | Palette::None => false,
        };
        Theme { color, ascii: self.ascii, light }
    }

    /// A text for people on standard output.
    pub fn out(&self, text: &str) {
        self.bytes(format!("{}\n", self.signs(text)).as_bytes());
    }

    /// A document for people on standard output, with its own last line end.
    pub fn document(&self, text: &str) {
        self.bytes(self.signs(text).as_bytes());
    }

    /// Bytes on standard output, as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        if self.stopped.get().is_some() {
            return;
        }
        let mut stream = std::io::stdout().lock();
        if let Err(error) = stream.write_all(bytes).and_then(|()| stream.flush()) {
            self.stopped.set(Some(error.kind()));
        }
    }

    /// A report on standard output.
    pub fn json<T: Serialize>(&self, report: &T) {
        // Reports hold nothing that cannot be written as JSON.
        if let Ok(text) = serde_json::to_string_pretty(report) {
            self.bytes(format!("{text}\n").as_bytes());
        }
    }

    /// A line on standard error. Trouble there has nowhere to go.
    pub fn say(&self, text: &str) {
        self.item(text, 0);
    }

    /// The same; if it is broken, lines that go on are led by so many blanks.
    pub fn item(&self, text: &str, indent: usize) {
        let width = terminal_width().filter(|width| self.breaks && text.lines().any(|line| line.width() > *width));
        let text = width.map(|width| wrapped(text, "", indent, width)).unwrap_or_else(|| text.to_owned());
        let _ = writeln!(std::io::stderr().lock(), "{}", self.signs(&text));
    }

    /// `note: …` on standard error.
    pub fn note(&self, text: &str) {
        self.say(&format!("note: {text}"));
    }

    /// `hint: …` on standard error.
    pub fn hint(&self, text: &str) {
        self.say(&format!("hint: {text}"));
    }

    /// What went wrong, on standard error.
    pub fn failure(&self, failure: &Failure) {
        for trouble in &failure.troubles {
            self.say(&format!("{} {}", paint(self.color_err, "31;1", "error:"), trouble.error));
            if let Some(cause) = &trouble.cause {
                self.say(&format!("caused by: {cause}"));
            }
            if let Some(hint) = &trouble.hint {
                self.hint(hint);
            }
        }
    }

    /// A passing line on a terminal's standard error; nothing elsewhere. An empty text takes it away.
    pub fn progress(&self, text: &str) {
        if self.passing {
            let mut stream = std::io::stderr().lock();
            let _ = write!(stream, "\r{}\x1b[K", self.signs(text));
            let _ = stream.flush();
        }
    }

    /// The exit code: that of the command, unless its data could not be written. A reader that has seen enough is no error.
    pub fn finish(&self, wanted: u8) -> u8 {
        match self.stopped.get() {
            None | Some(ErrorKind::BrokenPipe) => wanted,
            Some(kind) => {
                self.failure(&Failure::here(
                    format!("standard output could not be written: {kind}"),
                    "is the disk full?",
                ));
                code::HERE
            }
        }
    }

    /// A status as a coloured sign and word.
    pub fn status(&self, status: Status) -> String {
        let (sign, color) = match status {
            Status::Passed => ("✔", "32"),
            Status::Warning => ("!", "33"),
            Status::Unknown => ("?", "33"),
            Status::Failed => ("✘", "31;1"),
            Status::Skipped => ("○", "2"),
        };
        paint(self.color_out, color, &format!("{sign} {status}"))
    }

    /// A text that stands out on standard output.
    pub fn bold(&self, text: &str) -> String {
        paint(self.color_out, "1", text)
    }

    /// Signs as this terminal can show them.
    fn signs(&self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '✔' => out.push('+'),
                '✘' => out.push('x'),
                '›' => out.push('>'),
                '○' | '·' | '–' | '—' => out.push('-'),
                '…' => out.push_str("..."),
                '‘' | '’' => out.push('\''),
                '“' | '”' => out.push('"'),
                c if c.is_ascii() || !self.nothing_else => out.push(c),
                _ => out.push('?'),
            }
        }
        out
    }

    /// How wide running text is set.
    pub fn width(&self) -> usize {
        terminal_width().map_or(80, |width| width.clamp(20, MAX_WIDTH))
    }

    /// Running text, broken at blanks, each line led by blanks. Words that do not fit (links) are left whole.
    pub fn wrap(&self, text: &str, first: &str, indent: usize) -> String {
        wrapped(text, first, indent, self.width())
    }

    /// Lines of a table, its columns aligned and two blanks apart.
    pub fn table(&self, rows: &[Vec<String>]) -> String {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths);
            let padded = cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn paint(color: bool, sequence: &str, text: &str) -> String {
    if color { format!("\x1b[{sequence}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether the locale writes UTF-8, by the variables that decide it.
fn is_utf8_locale() -> bool {
    if cfg!(windows) {
        return true;
    }
    let decides = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|v| !v.is_empty());
    let name = decides.map(|value| value.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    name.contains("utf-8") || name.contains("utf8")
}

/// Whether the background is light, where the terminal tells of its colours as rxvt does: `0;15`, the text's and the
/// background's.
fn is_light_terminal() -> bool {
    let told = std::env::var("COLORFGBG").unwrap_or_default();
    matches!(told.rsplit(';').next(), Some("7" | "15"))
}

/// Running text, broken at blanks.
fn wrapped(text: &str, first: &str, indent: usize, width: usize) -> String {
    let mut out = String::new();
    for (number, paragraph) in text.lines().enumerate() {
        let mut line = if number == 0 { first.to_owned() } else { " ".repeat(indent) };
        let mut bare = true;
        for word in paragraph.split_whitespace() {
            if !bare && line.width() + 1 + word.width() > width {
                out.push_str(line.trim_end());
                out.push('\n');
                line = " ".repeat(indent);
                bare = true;
            }
            if !bare {
                line.push(' ');
            }
            line.push_str(word);
            bare = false;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    out
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|width| *width > 0)
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    None
}
