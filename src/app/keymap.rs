//! Which key does what on which screen. Key bar and help are made from the same table that handles the keys.

use crate::app::key::Key;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Set up a new connection.
    New,
    /// Open what is selected, go to the step that mends it, go on.
    Enter,
    /// Test.
    Test,
    /// Test all profiles.
    TestAll,
    /// Edit.
    Edit,
    /// Explain an error text.
    Diagnose,
    /// Type what the entries that are shown must have.
    Filter,
    /// Put entries below their tenant, or not.
    Group,
    /// Change the order of the entries.
    Sort,
    /// Show a profile beside another one.
    Beside,
    /// Choose the profile that a text is compared with.
    ChooseProfile,
    /// Hand the profile over in a format.
    Export,
    /// Hand the open steps over to whoever can do them.
    HandOver,
    /// Every step, or only what is open.
    All,
    /// Rename.
    Rename,
    /// Copy a profile.
    Copy,
    /// Remove.
    Remove,
    /// Bring back what was removed.
    BringBack,
    /// Show the keys.
    Help,
    /// Go back; cancel.
    Back,
    /// Leave the program.
    Quit,
    /// One up.
    Up,
    /// One down.
    Down,
    /// The next field.
    NextField,
    /// The field before.
    PrevField,
    /// A page down; in a guide, after its last page the next step.
    NextPage,
    /// A page up; in a guide, before its first page the step before.
    PrevPage,
    /// The next step.
    NextStep,
    /// The step before.
    PrevStep,
    /// Open the link in the browser.
    OpenLink,
    /// Copy the link.
    CopyLink,
    /// Copy the details.
    CopyDetails,
    /// Show what each check told.
    Details,
    /// Test again and again until it works.
    KeepTrying,
    /// Save.
    Save,
    /// Show the secret for a moment.
    Reveal,
    /// Nothing in the field any more.
    Clear,
    /// Back to the saved value.
    Undo,
    /// Have the sandbox's administrator do this step.
    CarryOut,
    /// Draw everything anew.
    Repaint,
    /// Stop until the shell continues.
    Suspend,
}

/// Where keys are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The list of profiles.
    Home,
    /// The filter above the list of profiles.
    Filter,
    /// A wizard step, outside of its fields.
    Step,
    /// A field of a wizard step.
    StepField,
    /// A field of the editor.
    EditorField,
    /// The live test.
    Checks,
    /// The text of the diagnosis screen.
    DiagnosisText,
    /// The findings of the diagnosis screen.
    DiagnosisFindings,
    /// Two profiles side by side.
    Pair,
    /// A question with answers.
    Ask,
    /// A name that is asked for.
    Naming,
    /// Recognised values, to be confirmed.
    Values,
    /// A text to hand on.
    Paper,
    /// The help.
    Help,
}

/// One binding.
#[derive(Debug)]
pub struct Binding {
    /// The key; several lines of the table may share an intent.
    pub key: Key,
    /// What it asks for.
    pub intent: Intent,
    /// Its word in the key bar; empty: not in the bar.
    pub bar: &'static str,
    /// Its line in the help; empty: not in the help.
    pub help: &'static str,
}

const fn bind(key: Key, intent: Intent, bar: &'static str, help: &'static str) -> Binding {
    Binding { key, intent, bar, help }
}

const HOME: &[Binding] = &[
    bind(Key::Char('n'), Intent::New, "new", "set up a new connection"),
    bind(Key::Enter, Intent::Enter, "open", "open the profile, or go on with the draft"),
    bind(Key::Char('t'), Intent::Test, "test", "test the profile"),
    bind(Key::Char('T'), Intent::TestAll, "test all", "test every profile that is shown, at once"),
    bind(Key::Char('e'), Intent::Edit, "edit", "edit the profile"),
    bind(Key::Char('d'), Intent::Diagnose, "diagnose", "explain an error text"),
    bind(Key::Char('='), Intent::Beside, "", "show the profile beside another one"),
    bind(Key::Char('x'), Intent::Export, "export", "hand the profile over in the format of whoever uses it"),
    bind(Key::Char('h'), Intent::HandOver, "hand over", "the open steps, as a text for whoever can do them"),
    bind(Key::Char('r'), Intent::Rename, "rename", "rename the profile"),
    bind(Key::Char('c'), Intent::Copy, "copy", "copy the profile"),
    bind(Key::Char('D'), Intent::Remove, "remove", "remove the profile or draft"),
    bind(
        Key::Char('u'),
        Intent::BringBack,
        "bring back",
        "bring back what was removed last, then what was removed before it",
    ),
    bind(Key::Char('/'), Intent::Filter, "filter", "type a part of the name, target, guide or tenant"),
    bind(Key::Char('g'), Intent::Group, "", "put the profiles below their tenant, or in one list"),
    bind(Key::Char('s'), Intent::Sort, "", "the soonest end first, or by name"),
    bind(Key::Up, Intent::Up, "", "one up"),
    bind(Key::Down, Intent::Down, "", "one down"),
    bind(Key::Char('k'), Intent::Up, "", ""),
    bind(Key::Char('j'), Intent::Down, "", ""),
    bind(Key::PageDown, Intent::NextPage, "", "a page down"),
    bind(Key::PageUp, Intent::PrevPage, "", "a page up"),
    bind(Key::Char('?'), Intent::Help, "help", "this help"),
    bind(Key::Char('q'), Intent::Quit, "quit", "leave the program"),
    bind(Key::Esc, Intent::Back, "stop", "stop the tests that run; else show all profiles again"),
];

