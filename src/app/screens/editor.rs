//! The editor: every field of a saved profile on one screen. Does not save; it says what was changed.

use crate::app::form::{FieldKey, Form};

/// A saved profile being changed.
#[derive(Debug)]
pub struct Editor {
    /// The values.
    pub form: Form,
    /// The field under the cursor.
    pub at: usize,
}

impl Editor {
    /// The field under the cursor.
    pub fn focused(&self) -> FieldKey {
        self.form.fields[self.at].key
    }

    /// The field under the cursor is left: its problems are shown from now on.
    pub fn leave_field(&mut self) {
        self.form.leave(self.focused());
        self.form.revealed = false;
    }

    /// Moves the cursor to the next or the field before.
    pub fn cycle(&mut self, forward: bool) {
        self.leave_field();
        let count = self.form.fields.len();
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    /// Puts the cursor into a field and shows its problem.
    pub fn go_to_field(&mut self, key: FieldKey) {
        self.form.leave(key);
        if let Some(at) = self.form.fields.iter().position(|field| field.key == key) {
            self.at = at;
        }
    }
}
