//! Floor 2: the use cases that the screen and the commands share: open a profile, test it, save it, start the sandbox.
//!
//! Joins the floors below. Does not know how anything is shown or asked.

mod certificates;
mod checks;
mod drafts;
mod error;
mod handing;
mod profiles;
mod save;
mod session;
mod vault;

pub use certificates::{MadeCertificate, make_certificate, take_certificate};
pub use checks::{Attendance, answer_sign_in, check, credential, judge_values, read_secret};
pub use drafts::{drafts, forget_draft, keep_draft, note_verdict};
pub use error::{Class, WorkError};
pub use handing::{Export, export, note_export, open_steps, preview, write_out};
pub use profiles::{
    Credential, Opened, Removed, Row, bring_back, copy, open, remove, remove_for_now, rename, row, rows,
};
pub use save::{SaveRequest, Saved, SecretChoice, absolute, save};
pub use session::{Options, Session};
pub use vault::{change_passphrase, open_vault, vault_count};

use jiff::civil::Date;

/// Today, where this machine is.
pub fn today() -> Date {
    jiff::Zoned::now().date()
}