const FILTER: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "open", "open the profile, or go on with the draft"),
    bind(Key::Tab, Intent::NextField, "to the list", "to the list, whose keys then work; the filter stays"),
    bind(Key::Up, Intent::Up, "", "one up"),
    bind(Key::Down, Intent::Down, "move", "one down"),
    bind(Key::PageDown, Intent::NextPage, "", "a page down"),
    bind(Key::PageUp, Intent::PrevPage, "", "a page up"),
    bind(Key::Ctrl('g'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "show all", "show all profiles again"),
];

const STEP: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "next", "go on: the next step; on the last one, the test"),
    bind(Key::Tab, Intent::NextField, "fields", "into the fields"),
    bind(Key::BackTab, Intent::PrevField, "", "into the fields, from the end"),
    bind(Key::Char('o'), Intent::OpenLink, "open", "open the page of this step in the browser"),
    bind(Key::Char('y'), Intent::CopyLink, "copy link", "send the link to the terminal's clipboard"),
    bind(Key::Char('h'), Intent::HandOver, "hand over", "the open steps, as a text for whoever can do them"),
    bind(Key::Char('a'), Intent::CarryOut, "sandbox does it", "in the sandbox: have its administrator do this step"),
    bind(Key::PageDown, Intent::NextPage, "read on", "read on; at the end of the text, the next step"),
    bind(Key::PageUp, Intent::PrevPage, "back a step", "read back; at the start of the text, the step before"),
    bind(Key::Right, Intent::NextStep, "", "the next step"),
    bind(Key::Left, Intent::PrevStep, "", "the step before"),
    bind(Key::Up, Intent::Up, "", "scroll up"),
    bind(Key::Down, Intent::Down, "", "scroll down"),
    bind(Key::Char('t'), Intent::Test, "test", "test with what is filled in"),
    bind(Key::Ctrl('t'), Intent::Test, "", ""),
    bind(Key::Ctrl('d'), Intent::CarryOut, "", ""),
    bind(Key::Ctrl('s'), Intent::Save, "save", "save the profile"),
    bind(Key::Ctrl('o'), Intent::OpenLink, "", ""),
    bind(Key::Ctrl('y'), Intent::CopyLink, "", ""),
    bind(Key::Ctrl('p'), Intent::HandOver, "", ""),
    bind(Key::Char('?'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "leave", "leave; what was typed can be kept as a draft"),
];

const STEP_FIELD: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "next", "the next field, then the next step"),
    bind(Key::Tab, Intent::NextField, "", "the next field; after the last, the text of the step"),
    bind(Key::BackTab, Intent::PrevField, "", "the field before; before the first, the text of the step"),
    bind(Key::Down, Intent::NextField, "", ""),
    bind(Key::Up, Intent::PrevField, "", ""),
    bind(Key::Ctrl('o'), Intent::OpenLink, "open", "open the page of this step in the browser"),
    bind(Key::Ctrl('y'), Intent::CopyLink, "copy link", "send the link to the terminal's clipboard"),
    bind(Key::Ctrl('p'), Intent::HandOver, "hand over", "the open steps, as a text for whoever can do them"),
    bind(Key::Ctrl('d'), Intent::CarryOut, "sandbox does it", "in the sandbox: have its administrator do this step"),
    bind(Key::PageDown, Intent::NextPage, "read on", "read on; at the end of the text, the next step"),
    bind(Key::PageUp, Intent::PrevPage, "back a step", "read back; at the start of the text, the step before"),
    bind(Key::Ctrl('r'), Intent::Reveal, "show", "show the secret for five seconds"),
    bind(Key::Ctrl('x'), Intent::Undo, "undo field", "back to the saved value"),
    bind(Key::Ctrl('u'), Intent::Clear, "", "clear the field"),
    bind(Key::Ctrl('t'), Intent::Test, "test", "test with what is filled in"),
    bind(Key::Ctrl('s'), Intent::Save, "save", "save the profile"),
    bind(Key::Ctrl('g'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "leave", "leave; what was typed can be kept as a draft"),
];

