//! The wizard: a guide step by step, with the fields that each step collects.
//!
//! Does not test or save; it says what is filled in and where the cursor is.

use crate::app::form::{FieldKey, Form, Purpose};
use crate::core::guide::{Guide, Step};
use crate::core::names::ProfileName;
use crate::core::question::{FieldId, Weight};
use crate::core::rules::{Cause, Finding};

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// In the text of the step: letters are commands.
    Body,
    /// In a field of the step: letters are typed.
    Field(usize),
}

/// What a test found, and what mends it, while the step is open that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The step.
    pub step: usize,
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub fix: String,
    /// Where that is done.
    pub url: Option<String>,
    /// The step was carried out since: only the next test can tell whether that was all.
    pub mended: bool,
}

/// The step that tests the connection (contract, section 3).
const TEST: &str = "test";

/// How a step stands, as far as is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not gone through, or something that it must collect is missing.
    Open,
    /// Gone through; whether it was done cannot be seen here.
    Seen,
    /// A value that it collects may be wrong.
    Doubtful,
    /// A value that it collects cannot work.
    Wrong,
    /// What it collects is there and well formed; of the test, that it passed.
    Holds,
}

/// A walk through a guide.
#[derive(Debug)]
pub struct Wizard {
    /// The values.
    pub form: Form,
    /// The open step.
    pub step: usize,
    /// Where the cursor is.
    pub focus: Focus,
    /// Lines scrolled in the text of the step.
    pub scroll: u16,
    /// The steps that were gone through.
    pub passed: Vec<bool>,
    /// The name under which a draft of it was kept or resumed.
    pub draft: Option<ProfileName>,
    /// What led here: the step that mends it, and what was found.
    pub fault: Option<Fault>,
}

impl Wizard {
    /// A walk that begins at a step.
    pub fn new(form: Form, step: &str) -> Wizard {
        let at = form.guide.position(step).unwrap_or(0);
        let count = form.guide.steps.len();
        // A resumed draft has been through all that lies before, a saved profile through all but the test.
        let gone_through = if form.purpose == Purpose::New { at } else { count.saturating_sub(1) };
        let passed = (0..count).map(|step| step < gone_through).collect();
        let (draft, fault) = (None, None);
        let mut wizard = Wizard { form, step: at, focus: Focus::Body, scroll: 0, passed, draft, fault };
        wizard.enter_step();
        wizard
    }