const EDITOR_FIELD: &[Binding] = &[
    bind(Key::Enter, Intent::NextField, "next", "the next field"),
    bind(Key::Tab, Intent::NextField, "", "the next field"),
    bind(Key::BackTab, Intent::PrevField, "", "the field before"),
    bind(Key::Down, Intent::NextField, "", ""),
    bind(Key::Up, Intent::PrevField, "", ""),
    bind(Key::Ctrl('s'), Intent::Save, "save", "save what was changed, then test it as saved"),
    bind(Key::Ctrl('t'), Intent::Test, "test", "test what is filled in, before it is saved"),
    bind(Key::Ctrl('x'), Intent::Undo, "undo field", "back to the saved value"),
    bind(Key::Ctrl('u'), Intent::Clear, "", "clear the field"),
    bind(Key::Ctrl('r'), Intent::Reveal, "show", "show the secret for five seconds"),
    bind(Key::Ctrl('g'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "leave", "leave; asks when something was changed"),
];

const CHECKS: &[Binding] = &[
    bind(
        Key::Enter,
        Intent::Enter,
        "go to the step",
        "go to the step that mends it, of the last test too; before a first test, start it; after a good one, save or go home",
    ),
    bind(
        Key::Char('o'),
        Intent::OpenLink,
        "open the form",
        "open the page on which it is mended, or on which you sign in",
    ),
    bind(Key::Char('a'), Intent::CarryOut, "user signs in", "in the sandbox: the simulated user signs in"),
    bind(Key::Char('y'), Intent::CopyLink, "copy link", "send that link to the terminal's clipboard"),
    bind(Key::Char('h'), Intent::HandOver, "hand over", "the open steps, as a text for whoever can do them"),
    bind(Key::Char('r'), Intent::Test, "test again", "test again"),
    bind(Key::Char('t'), Intent::Test, "", ""),
    bind(Key::Char('w'), Intent::KeepTrying, "wait and retry", "test again every ten seconds, for two minutes at most"),
    bind(Key::Char('s'), Intent::Save, "save", "save what was tested"),
    bind(Key::Ctrl('s'), Intent::Save, "", ""),
    bind(Key::Char('e'), Intent::Edit, "edit", "edit the profile"),
    bind(
        Key::Char('c'),
        Intent::CopyDetails,
        "copy details",
        "send the details, or the code to sign in with, to the terminal's clipboard",
    ),
    bind(Key::Char('i'), Intent::Details, "details", "show all that each check told, or the findings again"),
    bind(Key::Up, Intent::Up, "", "the finding or check before"),
    bind(Key::Down, Intent::Down, "", "the next finding or check"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Char('?'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "back", "stop the test; go back"),
];

const DIAGNOSIS_TEXT: &[Binding] = &[
    bind(Key::Tab, Intent::NextField, "findings", "to the findings"),
    bind(Key::BackTab, Intent::PrevField, "", ""),
    bind(Key::Ctrl('u'), Intent::Undo, "new text", "take the text away, for another one"),
    bind(Key::Ctrl('p'), Intent::ChooseProfile, "profile", "choose the profile that the text is compared with"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll the findings down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll the findings up"),
    bind(Key::Ctrl('g'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "back", "go back"),
];

const DIAGNOSIS_FINDINGS: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "go to the step", "go to the step that mends it"),
    bind(Key::Char('p'), Intent::ChooseProfile, "profile", "choose the profile that the text is compared with"),
    bind(Key::Char('h'), Intent::HandOver, "hand over", "the open steps, as a text for whoever can do them"),
    bind(Key::Char('c'), Intent::CopyDetails, "copy", "send the finding to the terminal's clipboard"),
    bind(Key::Tab, Intent::NextField, "text", "to the text; what is pasted is added to it"),
    bind(Key::BackTab, Intent::PrevField, "", ""),
    bind(Key::Char('n'), Intent::Undo, "new text", "take the text away, for another one"),
    bind(Key::Ctrl('u'), Intent::Undo, "", ""),
    bind(Key::Char('o'), Intent::OpenLink, "open", "open the page on which it is mended"),
    bind(Key::Char('y'), Intent::CopyLink, "copy link", "send that link to the terminal's clipboard"),
    bind(Key::Up, Intent::Up, "", "the finding before"),
    bind(Key::Down, Intent::Down, "", "the next finding"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Char('?'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "back", "go back"),
];

const PAIR: &[Binding] = &[
    bind(Key::Up, Intent::Up, "", "scroll up"),
    bind(Key::Down, Intent::Down, "scroll", "scroll down"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Char('?'), Intent::Help, "help", "this help"),
    bind(Key::Esc, Intent::Back, "back", "go back"),
];

const ASK: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "choose", "take what is marked"),
    bind(Key::Up, Intent::Up, "", "one up"),
    bind(Key::Down, Intent::Down, "move", "one down"),
    bind(Key::Tab, Intent::Down, "", ""),
    bind(Key::BackTab, Intent::Up, "", ""),
    bind(Key::Esc, Intent::Back, "cancel", "cancel"),
];

const NAMING: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "take this name", "take this name"),
    bind(Key::Esc, Intent::Back, "cancel", "cancel"),
];

const VALUES: &[Binding] = &[
    bind(Key::Enter, Intent::Enter, "take them", "take them into the fields"),
    bind(Key::Up, Intent::Up, "", "scroll up"),
    bind(Key::Down, Intent::Down, "", "scroll down"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Esc, Intent::Back, "leave them", "leave them"),
];

const PAPER: &[Binding] = &[
    bind(Key::Char('c'), Intent::CopyDetails, "copy", "send it to the terminal's clipboard"),
    bind(Key::Char('s'), Intent::Save, "to a file", "write it to a file"),
    bind(Key::Tab, Intent::NextField, "for the other", "the steps of the other administrator"),
    bind(Key::Char('a'), Intent::All, "every step", "every step of that person, or only what is open"),
    bind(Key::Up, Intent::Up, "", "scroll up"),
    bind(Key::Down, Intent::Down, "scroll", "scroll down"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Esc, Intent::Back, "close", "close"),
];

const HELP: &[Binding] = &[
    bind(Key::Up, Intent::Up, "", "scroll up"),
    bind(Key::Down, Intent::Down, "scroll", "scroll down"),
    bind(Key::PageDown, Intent::NextPage, "", "scroll down"),
    bind(Key::PageUp, Intent::PrevPage, "", "scroll up"),
    bind(Key::Esc, Intent::Back, "close", "close"),
];

/// Keys that do the same everywhere.
pub const EVERYWHERE: &[Binding] = &[
    bind(Key::Ctrl('c'), Intent::Quit, "", "leave the program; asks when something would be lost"),
    bind(Key::Ctrl('l'), Intent::Repaint, "", "draw everything anew"),
    bind(Key::Ctrl('z'), Intent::Suspend, "", "stop until the shell continues it"),
];

/// The keys of a context, in the order of the key bar.
pub fn bindings(context: Context) -> &'static [Binding] {
    match context {
        Context::Home => HOME,
        Context::Filter => FILTER,
        Context::Step => STEP,
        Context::StepField => STEP_FIELD,
        Context::EditorField => EDITOR_FIELD,
        Context::Checks => CHECKS,
        Context::DiagnosisText => DIAGNOSIS_TEXT,
        Context::DiagnosisFindings => DIAGNOSIS_FINDINGS,
        Context::Pair => PAIR,
        Context::Ask => ASK,
        Context::Naming => NAMING,
        Context::Values => VALUES,
        Context::Paper => PAPER,
        Context::Help => HELP,
    }
}

/// What a key asks for in a context.
pub fn intent(context: Context, key: Key) -> Option<Intent> {
    bindings(context).iter().chain(EVERYWHERE).find(|binding| binding.key == key).map(|binding| binding.intent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Context; 14] = [
        Context::Pair,
        Context::Home,
        Context::Filter,
        Context::Step,
        Context::StepField,
        Context::EditorField,
        Context::Checks,
        Context::DiagnosisText,
        Context::DiagnosisFindings,
        Context::Ask,
        Context::Naming,
        Context::Values,
        Context::Paper,
        Context::Help,
    ];

    #[test]
    fn a_key_has_one_meaning_in_a_context() {
        for context in ALL {
            let keys: Vec<Key> = bindings(context).iter().chain(EVERYWHERE).map(|binding| binding.key).collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[at + 1..].contains(key), "{context:?} binds a key twice");
            }
        }
    }

    #[test]
    fn letters_type_where_there_is_a_text_to_type() {
        for context in
            [Context::Filter, Context::StepField, Context::EditorField, Context::DiagnosisText, Context::Naming]
        {
            assert!(!bindings(context).iter().any(|b| matches!(b.key, Key::Char(_))), "{context:?}");
        }
    }

    #[test]
    fn every_context_can_be_left() {
        for context in ALL {
            assert_eq!(intent(context, Key::Esc), Some(Intent::Back));
            assert_eq!(intent(context, Key::Ctrl('c')), Some(Intent::Quit));
        }
    }
}