    /// The guide.
    pub fn guide(&self) -> &'static Guide {
        self.form.guide
    }

    /// The open step.
    pub fn current(&self) -> &'static Step {
        &self.guide().steps[self.step]
    }

    /// Whether this is the last step.
    pub fn at_end(&self) -> bool {
        self.step + 1 == self.guide().steps.len()
    }

    /// The fields of the open step. The name is asked for on the first one.
    pub fn fields(&self) -> Vec<FieldKey> {
        self.fields_of(self.step)
    }

    fn fields_of(&self, step: usize) -> Vec<FieldKey> {
        let mut keys = Vec::new();
        let here = &self.guide().steps[step];
        // Where the values are gathered, each can be put right.
        let gathered = if here.id == "values" { self.guide().needs() } else { Vec::new() };
        for field in gathered.iter().chain(&here.collects) {
            keys.push(FieldKey::Of(*field));
            if *field == FieldId::Secret {
                keys.push(FieldKey::Source);
            }
        }
        if step == 0 {
            keys.push(FieldKey::Name);
        }
        keys
    }

    /// The field under the cursor.
    pub fn focused(&self) -> Option<FieldKey> {
        match self.focus {
            Focus::Body => None,
            Focus::Field(at) => self.fields().get(at).copied(),
        }
    }

    /// The cursor comes to a step: to its first empty field, else to its text.
    fn enter_step(&mut self) {
        self.scroll = 0;
        let open = self.fields().iter().position(|key| self.required(*key) && !self.filled(*key));
        self.focus = open.map_or(Focus::Body, Focus::Field);
    }

    /// After values were taken: to what is still missing in this step, else to its text.
    pub fn to_next_gap(&mut self) {
        let scroll = self.scroll;
        self.enter_step();
        self.scroll = scroll;
    }

    /// Whether Enter has no field left to go to in this step.
    pub fn on_last_field(&self) -> bool {
        match self.focus {
            Focus::Body => true,
            Focus::Field(at) => at + 1 >= self.fields().len(),
        }
    }

    fn filled(&self, key: FieldKey) -> bool {
        match key {
            FieldKey::Of(FieldId::Secret) => !matches!(self.form.wish(), Err((FieldKey::Of(FieldId::Secret), _))),
            key => !self.form.text(key).is_empty(),
        }
    }

    fn required(&self, key: FieldKey) -> bool {
        match key {
            FieldKey::Name | FieldKey::Source => true,
            FieldKey::Of(field) => self.guide().needs().contains(&field),
        }
    }

    /// The field under the cursor is left: its problems are shown from now on.
    pub fn leave_field(&mut self) {
        if let Some(key) = self.focused() {
            self.form.leave(key);
        }
        self.form.revealed = false;
    }

    /// The field under the cursor is left for good. `true` where something is wrong in it that was not shown as such yet: it
    /// is looked at first.
    pub fn is_held(&mut self) -> bool {
        let Some(key) = self.focused() else { return false };
        let was_left = self.form.field(key).is_some_and(|field| field.left);
        self.leave_field();
        !was_left && self.form.worst(key) == Some(Weight::Problem)
    }

    /// Moves the cursor among the fields and the text, around in a ring.
    pub fn cycle(&mut self, forward: bool) {
        self.leave_field();
        let count = self.fields().len();
        self.focus = match (self.focus, forward) {
            (Focus::Body, _) if count == 0 => Focus::Body,
            (Focus::Body, true) => Focus::Field(0),
            (Focus::Body, false) => Focus::Field(count - 1),
            (Focus::Field(at), true) if at + 1 < count => Focus::Field(at + 1),
            (Focus::Field(at), false) if at > 0 => Focus::Field(at - 1),
            (Focus::Field(_), _) => Focus::Body,
        };
    }

    /// Goes to the next or the step before. `false` at either end.
    pub fn turn(&mut self, forward: bool) -> bool {
        self.leave_field();
        if forward {
            self.passed[self.step] = true;
        }
        let to = if forward { self.step + 1 } else { self.step.wrapping_sub(1) };
        if to >= self.guide().steps.len() {
            return false;
        }
        self.step = to;
        self.enter_step();
        true
    }

    /// Goes to the step of that id.
    pub fn go_to(&mut self, step: &str) {
        self.leave_field();
        if let Some(at) = self.guide().position(step) {
            self.step = at;
            self.enter_step();
        }
    }

    /// Goes to the step that mends what was found, and into the field that holds the wrong value.
    pub fn mend(&mut self, finding: &Finding) {
        let certificate = self.form.certificate().is_some();
        let key = finding.field.map(|field| match field {
            // What is wrong is the file, unless it could not be opened at all.
            FieldId::Secret if certificate && finding.cause != Cause::Unknown => FieldKey::Source,
            field => FieldKey::Of(field),
        });
        self.go_to(&finding.fix.step);
        if let Some(key) = key.filter(|key| !self.fields().contains(key)) {
            self.go_to_field(key);
        }
        let (title, fix) = (finding.title.clone(), finding.fix.text.clone());
        self.fault = Some(Fault { step: self.step, title, fix, url: finding.fix.url.clone(), mended: false });
        self.form.refused_secret = finding.field == Some(FieldId::Secret);
        if let Some(at) = key.and_then(|key| self.fields().iter().position(|other| *other == key)) {
            self.focus = Focus::Field(at);
        }
    }

    /// What the open step mends, if a test led here.
    pub fn fault_here(&self) -> Option<&Fault> {
        self.fault.as_ref().filter(|fault| fault.step == self.step)
    }

    /// The open step was carried out, and what was new is in the fields.
    pub fn carried_out(&mut self) {
        if let Some(fault) = self.fault.as_mut().filter(|fault| fault.step == self.step) {
            fault.mended = true;
        }
    }

    /// Puts the cursor into a field, wherever it is, and shows its problem.
    pub fn go_to_field(&mut self, key: FieldKey) {
        self.form.leave(key);
        for step in 0..self.guide().steps.len() {
            if let Some(at) = self.fields_of(step).iter().position(|other| *other == key) {
                self.step = step;
                self.scroll = 0;
                self.focus = Focus::Field(at);
                return;
            }
        }
    }

    /// How a step stands, for the list of steps.
    pub fn standing(&self, step: usize) -> Standing {
        if self.guide().steps[step].id == TEST {
            return if self.form.tested { Standing::Holds } else { Standing::Open };
        }
        let keys = self.fields_of(step);
        let is_missing = |key: &FieldKey| self.required(*key) && !self.filled(*key);
        if !self.passed[step] || keys.iter().any(is_missing) {
            return Standing::Open;
        }
        match keys.iter().filter_map(|key| self.form.worst(*key)).max() {
            Some(Weight::Problem) => Standing::Wrong,
            Some(Weight::Hint | Weight::Odd) => Standing::Doubtful,
            // Of what is done elsewhere nothing is known before the test.
            _ if keys.iter().any(|key| self.filled(*key)) => Standing::Holds,
            _ => Standing::Seen,
        }
    }
}
