//! Finds errors in a log of any size and counts equal ones: fed with bytes, in bounded memory.
//!
//! Knows how records stand in a log and which words lead to an error. Does not know where the bytes come from, nor
//! what an error means: that is read by [`crate::core::evidence`] and judged by the rules.

use crate::core::evidence::{self, Evidence, HIDDEN};
use crate::core::rules::{Cause, Finding};
use crate::core::untrusted::Untrusted;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use memchr::memmem::{self, Finder};
use memchr::{memchr, memrchr};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How far an error reaches at most behind the word that gave it away, in bytes; also the longest line that is one record.
const AFTER: usize = 8 * 1024;
/// How far it reaches before that word.
const BEFORE: usize = 4 * 1024;
/// What is held of the log at a time. Small, so that it stays in the processor's cache while it is searched.
const BUFFER: usize = 96 * 1024;
/// The most kinds of errors that are told apart.
const MAX_KINDS: usize = 256;
/// The most wordings of errors that are remembered.
const MAX_SEEN: usize = 8 * 1024;
/// How many lines before an error may belong to it.
const LINES_BEFORE: usize = 20;
/// What stands between two objects of an array on one line.
const BETWEEN: [&[u8]; 2] = [b"},{", b"}, {"];
/// Within so many bytes of a line its time stands.
const HEAD: usize = 80;

/// What kind of error a sign gives away, and with that how long it is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Entra's codes, OAuth errors, refusals, token validation, Dataverse codes (facts 1 and 5): in the whole log.
    Refusal,
    /// A number in a sign-in log of Entra, which stands in every record of it: in the whole log, where one stands near
    /// its start.
    SignInLog,
    /// A status that stands in JSON as a number, without a word: in the whole of a log of JSON lines.
    JsonStatus,
    /// No answer, or too many requests: in the whole of a log where one comes before the first refusal or soon.
    Network,
}

/// What gives an error away. Each sign costs time, so that few are searched for in the whole of every log. The first
/// letter of many may be a capital, and is left out.
const SIGNS: [(&str, Family); 26] = [
    ("AADSTS", Family::Refusal),
    ("invalid_", Family::Refusal),
    ("nauthorized", Family::Refusal),
    ("orbidden", Family::Refusal),
    ("IDX10", Family::Refusal),
    ("0x800", Family::Refusal),
    ("esultType", Family::SignInLog),
    ("rrorCode", Family::SignInLog),
    ("\":40", Family::JsonStatus),
    ("\": 40", Family::JsonStatus),
    ("\":\"40", Family::JsonStatus),
    ("\":429", Family::JsonStatus),
    ("\": 429", Family::JsonStatus),
    ("oo Many Requests", Family::Network),
    ("ooManyRequests", Family::Network),
    ("ENOTFOUND", Family::Network),
    ("ECONNREFUSED", Family::Network),
    ("ECONNRESET", Family::Network),
    ("ETIMEDOUT", Family::Network),
    ("o such host", Family::Network),
    ("onnection refused", Family::Network),
    ("x509: ", Family::Network),
    ("PKIX path", Family::Network),
    ("ame or service not known", Family::Network),
    ("timed out", Family::Network),
    ("ertificate verify failed", Family::Network),
];
/// The longest of them.
const LONGEST_SIGN: usize = 24;
/// Within so many bytes the first number of a sign-in log stands, and the first JSON object of a log of them.
const START: u64 = 64 * 1024;
/// Within so many bytes errors of the network are searched for beside refusals, too: searching for both is slow.
const BOTH_WITHIN: u64 = 16 * 1024 * 1024;
/// What stands in a record of a sign-in log besides the number.
const SIGN_IN_FIELDS: [&str; 4] = ["SignInLogs", "servicePrincipalId", "userPrincipalName", "conditionalAccessStatus"];

/// A log that is being read.
pub struct LogScan {
    signs: [Finder<'static>; SIGNS.len()],
    buffer: Box<[u8]>,
    /// The bytes of the buffer that are filled.
    filled: usize,
    /// How far into the log the buffer begins.
    begins: u64,
    /// From where on this is a log of JSON lines.
    json_from: Option<u64>,
    /// Whether this is a sign-in log.
    is_sign_in_log: bool,
    /// Whether errors of the network are counted to the end: one of them came early.
    counts_network: bool,
    /// Whether a refusal was found.
    has_refusal: bool,
    /// From here on nothing was searched yet.
    at: usize,
    /// Where the error before ended: the next one does not reach back beyond it.
    floor: usize,
    /// Whether a record begins at `floor`.
    floor_is_start: bool,
    /// What each wording was read as.
    seen: HashMap<u64, Known>,
    kinds: HashMap<u64, Kind>,
    bytes: u64,
    errors: u64,
    records: u64,
    left_out: u64,
}

/// What a wording was read as.
#[derive(Clone, Copy)]
enum Known {
    /// No error.
    Nothing,
    /// An error of this kind.
    Kind(u64),
}

/// Errors that are equal: code, error, app and tenant.
#[derive(Debug)]
pub struct Kind {
    /// What was read out of the first of them.
    pub evidence: Evidence,
    /// How many there are.
    pub count: u64,
    /// The earliest and the latest time.
    pub times: Option<(Stamp, Stamp)>,
}

/// What was found in a whole log.
#[derive(Debug)]
pub struct Found {
    /// The kinds, most frequent first.
    pub kinds: Vec<Kind>,
    /// All errors.
    pub errors: u64,
    /// The refusals in records that begin with a time, are lines of JSON or of a sign-in log: only logs have them.
    pub records: u64,
    /// Errors of rare kinds, for which there was no room.
    pub left_out: u64,
    /// How long the log is.
    pub bytes: u64,
}

impl Default for LogScan {
    fn default() -> Self {
        LogScan {
            signs: SIGNS.map(|(sign, _)| Finder::new(sign.as_bytes())),
            buffer: vec![0; BUFFER].into(),
            filled: 0,
            begins: 0,
            json_from: None,
            is_sign_in_log: false,
            counts_network: false,
            has_refusal: false,
            at: 0,
            floor: 0,
            floor_is_start: true,
            seen: HashMap::new(),
            kinds: HashMap::new(),
            bytes: 0,
            errors: 0,
            records: 0,
            left_out: 0,
        }
    }
}

impl LogScan {
    /// Where the next bytes are to be put; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// Takes in so many bytes that were put there.
    pub fn filled(&mut self, count: usize) {
        self.filled += count;
        self.bytes += count as u64;
        if self.json_from.is_none() && self.begins < START {
            let from = memmem::find(&self.buffer[..self.filled], b"{\"").map(|at| self.begins + at as u64);
            self.json_from = from.filter(|from| *from < START);
        }
        self.search(false);
        let keep = self.at.saturating_sub(BEFORE);
        self.buffer.copy_within(keep..self.filled, 0);
        self.begins += keep as u64;
        self.filled -= keep;
        self.at -= keep;
        self.floor_is_start &= self.floor >= keep;
        self.floor = self.floor.saturating_sub(keep);
    }

    /// How many errors were found so far.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// The end of the log.
    pub fn finish(mut self) -> Found {
        self.search(true);
        let mut kinds: Vec<Kind> = self.kinds.into_values().collect();
        kinds.sort_by(|one, other| rank(one).cmp(&rank(other)));
        Found { kinds, errors: self.errors, records: self.records, left_out: self.left_out, bytes: self.bytes }
    }

    /// Takes every error whose end is in the buffer.
    fn search(&mut self, is_end: bool) {
        let find = |scan: &LogScan, sign: usize| {
            let rest = &scan.buffer[scan.at..scan.filled];
            scan.is_wanted(SIGNS[sign].1).then(|| scan.signs[sign].find(rest)).flatten().map(|found| scan.at + found)
        };
        let mut next: [Option<usize>; SIGNS.len()] = std::array::from_fn(|sign| find(self, sign));
        loop {
            for (sign, next) in next.iter_mut().enumerate() {
                if next.is_some_and(|next| next < self.at) {
                    *next = find(self, sign);
                }
            }
            let first = (0..SIGNS.len())
                .filter(|sign| self.is_wanted(SIGNS[*sign].1))
                .min_by_key(|sign| next[*sign].unwrap_or(usize::MAX));
            let Some((sign, kind)) = first.and_then(|kind| Some((next[kind]?, kind))) else {
                // A sign may have begun at the very end.
                self.at = self.at.max(self.filled.saturating_sub(LONGEST_SIGN - 1));
                return;
            };
            if !is_end && self.filled - sign < AFTER {
                self.at = sign;
                return;
            }
            if SIGNS[kind].1 == Family::SignInLog {
                self.is_sign_in_log |= self.begins + (sign as u64) < START;
                let after = &self.buffer[sign + SIGNS[kind].0.len()..self.filled];
                if !(self.is_sign_in_log && has_error_number(after)) {
                    self.at = sign + 1;
                    continue;
                }
            }
            if SIGNS[kind].1 == Family::JsonStatus {
                let is_json = self.json_from.is_some_and(|from| from < self.begins + sign as u64);
                if !(is_json && is_json_status(&self.buffer[..self.filled], sign)) {
                    self.at = sign + 1;
                    continue;
                }
            }
            let log =
                Log { bytes: &self.buffer[..self.filled], floor: self.floor, floor_is_start: self.floor_is_start };
            let record = log.record(sign);
            self.take(&record, kind);
            self.at = record.end.max(sign + 1);
            self.floor = record.end;
            self.floor_is_start = !record.is_cut;
        }
    }

    /// Whether signs of a family are still searched for.
    fn is_wanted(&self, family: Family) -> bool {
        match family {
            Family::Refusal => true,
            Family::JsonStatus => self.json_from.is_some(),
            Family::SignInLog => self.is_sign_in_log || self.begins + (self.at as u64) < START,
            Family::Network => self.counts_network || !self.has_refusal || self.begins + (self.at as u64) < BOTH_WITHIN,
        }
    }

    /// Counts one error, which the sign `sign` gave away. One that is worded as another before is not read again.
    fn take(&mut self, record: &Record, sign: usize) {
        let bytes = &self.buffer[record.start..record.end];
        let family = self.family(bytes, sign);
        let wording = wording(bytes);
        let known = match self.seen.get(&wording) {
            Some(Known::Kind(id)) if !self.kinds.contains_key(id) => None,
            known => known.copied(),
        };
        let known = known.unwrap_or_else(|| {
            let known = self.read(record, family, sign);
            if self.seen.len() == MAX_SEEN {
                self.seen.clear();
            }
            self.seen.insert(wording, known);
            known
        });
        let Known::Kind(id) = known else { return };
        self.errors += 1;
        let is_network = family == Family::Network;
        self.has_refusal |= !is_network;
        self.counts_network |= is_network;
        self.records += u64::from(family == Family::SignInLog || record.is_one_of_many && !is_network);
        let bytes = &self.buffer[record.start..record.end];
        if let Some(kind) = self.kinds.get_mut(&id) {
            kind.count += 1;
            if let Some(time) = time_of(bytes) {
                let (first, last) = kind.times.unwrap_or((time, time));
                kind.times = Some((first.min(time), last.max(time)));
            }
        }
    }

    /// What kind of error a record holds that `sign` gave away: a refusal may stand further on in it.
    fn family(&self, record: &[u8], sign: usize) -> Family {
        let refuses = |sign: &usize| SIGNS[*sign].1 == Family::Refusal && self.signs[*sign].find(record).is_some();
        match SIGNS[sign].1 {
            Family::SignInLog | Family::JsonStatus | Family::Network if (0..SIGNS.len()).any(|sign| refuses(&sign)) => {
                Family::Refusal
            }
            family => family,
        }
    }

    /// Reads an error, and makes room for its kind.
    fn read(&mut self, record: &Record, family: Family, sign: usize) -> Known {
        let mut bytes = &self.buffer[record.start..record.end];
        if record.is_cut {
            // Half of a token or secret would not be known as one.
            let belongs = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~+/=%\\".contains(b);
            let half = bytes.iter().rev().take_while(|b| belongs(b)).count();
            bytes = &bytes[..bytes.len() - half];
        }
        let evidence = evidence::read_text(&String::from_utf8_lossy(bytes));
        let is_error = match family {
            Family::Refusal => {
                !evidence.codes.is_empty()
                    || evidence.oauth_error.is_some()
                    || evidence.service_code.is_some()
                    || evidence.http_status.is_some_and(|status| status >= 400)
            }
            Family::SignInLog => {
                let has = |field: &&str| memmem::find(bytes, field.as_bytes()).is_some();
                !evidence.codes.is_empty() && SIGN_IN_FIELDS.iter().any(has)
            }
            // Any program has pages that are not there: only refusals are ours wherever they come from.
            Family::JsonStatus => match evidence.http_status {
                Some(401 | 403) => true,
                status => evidence.origin.is_some() && status.is_some_and(|status| status >= 400),
            },
            // Any program loses connections: only those to a host of Microsoft's are ours.
            Family::Network => evidence.origin.is_some() && evidence.http_status.is_none_or(|status| status >= 400),
        };
        if !is_error {
            return Known::Nothing;
        }
        // Of an error of the network only its words tell which it is.
        let words = (family == Family::Network).then_some(sign);
        let id = id_of(&evidence, words);
        if !self.kinds.contains_key(&id) {
            if self.kinds.len() == MAX_KINDS {
                self.forget_rarest();
            }
            self.kinds.insert(id, Kind { evidence, count: 0, times: None });
        }
        Known::Kind(id)
    }

    fn forget_rarest(&mut self) {
        let rarest = self.kinds.iter().max_by(|one, other| rank(one.1).cmp(&rank(other.1))).map(|(id, _)| *id);
        let kind = rarest.and_then(|id| self.kinds.remove(&id));
        self.left_out += kind.map_or(0, |kind| kind.count);
    }
}

/// Most frequent first, then the latest; the rest makes the order the same each time.
fn rank(kind: &Kind) -> impl Ord + '_ {
    let e = &kind.evidence;
    (Reverse(kind.count), Reverse(kind.times.map(|(_, last)| last)), &e.codes, &e.oauth_error, e.http_status, &e.named)
}

/// By what errors are equal.
fn id_of(e: &Evidence, words: Option<usize>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let named = |name: &str| e.named.get(name);
    (&e.codes, &e.oauth_error, &e.service_code, e.http_status, e.origin, named("app"), named("tenant"))
        .hash(&mut hasher);
    words.map(|sign| (sign, named("host"))).hash(&mut hasher);
    hasher.finish()
}

/// Whether a number follows that is an error of Entra: `":"50126"`. A success is 0.
fn has_error_number(text: &[u8]) -> bool {
    let skipped = text.iter().take(8).take_while(|b| b"\\\": ".contains(b)).count();
    let digits = text[skipped..].iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    digits >= 5
}

/// Whether the number that a sign of [`Family::JsonStatus`] begins is a status: by its length and by its key.
fn is_json_status(text: &[u8], sign: usize) -> bool {
    const KEYS: [&str; 3] = ["status", "statuscode", "status_code"];
    let before = &text[..sign];
    let escapes = before.iter().rev().take_while(|b| **b == b'\\').count();
    let key = &before[..before.len() - escapes];
    let is_key =
        |name: &&str| key.len() >= name.len() && key[key.len() - name.len()..].eq_ignore_ascii_case(name.as_bytes());
    let after = &text[sign..];
    let number = after.iter().position(u8::is_ascii_digit).map_or(&[][..], |at| &after[at..]);
    let digits = number.iter().take_while(|b| b.is_ascii_digit()).count();
    digits == 3 && number.get(3) != Some(&b'.') && KEYS.iter().any(is_key)
}

/// Whether a line is a JSON object, as in a log or an array of them.
fn is_json_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.starts_with(b"{") && line.strip_suffix(b",").unwrap_or(line).ends_with(b"}")
}

/// Where an error stands in the buffer.
struct Record {
    start: usize,
    end: usize,
    /// It goes on behind its end.
    is_cut: bool,
    /// It begins with a time, or is a line of JSON: as the records of a log.
    is_one_of_many: bool,
}

/// What is in the buffer.
struct Log<'a> {
    bytes: &'a [u8],
    floor: usize,
    floor_is_start: bool,
}

impl Log<'_> {
    /// The record around a sign: its line and the lines that belong to it.
    fn record(&self, sign: usize) -> Record {
        let limit = self.bytes.len().min(sign + AFTER);
        let from = self.floor.max(sign.saturating_sub(BEFORE));
        let line = match memrchr(b'\n', &self.bytes[from..sign]) {
            Some(at) => Some(from + at + 1),
            None => (from == self.floor && self.floor_is_start).then_some(from),
        };
        let end = memchr(b'\n', &self.bytes[sign..limit]).map(|at| sign + at);
        let end = end.or((limit < sign + AFTER).then_some(limit));
        let goes_on_behind = |sign: &[u8]| line.is_some_and(|line| self.bytes[line..].starts_with(&sign[1..]));
        let (Some(line), Some(end), false) = (line, end, BETWEEN.into_iter().any(goes_on_behind)) else {
            return self.part_of_a_line(line, sign, limit);
        };
        let start = self.head(from, line, end);
        // Of the first line alone: a time further on may be of an object that begins there.
        let first = memchr(b'\n', &self.bytes[start..end]).map_or(end, |at| start + at);
        let is_stamped = is_head(&self.bytes[start..first]);
        // Under a line with a time it is what that line tells of, else a record of its own: its neighbours are others.
        if !is_stamped && is_json_line(&self.bytes[line..end]) {
            return Record { start: line, end, is_cut: false, is_one_of_many: true };
        }
        if let (false, Some(element)) = (is_stamped, self.element(from, line, end, limit)) {
            return element;
        }
        let mut record = Record { start, end, is_cut: false, is_one_of_many: is_stamped };
        // The lines after it.
        while record.end < limit {
            let next = record.end + 1;
            let end = memchr(b'\n', &self.bytes[next..limit]).map(|at| next + at);
            let Some(end) = end.or((limit < sign + AFTER).then_some(limit)) else { break };
            let line = &self.bytes[next..end];
            if is_head(line) || !(is_stamped || goes_on(line)) {
                break;
            }
            record.end = end;
        }
        record
    }

    /// The first line of the record that has this line, which ends at `end`.
    fn head(&self, from: usize, line: usize, end: usize) -> usize {
        if is_head(&self.bytes[line..end]) {
            return line;
        }
        let mut start = goes_on(&self.bytes[line..end]).then_some(line);
        let mut at = line;
        let mut found = line;
        for _ in 0..LINES_BEFORE {
            if at <= from {
                break;
            }
            let before = memrchr(b'\n', &self.bytes[from..at - 1]).map(|found| from + found + 1);
            let begins = before.or((from == self.floor && self.floor_is_start).then_some(from));
            let Some(begins) = begins else { break };
            let text = &self.bytes[begins..at - 1];
            if is_head(text) {
                return begins;
            }
            if text.trim_ascii().is_empty() {
                break;
            }
            // Without a time in sight: the line that the ones after it go on.
            if start.is_some() {
                found = begins;
                start = goes_on(text).then_some(begins);
            }
            at = begins;
        }
        found
    }

    /// The object of JSON that is written over many lines, of an array for example: from the `{` above this line, which ends
    /// at `end`, to the `}` below it.
    fn element(&self, from: usize, line: usize, end: usize, limit: usize) -> Option<Record> {
        let indent = |line: &[u8]| line.iter().take_while(|b| b" \t".contains(b)).count();
        let mut depth = indent(&self.bytes[line..end]);
        let mut start = line;
        loop {
            let after = start.checked_sub(1).filter(|after| *after > from)?;
            let before = memrchr(b'\n', &self.bytes[from..after]).map(|at| from + at + 1);
            start = before.or((from == self.floor && self.floor_is_start).then_some(from))?;
            let above = &self.bytes[start..after];
            if indent(above) < depth {
                match above.trim_ascii() {
                    b"{" => break,
                    [] => {}
                    [b'"' | b'[' | b'{', ..] => depth = indent(above),
                    // Of an object that was closed, or no JSON: this line stands in none.
                    _ => return None,
                }
            }
        }
        let opens = indent(&self.bytes[start..line]);
        let mut record = Record { start, end, is_cut: false, is_one_of_many: false };
        while let Some(at) = memchr(b'\n', &self.bytes[(record.end + 1).min(limit)..limit]) {
            let below = &self.bytes[record.end + 1..record.end + 1 + at];
            let is_last = indent(below) <= opens;
            // What stands there instead of the end is no part of it.
            if is_last && !below.trim_ascii_start().starts_with(b"}") {
                break;
            }
            record.end += 1 + at;
            if is_last {
                break;
            }
        }
        Some(record)
    }

    /// A part of a line that is too long for one record: the element of its JSON array, where it is one.
    fn part_of_a_line(&self, line: Option<usize>, sign: usize, limit: usize) -> Record {
        let from = line.unwrap_or(self.floor).max(sign.saturating_sub(BEFORE));
        let begins =
            |between: &[u8]| memmem::rfind(&self.bytes[from..sign], between).map(|at| from + at + between.len() - 1);
        let before = BETWEEN.into_iter().filter_map(begins).max();
        let line_end = memchr(b'\n', &self.bytes[sign..limit]).map_or(limit, |at| sign + at);
        let ends = |between: &[u8]| memmem::find(&self.bytes[sign..line_end], between).map(|at| sign + at + 1);
        let end = BETWEEN.into_iter().filter_map(ends).min().unwrap_or(line_end);
        let is_cut = end == sign + AFTER;
        // What stands before may begin in the middle of a secret.
        let start = before.or(line.filter(|line| *line == from)).unwrap_or(sign);
        let start = start + self.bytes[start..sign].iter().take_while(|b| b", ".contains(b)).count();
        Record { start, end, is_cut, is_one_of_many: false }
    }
}

/// Whether a line begins a record: with a time.
fn is_head(line: &[u8]) -> bool {
    let first = &line[..line.len().min(HEAD)];
    if goes_on(line) { stamp(first.trim_ascii_start()).is_some() } else { find_stamp(first).is_some() }
}

/// Whether a line belongs to the one before: indented, the end of a JSON object, or a part of what Entra says.
fn goes_on(line: &[u8]) -> bool {
    const STARTS: [&str; 7] = ["Trace ID", "Correlation ID", "Timestamp", "at ", "---", "Caused by", "Inner"];
    line.first().is_some_and(|b| b" \t}])\"".contains(b))
        || STARTS.iter().any(|start| line.starts_with(start.as_bytes()))
}

/// When an error happened: at the head of its record, else in Entra's words, else wherever a time stands.
fn time_of(record: &[u8]) -> Option<Stamp> {
    let line = memchr(b'\n', record).unwrap_or(record.len());
    let said = || memmem::find(record, b"imestamp").and_then(|at| find_stamp(&record[at..record.len().min(at + HEAD)]));
    find_stamp(&record[..line.min(HEAD)]).or_else(said).or_else(|| find_stamp(record))
}

/// A time in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// In UTC, where the log says in which zone it is.
    at: DateTime,
    is_utc: bool,
}

/// As RFC 3339 to the second; without a zone where the log names none.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.at.strftime("%Y-%m-%dT%H:%M:%S"), if self.is_utc { "Z" } else { "" })
    }
}

/// The first time in a text.
fn find_stamp(text: &[u8]) -> Option<Stamp> {
    let begins = |at: &usize| text[*at].is_ascii_digit() && (*at == 0 || !text[*at - 1].is_ascii_digit());
    (0..text.len()).filter(begins).find_map(|at| stamp(&text[at..]))
}

/// The time with which a text begins: `2026-11-21T10:00:00.123+01:00`, `2026/11/21 10:00:00`, `2026-11-21 10:00:00Z`.
fn stamp(text: &[u8]) -> Option<Stamp> {
    let digits = |from: usize, count: usize| -> Option<i16> {
        text.get(from..from + count)?
            .iter()
            .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
    };
    let two = |from: usize| digits(from, 2).and_then(|number| i8::try_from(number).ok());
    let sign = |at: usize, signs: &[u8]| text.get(at).is_some_and(|b| signs.contains(b));
    if !(sign(4, b"-/") && sign(7, b"-/") && sign(10, b"T ") && sign(13, b":") && sign(16, b":")) {
        return None;
    }
    let at = DateTime::new(digits(0, 4)?, two(5)?, two(8)?, two(11)?, two(14)?, two(17)?, 0).ok()?;
    let mut rest = &text[19..];
    if let [b'.' | b',', fraction @ ..] = rest {
        rest = &fraction[fraction.iter().take_while(|b| b.is_ascii_digit()).count()..];
    }
    let zone = match rest {
        [b'Z', ..] => Some(Offset::UTC),
        [b' ', way @ (b'+' | b'-'), zone @ ..] | [way @ (b'+' | b'-'), zone @ ..] => offset(*way, zone),
        _ => None,
    };
    match zone {
        None => Some(Stamp { at, is_utc: false }),
        Some(zone) => {
            let ahead = SignedDuration::from_secs(i64::from(zone.seconds()));
            Some(Stamp { at: at.checked_sub(ahead).ok()?, is_utc: true })
        }
    }
}

/// `01:00` or `0100`, ahead of UTC or behind.
fn offset(way: u8, text: &[u8]) -> Option<Offset> {
    let (hours, minutes) = match text {
        [a, b, b':', c, d, ..] | [a, b, c, d, ..] => ([*a, *b], [*c, *d]),
        _ => return None,
    };
    let number = |digits: [u8; 2]| str::from_utf8(&digits).ok().and_then(|text| text.parse::<u8>().ok());
    let seconds = i32::from(number(hours)?) * 3600 + i32::from(number(minutes)?) * 60;
    Offset::from_seconds(if way == b'-' { -seconds } else { seconds }).ok()
}

/// What an error says without what differs each time: times, request ids, counts. What may name an app or tenant, a code
/// or a status counts. Errors with equal wordings are of one kind, so that only the first of them is read.
fn wording(record: &[u8]) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let belongs = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b >= 0x80;
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    // So many words from here on may be the name of something.
    let mut named = 0_u8;
    let mut rest = record;
    while let Some(start) = rest.iter().position(|b| belongs(*b)) {
        // The letter of an escape is no part of the word: `\nTrace`.
        let escape = usize::from(start > 0 && rest[start - 1] == b'\\');
        rest = &rest[start + escape..];
        let length = rest.iter().position(|b| !belongs(*b)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        rest = after;
        let counts = named > 0 || !word.iter().any(u8::is_ascii_digit) || is_code(word);
        for byte in if counts { word } else { b"0" } {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        hash = hash.rotate_left(7);
        named = if names_something(word) { 4 } else { named.saturating_sub(1) };
        if is_of_one_request(word) {
            named = 0;
        }
    }
    hash
}

/// Whether a word is a code or a status.
fn is_code(word: &[u8]) -> bool {
    let is_status = matches!(word, [b'4' | b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit());
    is_status || ["AADSTS", "IDX", "0x8"].iter().any(|start| word.starts_with(start.as_bytes()))
}

/// Whether what follows a word may be the name of an app, tenant or resource, or a code.
fn names_something(word: &[u8]) -> bool {
    const WORDS: [&str; 20] = [
        "app",
        "appid",
        "app_id",
        "application",
        "client",
        "clientid",
        "client_id",
        "tenant",
        "tenantid",
        "tenant_id",
        "directory",
        "principal",
        "resource",
        "identifier",
        "code",
        "error_codes",
        "errorcode",
        "resulttype",
        "microsoftonline",
        "windows",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

fn is_of_one_request(word: &[u8]) -> bool {
    ["trace", "correlation", "request", "timestamp"].iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Errors with one cause, app and tenant.
#[derive(Debug)]
pub struct Group {
    /// What was read out of the first error of its most frequent kind.
    pub evidence: Evidence,
    /// What that means, most likely first; never empty.
    pub findings: Vec<Finding>,
    /// The AADSTS codes of all of them.
    pub codes: Vec<u32>,
    /// How many there are.
    pub count: u64,
    /// The earliest and the latest time.
    pub times: Option<(Stamp, Stamp)>,
}

impl Group {
    /// The most likely cause.
    pub fn cause(&self) -> Cause {
        self.findings.first().map_or(Cause::Unknown, |finding| finding.cause)
    }

    /// A thing that the errors name: `app`, `tenant`.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.evidence.named.get(name).map(String::as_str)
    }

    /// One of the errors on one line, from its code on, without the JSON around it; up to what was hidden in it, because
    /// more of that may follow.
    pub fn sample(&self) -> String {
        let text = self.evidence.text.as_str();
        let text = match text.find("AADSTS") {
            Some(at) => said_from(text, at),
            None => without_json(text),
        };
        let end = text.find(HIDDEN).map_or(text.len(), |at| at + HIDDEN.len());
        Untrusted::plain(&text[..end]).one_line(200)
    }
}

/// What is said from a place on; in a JSON string up to its end, with its escapes taken off.
fn said_from(text: &str, at: usize) -> String {
    let escapes = |quote: usize| text[..quote].len() - text[..quote].trim_end_matches('\\').len();
    let is_value = |quote: usize| text[..quote].trim_end_matches('\\').trim_end().ends_with(':');
    let Some((opens, _)) = text[..at].rmatch_indices('"').find(|(quote, _)| is_value(*quote)) else {
        return text[at..].to_owned();
    };
    // The string ends with a quote that is escaped as often as the one that began it.
    let level = escapes(opens);
    let end = text[at..].match_indices('"').map(|(quote, _)| at + quote).find(|quote| escapes(*quote) == level);
    let said = &text[at..end.map_or(text.len(), |end| end - level)];
    let signs = [("\\\\r", " "), ("\\\\n", " "), ("\\r", " "), ("\\n", " "), ("\\\\\\\"", "\""), ("\\\"", "\"")];
    signs.iter().fold(said.to_owned(), |said, (escape, sign)| said.replace(escape, sign))
}

/// A line without the signs of its JSON: `status: 403, path: /data`. What stands before the object stays.
fn without_json(text: &str) -> String {
    // Written over many lines, it is put on one.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("{ \"", "{\"").replace("[ ", "[").replace(" }", "}").replace(" ]", "]");
    let Some(at) = text.find("{\"") else { return text };
    let (front, json) = text.split_at(at);
    let plain = json.replace("\\\"", "\"").replace("\",\"", ", ").replace(",\"", ", ").replace("\":", ": ");
    let plain = plain.replace(['"', '{', '}', '[', ']'], "");
    format!("{front}{plain}")
}

/// Judges every kind, and puts those together that have cause, app and tenant in common: faults first, then what no rule
/// knows, then what is no error; the most frequent first.
pub fn groups(kinds: Vec<Kind>, judge: impl Fn(&Evidence) -> Vec<Finding>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for kind in kinds {
        let Kind { evidence, count, times } = kind;
        let findings = judge(&evidence);
        let new = Group { codes: evidence.codes.clone(), evidence, findings, count, times };
        let same = |group: &&mut Group| {
            group.cause() == new.cause() && ["app", "tenant"].iter().all(|name| group.named(name) == new.named(name))
        };
        match groups.iter_mut().find(same) {
            None => groups.push(new),
            Some(group) => {
                group.count += count;
                group.times = match (group.times, times) {
                    (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
                    (one, other) => one.or(other),
                };
                for code in new.codes {
                    if !group.codes.contains(&code) {
                        group.codes.push(code);
                    }
                }
            }
        }
    }
    let weight = |cause: Cause| match cause {
        Cause::NotAnError => 2,
        Cause::Unknown => 1,
        _ => 0,
    };
    // A stable sort: among equals the order of the kinds stands.
    groups.sort_by_key(|group| (weight(group.cause()), Reverse(group.count)));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
    const ID: &str = "19072c09-bf6c-4c36-b128-b12280421700";

    fn expired(app: &str, time: &str) -> String {
        format!(
            "{time} ERROR token: AADSTS7000222: The provided client secret keys for app '{app}' are expired. \
             Trace ID: {ID} Correlation ID: {ID} Timestamp: 2020-01-01 00:00:00Z"
        )
    }

    fn feed(scan: &mut LogScan, mut bytes: &[u8], chunk: usize) {
        while !bytes.is_empty() {
            let space = scan.space();
            let count = chunk.min(space.len()).min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            scan.filled(count);
            bytes = &bytes[count..];
        }
    }

    fn scanned(text: impl AsRef<[u8]>, chunk: usize) -> Found {
        let mut scan = LogScan::default();
        feed(&mut scan, text.as_ref(), chunk);
        scan.finish()
    }

    /// Codes, count, first and last time of each kind.
    fn told(found: &Found) -> Vec<(Vec<u32>, u64, String)> {
        let times = |kind: &Kind| kind.times.map(|(first, last)| format!("{first} {last}")).unwrap_or_default();
        found.kinds.iter().map(|kind| (kind.evidence.codes.clone(), kind.count, times(kind))).collect()
    }

    /// Bytes that are held, as far as they depend on what was fed.
    fn held(scan: &LogScan) -> usize {
        let of_kind = |kind: &Kind| {
            let e = &kind.evidence;
            let named: usize = e.named.iter().map(|(name, value)| name.capacity() + value.capacity()).sum();
            e.text.as_str().len() + e.codes.capacity() * 4 + named + size_of::<Kind>()
        };
        scan.buffer.len() + scan.seen.capacity() * 24 + scan.kinds.values().map(of_kind).sum::<usize>()
    }

    #[test]
    fn equal_errors_are_counted_however_the_bytes_come() {
        let other = "77777777-7777-4888-9999-aaaaaaaaaaaa";
        let mut lines = Vec::new();
        for number in 0..2000 {
            lines.push(format!(
                "2026-11-21T10:00:{:02}Z INFO batch {number} finished in {} ms",
                number % 60,
                number * 7
            ));
            if number % 100 == 50 {
                lines.push(expired(APP, &format!("2026-11-21T1{}:00:00.{:03}Z", number % 3, number % 1000)));
            }
        }
        lines.insert(9, expired(other, "2026-11-20 09:00:00,123 +01:00 [worker-3]"));
        let text = lines.join("\n");
        for chunk in [1, 7, 4096, BUFFER] {
            let found = scanned(&text, chunk);
            let times = "2026-11-21T10:00:00Z 2026-11-21T12:00:00Z".to_owned();
            let first = "2026-11-20T08:00:00Z 2026-11-20T08:00:00Z".to_owned();
            assert_eq!(told(&found), [(vec![7_000_222], 20, times), (vec![7_000_222], 1, first)], "{chunk}");
            assert_eq!(found.kinds[1].evidence.named["app"], other);
            assert_eq!((found.errors, found.records, found.left_out, found.bytes), (21, 21, 0, text.len() as u64));
        }
        // Read once each, whatever differs; and told while the log still comes.
        let mut scan = LogScan::default();
        feed(&mut scan, text.as_bytes(), BUFFER);
        feed(&mut scan, &[b'\n'; AFTER], BUFFER);
        assert_eq!((scan.errors(), scan.seen.len()), (21, 2));
    }

    /// What may be the beginning of a sign is searched again with the bytes that come next.
    #[test]
    fn the_longest_sign_is_as_long_as_is_said() {
        assert_eq!(SIGNS.map(|(sign, _)| sign.len()).into_iter().max(), Some(LONGEST_SIGN));
    }

    #[test]
    fn errors_are_equal_by_code_app_and_tenant_however_they_are_worded() {
        let first = "2026-11-21 10:00:00 ERROR invalid_client: AADSTS7000215: Invalid client secret provided.\n";
        let second = "2026-11-21 10:00:01 ERROR AADSTS7000215: Invalid client secret provided (invalid_client)\n";
        let found = scanned([first, second, second].concat(), BUFFER);
        assert_eq!(told(&found), [(vec![7_000_215], 3, "2026-11-21T10:00:00 2026-11-21T10:00:01".into())]);
    }

    #[test]
    fn records() {
        let trace = "   at Contoso.Token.Get() in C:\\src\\Token.cs:line 401\n   ---> AADSTS7000215: Invalid client secret provided.\n";
        let stamped = format!(
            "2026-11-21 10:00:00 ERROR no token\nSystem.Exception: AADSTS7000215: Invalid client secret.\n{trace}"
        );
        let bare = format!(
            "System.Exception: AADSTS7000215: Invalid client secret.\nTrace ID: {ID}\nTimestamp: 2026-11-21 09:00:00Z\n{trace}"
        );
        let json = "{\n  \"error\": \"invalid_client\",\n  \"error_description\": \"AADSTS7000215: Invalid\",\n  \"error_codes\": [\n    7000215\n  ]\n}\n";
        let array: Vec<String> = (0..200)
            .map(|number| {
                format!(
                    "{{\"time\":\"2026-11-21T10:{:02}:00Z\",\"text\":\"AADSTS7000215: Invalid\",\"x\":\"{}\"}}",
                    number % 60,
                    "y".repeat(400)
                )
            })
            .collect();
        let time = |time: &str| format!("{time} {time}");
        for (text, count, times) in [
            (stamped.clone(), 1, time("2026-11-21T10:00:00")),
            (format!("{stamped}2026-11-21 10:00:01 INFO again\n{stamped}"), 2, time("2026-11-21T10:00:00")),
            (bare.clone(), 1, time("2026-11-21T09:00:00Z")),
            (format!("{bare}{bare}"), 2, time("2026-11-21T09:00:00Z")),
            (json.to_owned(), 1, String::new()),
            (json.repeat(3), 3, String::new()),
            ("AADSTS7000215: Invalid\nAADSTS7000215: Invalid\r\nAADSTS7000215: Invalid".to_owned(), 3, String::new()),
            (format!("[{}]", array.join(",")), 200, "2026-11-21T10:00:00Z 2026-11-21T10:59:00Z".to_owned()),
            // The last line of the log may have no end.
            (bare.trim_end().to_owned(), 1, time("2026-11-21T09:00:00Z")),
            (bare.lines().take(3).collect::<Vec<_>>().join("\n"), 1, time("2026-11-21T09:00:00Z")),
            // The head of a record tells when it was, before what Entra says.
            (
                format!("2026-11-21 09:59:59 INFO start\n2026-11-21 10:00:00 ERROR no token\n{bare}"),
                1,
                time("2026-11-21T10:00:00"),
            ),
            // A record ends at an empty line, and does not begin in the middle of a line that is too long.
            (format!("2026-11-21 10:00:00 INFO start\n\n{bare}"), 1, time("2026-11-21T09:00:00Z")),
            (
                format!("2026-11-21 10:00:00 INFO due {}\n{trace}", "2026-12-24 18:00:00, ".repeat(400)),
                1,
                String::new(),
            ),
        ] {
            let found = scanned(&text, 1000);
            assert_eq!(told(&found), [(vec![7_000_215], count, times)], "{text:.500}");
        }
        // What only looks like an error is none.
        for text in ["orbidden fruit", "invalid_", "0x800", "IDX10", "2026-11-21 10:00:00 INFO AADSTS is a prefix"] {
            assert_eq!(told(&scanned(text, 1000)), [], "{text}");
        }
    }

    /// Without a time or JSON around them these are no records of a log: somebody pasted an answer or two.
    #[test]
    fn only_logs_have_records() {
        let invalid = "AADSTS7000215: Invalid client secret provided.";
        for (text, errors, records) in [
            (format!("2026-11-21 10:00:00 ERROR {invalid}\n2026-11-21 10:00:01 ERROR {invalid}"), 2, 2),
            (format!("{{\"level\":\"error\",\"msg\":\"{invalid}\"}}\r\n").repeat(3), 3, 3),
            (format!("{invalid}\n").repeat(3), 3, 0),
            (
                format!("HTTP 400: {{\"error\":\"invalid_client\",\"error_description\":\"{invalid}\"}}\n").repeat(3),
                3,
                0,
            ),
            (format!("{{\"error\":\"invalid_client\",\n \"error_description\":\"{invalid}\"}}\n").repeat(3), 3, 0),
        ] {
            let found = scanned(&text, BUFFER);
            assert_eq!((found.errors, found.records), (errors, records), "{text}");
        }
    }

    /// An element of an array on one line is read by itself, with nothing of its neighbours.
    #[test]
    fn elements_of_an_array() {
        let element = |number: u32, status: u16| {
            format!("{{\"time\":\"2026-11-21T10:00:00Z\",\"status\":{status},\"path\":\"/data/Orders({number})\"}}")
        };
        for between in [",", ", "] {
            let status = |number| if number % 200 == 100 { 403 } else { 200 + u16::from(number == 101) * 201 };
            let array: Vec<_> = (0..600).map(|number| element(number, status(number))).collect();
            let found = scanned(format!("[{}]", array.join(between)), BUFFER);
            let counted: Vec<_> = found.kinds.iter().map(|kind| (kind.evidence.text.as_str(), kind.count)).collect();
            assert_eq!(counted, [(&*element(100, 403), 3), (&element(101, 401), 1)]);
        }
    }

    /// A line that reaches beyond the longest record is not read half: half a code would be another one.
    #[test]
    fn no_line_after_an_error_is_read_half() {
        let lead = "2026-11-21 10:00:00 ERROR AADSTS7000215: Invalid client secret provided.\n";
        let sign = "2026-11-21 10:00:00 ERROR ".len();
        let next = "   ---> AADSTS7000222: The provided client secret keys are expired.\n";
        for at in 0..next.len() {
            let filler = "   at Contoso.Token.Get()\n".repeat(AFTER);
            let text = [lead, &filler[filler.len() + lead.len() + at - sign - AFTER..], next, lead].concat();
            let codes: Vec<_> = scanned(&text, BUFFER).kinds.into_iter().map(|kind| kind.evidence.codes).collect();
            assert_eq!(codes, [[7_000_215], [7_000_222]], "{at}");
        }
    }

    /// Numbers of Entra's own sign-in logs count, and equal numbers of any other program do not.
    #[test]
    fn sign_in_logs() {
        let azure = |number: &str, app: &str| {
            format!(
                "{{\"time\":\"2026-11-21T10:00:00.1234567Z\",\"operationName\":\"Sign-in activity\",\"category\":\"ServicePrincipalSignInLogs\",\
                 \"resultType\":{number},\"tenantId\":\"{ID}\",\"properties\":{{\"appId\":\"{app}\",\"servicePrincipalId\":\"\"}}}}\n"
            )
        };
        let graph = "{\"createdDateTime\":\"2026-11-21T11:00:00Z\",\"appId\":\"66666666-7777-4888-9999-aaaaaaaaaaaa\",\
             \"userPrincipalName\":\"a@contoso.test\",\"status\":{\"errorCode\":50126,\"failureReason\":\"Invalid\"}}\n";
        let fine = azure("\"0\"", APP).repeat(300);
        let text =
            [&fine, &*azure("\"7000222\"", APP), &fine, &azure("7000222", APP), &azure("\"50126\"", APP)].concat();
        for chunk in [100, BUFFER] {
            let found = scanned(&text, chunk);
            let counts: Vec<_> = found.kinds.iter().map(|kind| (kind.evidence.codes.as_slice(), kind.count)).collect();
            assert_eq!(counts, [(&[7_000_222][..], 2), (&[50_126], 1)], "{chunk}");
            let named = &found.kinds[0].evidence.named;
            assert_eq!((named["app"].as_str(), named["tenant"].as_str()), (APP, ID));
        }
        assert_eq!(
            told(&scanned(graph, BUFFER)),
            [(vec![50_126], 1, "2026-11-21T11:00:00Z 2026-11-21T11:00:00Z".into())]
        );
        // Another program's numbers; and a log that is no sign-in log: its first record would stand near its start.
        let rows = |length: usize| "2026-11-21 10:00:00 INFO 12 rows\n".repeat(length / 33);
        for (text, count) in [
            ("{\"errorCode\":70011,\"message\":\"disk full\"}\n".to_owned(), 0),
            (rows(300_000) + graph, 0),
            (rows(80_000) + graph, 0),
            (rows(40_000) + graph, 1),
        ] {
            for chunk in [1000, BUFFER] {
                assert_eq!(scanned(&text, chunk).errors, count, "{text:.100}");
            }
        }
    }

    /// As the portal saves them: objects over many lines, each with its own time and app. What went well is passed over.
    #[test]
    fn sign_in_logs_over_many_lines() {
        let sign_in = |number: usize, code: u32, app: &str| {
            let more: String = (0..30).map(|number| format!("    \"detail{number}\": [],\n")).collect();
            let policy = "    \"policies\": [\n      {\n        \"result\": \"notApplied\"\n      }\n    ],\n";
            format!(
                "  {{\n    \"createdDateTime\": \"2026-11-21T10:{number:02}:00Z\",\n{more}{policy}    \"servicePrincipalId\": \"{ID}\",\n    \
                 \"status\": {{\n      \"errorCode\": {code},\n      \"failureReason\": \"Other.\"\n    }},\n{policy}    \"city\": \"\",\n    \
                 \"appId\": \"{app}\"\n  }}"
            )
        };
        let other = "77777777-7777-4888-9999-aaaaaaaaaaaa";
        let sign_ins = (0..60).map(|number| match number % 4 {
            0 => sign_in(number, 0, APP),
            3 => sign_in(number, 50_126, other),
            _ => sign_in(number, 7_000_222, APP),
        });
        let text = format!("{{\n\"value\": [\n{}\n]\n}}\n", sign_ins.collect::<Vec<_>>().join(",\n"));
        for chunk in [1000, BUFFER] {
            let found = scanned(&text, chunk);
            let expected = [
                (vec![7_000_222], 30, "2026-11-21T10:01:00Z 2026-11-21T10:58:00Z".to_owned()),
                (vec![50_126], 15, "2026-11-21T10:03:00Z 2026-11-21T10:59:00Z".to_owned()),
            ];
            assert_eq!((told(&found), found.records), (expected.to_vec(), 45));
            let apps: Vec<_> = found.kinds.iter().map(|kind| kind.evidence.named["app"].as_str()).collect();
            assert_eq!(apps, [APP, other]);
        }
    }

    /// Rows of an array that stand on a line each are read by themselves, however they are indented.
    #[test]
    fn sign_in_logs_of_a_line_each() {
        let row = |number: usize, code: u32, app: &str| {
            format!(
                "{{\"createdDateTime\":\"2026-11-21T10:0{number}:00Z\",\"appId\":\"{app}\",\"servicePrincipalId\":\"{ID}\",\
                 \"status\":{{\"errorCode\":{code},\"failureReason\":\"Other.\"}}}}"
            )
        };
        let other = "77777777-7777-4888-9999-aaaaaaaaaaaa";
        let rows = [
            row(0, 0, other),
            row(1, 7_000_222, APP),
            row(2, 50_126, other),
            row(3, 7_000_222, APP),
            row(4, 0, APP),
            row(5, 7_000_222, APP),
        ];
        for (opens, between, closes) in [
            ("{\n\"value\": [\n", ",\n", "\n]\n}\n"),
            ("{\n  \"value\": [\n    ", ",\n    ", "\n  ]\n}\n"),
            ("{\r\n\t\"value\": [\r\n\t\t", ",\r\n\t\t", "\r\n\t]\r\n}\r\n"),
            ("[\n  ", ",\n  ", "\n]\n"),
            ("  ", "\n  ", "\n"),
        ] {
            let text = [opens, &rows.join(between), closes].concat();
            for chunk in [1000, BUFFER] {
                let found = scanned(&text, chunk);
                let expected = [
                    (vec![7_000_222], 3, "2026-11-21T10:01:00Z 2026-11-21T10:05:00Z".to_owned()),
                    (vec![50_126], 1, "2026-11-21T10:02:00Z 2026-11-21T10:02:00Z".to_owned()),
                ];
                assert_eq!((told(&found), found.records), (expected.to_vec(), 4), "{text:.60}");
                let apps: Vec<_> = found.kinds.iter().map(|kind| kind.evidence.named["app"].as_str()).collect();
                assert_eq!(apps, [APP, other], "{text:.60}");
            }
        }
    }

    /// Lines before and after an object of JSON are no part of it.
    #[test]
    fn what_stands_beside_an_object() {
        let job = "job 1\n  AADSTS7000215: Invalid client secret provided.\njob 2 failed: AADSTS700016: Not found.\n";
        let settings = "settings:\n{\n  \"x\": 1\n}\n";
        let filler = "INFO connector is starting\n".repeat(300_000 / 27);
        let one = |code: u32| (vec![code], 1, String::new());
        let both = vec![one(700_016), one(7_000_215)];
        let stamped = |code, time: &str| (vec![code], 1, format!("{time} {time}"));
        for (text, expected) in [
            (format!("{settings}{job}"), both.clone()),
            (format!("{settings}{job}").replace('\n', "\r\n"), both.clone()),
            // The object is closed, and only what is indented stands between.
            (format!("{settings}  AADSTS7000215: Invalid\njob 2 failed: AADSTS700016: Not found.\n"), both.clone()),
            (format!("[\n{{\n  \"x\": 1\n}},\n]\n{job}"), both.clone()),
            // One that was cut off: its end is missing.
            (format!("settings:\n{{\n  \"x\": [\n{job}"), both.clone()),
            (
                "{\n  \"error\": \"AADSTS7000215: Invalid\",\n  \"x\": 1\njob 2 failed: AADSTS700016: Not found.\n".into(),
                both,
            ),
            // Lists and objects that close within the object around an error are part of it.
            (
                "{\n  \"a\": [\n    1\n  ],\n  \"b\": {\n    \"c\": 1\n  },\n  \"d\": {\n    \"error\": \"AADSTS7000215: Invalid\"\n  },\n  \"codes\": [\n    700016\n  ]\n}\n".into(),
                vec![one(7_000_215)],
            ),
            // A time within an object is none before it.
            (
                "{\n  \"time\": \"2026-11-21T10:00:00Z\",\n  \"error\": \"AADSTS7000215: Invalid\"\n}\n{\n  \"time\": \"2026-11-21T10:00:01Z\",\n  \"error\": \"AADSTS700016: Not found\"\n}\n".into(),
                vec![stamped(700_016, "2026-11-21T10:00:01Z"), stamped(7_000_215, "2026-11-21T10:00:00Z")],
            ),
            // What a program got stands under the line that says when.
            (
                "2026-11-21 10:00:00 ERROR no token:\n  {\"error_description\":\"AADSTS7000215: Invalid\"}\n2026-11-21 10:00:01 ERROR no token:\n{\"error_description\":\"AADSTS700016: Not found\"}\n".into(),
                vec![stamped(700_016, "2026-11-21T10:00:01"), stamped(7_000_215, "2026-11-21T10:00:00")],
            ),
        ] {
            for text in [text.clone(), format!("{text}{filler}")] {
                for chunk in [1000, BUFFER] {
                    let mut told = told(&scanned(&text, chunk));
                    told.sort();
                    let mut expected = expected.clone();
                    expected.sort();
                    assert_eq!(told, expected, "{chunk}: {text:.200}");
                }
            }
        }
    }

    /// Lost connections to a host of Microsoft's are counted beside refusals, each kind by itself.
    #[test]
    fn trouble_of_the_network() {
        let dns = "2026-11-21 10:00:00 ERROR getaddrinfo ENOTFOUND contoso.operations.dynamics.com\n";
        let busy = "2026-11-21 10:00:01 WARN https://graph.microsoft.com/v1.0/organization 429 Too Many Requests\n";
        let other = "2026-11-21 10:00:02 ERROR connect ECONNREFUSED 10.0.0.7:5432\n";
        let refusal = "2026-11-21 10:00:03 ERROR AADSTS7000215: Invalid\n";
        let late = "2026-11-21 10:00:04 ERROR read ETIMEDOUT, then AADSTS7000222: expired\n";
        let slow = "2026-11-21 10:00:05 ERROR connect ETIMEDOUT contoso.operations.dynamics.com\n";
        let entra = "2026-11-21 10:00:06 ERROR getaddrinfo ENOTFOUND login.microsoftonline.com\n";
        for (parts, counts, records) in [
            (&[dns, busy, dns, other][..], &[2, 1][..], 0),
            (&[dns, refusal, dns], &[2, 1], 1),
            (&[refusal, dns, busy], &[1, 1, 1], 1),
            (&[late], &[1], 1),
            (&[dns, slow, entra, slow], &[2, 1, 1], 0),
            (&[other, other], &[], 0),
        ] {
            let text = parts.concat();
            for chunk in [7, BUFFER] {
                let found = scanned(&text, chunk);
                let counted: Vec<u64> = found.kinds.iter().map(|kind| kind.count).collect();
                assert_eq!((counted.as_slice(), found.records), (counts, records), "{text}");
            }
        }
    }

    /// Beside refusals they are searched for near the start of a log alone, unless one comes there.
    #[test]
    fn trouble_of_the_network_far_into_a_log() {
        let dns = "2026-11-21 10:00:00 ERROR getaddrinfo ENOTFOUND contoso.operations.dynamics.com\n";
        let refusal = "2026-11-21 10:00:03 ERROR AADSTS7000215: Invalid\n";
        let quiet = "2026-11-21 10:00:00 INFO batch finished\n";
        let near = quiet.repeat(1024 * 1024 / quiet.len());
        let far = quiet.repeat(17 * 1024 * 1024 / quiet.len());
        for (parts, counts) in [
            (&[refusal, &near, dns][..], &[1, 1][..]),
            (&[refusal, &far, dns], &[1]),
            (&[&far, dns], &[1]),
            (&[dns, refusal, &far, dns], &[2, 1]),
        ] {
            let found = scanned(parts.concat(), BUFFER);
            let counted: Vec<u64> = found.kinds.iter().map(|kind| kind.count).collect();
            let begins: Vec<&str> = parts.iter().map(|part| &part[20..30]).collect();
            assert_eq!(counted, counts, "{begins:?}");
        }
    }

    #[test]
    fn statuses_in_words() {
        for (text, errors) in [
            (
                "2026-11-21 10:00:00 WARN GET https://contoso.operations.dynamics.com/data/CustomersV3 401 Unauthorized",
                1,
            ),
            ("2026-11-21 10:00:00 WARN GET /api/v2.0/companies returned HTTP 403 (Forbidden)", 1),
            ("2026-11-21 10:00:00 INFO GET /reports/unauthorized-spending HTTP/1.1 200 OK", 0),
        ] {
            assert_eq!(scanned(text, BUFFER).errors, errors, "{text}");
        }
    }

    /// Statuses that stand in JSON as numbers count, and equal numbers of anything else do not.
    #[test]
    fn statuses_in_json() {
        let line = |rest: &str| format!("{{\"time\":\"2026-11-21T10:00:00Z\",\"level\":\"info\",{rest}}}\n");
        let fine = line("\"status\":200,\"ms\":403").repeat(50);
        let host = "https://contoso.operations.dynamics.com/data/X";
        for (rest, counts) in [
            ("\"status\":403".to_owned(), true),
            ("\"statusCode\":401,\"x\":1".into(), true),
            ("\"StatusCode\": 403".into(), true),
            ("\"http_status\":\"401\"".into(), true),
            ("\"body\":\"{\\\"status\\\":403}\"".into(), true),
            (format!("\"status\":404,\"url\":\"{host}\""), true),
            (format!("\"status\":429,\"url\":\"{host}\""), true),
            ("\"status\":404,\"url\":\"https://shop.test\"".into(), false),
            ("\"status\":4031".into(), false),
            ("\"duration\":403".into(), false),
            ("\"status\":401.7,\"unit\":\"kW\",\"code\":403".into(), false),
            ("\"event\":\"order imported\",\"code\":403".into(), false),
        ] {
            let text = [&fine, &*line(&rest), &fine, &line(&rest), &line(&rest)].concat();
            for chunk in [1, 1000, BUFFER] {
                let found = scanned(&text, chunk);
                let counted: Vec<u64> = found.kinds.iter().map(|kind| kind.count).collect();
                assert_eq!(counted, if counts { vec![3] } else { vec![] }, "{rest}");
                assert_eq!(found.records, if counts { 3 } else { 0 }, "{rest}");
            }
        }
        // Without a time, too; and what is no JSON at all has words for it.
        let bare = "{\"level\":\"error\",\"status\":403}\n".repeat(4);
        assert_eq!((scanned(&bare, BUFFER).errors, scanned(&bare, BUFFER).records), (4, 4));
        assert_eq!(told(&scanned("\"status\":403\n", BUFFER)), []);
        // Plain lines may stand around the JSON; what stands before its first object is none.
        let plain = |length: usize| "INFO connector is starting\n".repeat(length / 27);
        let refused = line("\"status\":403");
        for (text, errors) in [
            ([&fine, &*plain(100_000), &refused].concat(), 1),
            ([&*plain(20_000), &fine, &refused].concat(), 1),
            (["retried: \"status\":401, \"status\":429\n", &*plain(1000), &fine].concat(), 0),
        ] {
            for chunk in [1000, BUFFER] {
                assert_eq!(scanned(&text, chunk).errors, errors, "{text:.100}");
            }
        }
    }

    #[test]
    fn samples_show_what_is_said() {
        let of = |text: &str| {
            let found = scanned(text, BUFFER);
            groups(found.kinds, |_| Vec::new()).iter().map(Group::sample).collect::<Vec<_>>()
        };
        for (text, sample) in [
            (
                r#"{"time":"2026-11-21T10:00:00Z","error":"invalid_client","error_description":"AADSTS7000215: Invalid \"secret\".\r\nTrace ID: x","error_codes":[7000215],"x":{}}"#,
                r#"AADSTS7000215: Invalid "secret". Trace ID: x"#,
            ),
            (
                r#"{"msg":"{\"error_description\":\"AADSTS7000215: Invalid\",\"error_codes\":[7000215]}"}"#,
                "AADSTS7000215: Invalid",
            ),
            (r#"2026-11-21 10:00:00 ERROR AADSTS7000215: say "no" twice"#, r#"AADSTS7000215: say "no" twice"#),
            (
                r#"{"msg":"{\"error_description\":\"AADSTS700016: app \\\"x\\\", tenant\",\"y\":1}"}"#,
                r#"AADSTS700016: app "x", tenant"#,
            ),
            (r#"AADSTS700016: app "x", tenant "y""#, r#"AADSTS700016: app "x", tenant "y""#),
            (
                r#"{"time":"2026-11-21T10:00:00Z","status":403,"path":"/data/X","tags":["a","b"]}"#,
                "time: 2026-11-21T10:00:00Z, status: 403, path: /data/X, tags: a, b",
            ),
            (r#"pod-1 {"status": 401, "message": "no"}"#, "pod-1 status: 401, message: no"),
            (
                "{\n  \"userPrincipalName\": \"a@contoso.test\",\n  \"tags\": [\n    \"a\",\n    \"b\"\n  ],\n  \"status\": {\n    \"errorCode\": 50126\n  }\n}\n",
                "userPrincipalName: a@contoso.test, tags: a, b, status: errorCode: 50126",
            ),
            // Nothing behind a secret, more of which may follow.
            (
                "2026-11-21 10:00:00 ERROR AADSTS7000215: Invalid client secret provided, client_secret=hunter2hunter2, scope=x",
                "AADSTS7000215: Invalid client secret provided, client_secret=[token]",
            ),
        ] {
            assert_eq!(of(text), [sample], "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, time) in [
            ("2026-11-21T10:00:00Z x", Some("2026-11-21T10:00:00Z")),
            ("2026-11-21 10:00:00.1234567Z", Some("2026-11-21T10:00:00Z")),
            ("2026-11-21T10:00:00+01:00", Some("2026-11-21T09:00:00Z")),
            ("2026-11-21T10:00:00,5 -0530", Some("2026-11-21T15:30:00Z")),
            ("pod/web [2026/11/21 10:00:00] x", Some("2026-11-21T10:00:00")),
            ("{\"level\":\"error\",\"ts\":\"2026-11-21T10:00:00\"}", Some("2026-11-21T10:00:00")),
            ("2026-11-21 10:00:00 - 401", Some("2026-11-21T10:00:00")),
            ("2026-13-21 10:00:00", None),
            ("2026-11-21", None),
            ("2026-11-21 10:00:0", None),
            // A thread and a time without a year; and digits in front.
            ("4711 11-21 10:00:00 E", None),
            ("order 92026-11-21 10:00:00", None),
            ("9999-12-31 23:59:59-23:59", None),
            ("2026-11-21 10:00:00+99:99", Some("2026-11-21T10:00:00")),
            ("", None),
        ] {
            assert_eq!(find_stamp(text.as_bytes()).map(|stamp| stamp.to_string()).as_deref(), time, "{text}");
        }
        // What is called a timestamp and is none: the first time counts, wherever it stands.
        let record = format!(
            "{{\"message\":\"{}\",\"started\":\"2026-11-21T10:00:00Z\",\"timestamp\":1795255200123,\"service\":\"{}\",\"next\":\"2026-11-22T10:00:00Z\"}}",
            "no token ".repeat(9),
            "connector ".repeat(9)
        );
        assert_eq!(time_of(record.as_bytes()).map(|stamp| stamp.to_string()).as_deref(), Some("2026-11-21T10:00:00Z"));
    }

    #[test]
    fn wordings() {
        let equal = |one: &str, other: &str| wording(one.as_bytes()) == wording(other.as_bytes());
        let other = "29072c09-bf6c-4c36-b128-b12280421700";
        for (one, same) in [
            (
                format!("Trace ID: {ID}\\r\\nCorrelation ID: {ID}"),
                format!("Trace ID: {other}\\r\\nCorrelation ID: {other}"),
            ),
            (format!("client-request-id: {ID}"), format!("client-request-id: {other}")),
            ("10:00:00 [worker-1] took 1234 ms".into(), "11:59:59 [worker-12] took 77 ms".into()),
            (format!("to the wrong tenant. Trace ID: {ID}"), format!("to the wrong tenant. Trace ID: {other}")),
            (
                format!("to the wrong tenant.\\r\\nTrace ID: {ID}"),
                format!("to the wrong tenant.\\r\\nTrace ID: {other}"),
            ),
        ] {
            assert!(equal(&one, &same), "{one}");
        }
        for (one, different) in [
            (format!("Application with identifier '{ID}'"), format!("Application with identifier '{other}'")),
            (format!("in the directory '{ID}'"), format!("in the directory '{other}'")),
            (format!("https://login.microsoftonline.com/{ID}/"), format!("https://login.microsoftonline.com/{other}/")),
            ("secret added to app 'web-1'".into(), "secret added to app 'web-2'".into()),
            ("AADSTS7000215".into(), "AADSTS7000222".into()),
            ("HTTP 401".into(), "HTTP 403".into()),
            ("\"error_codes\":[70002]".into(), "\"error_codes\":[50012]".into()),
        ] {
            assert!(!equal(&one, &different), "{one}");
        }
    }

    #[test]
    fn a_log_without_end_is_held_in_bounds() {
        let chunk = |text: &str| text.repeat(1 + (1 << 16) / text.len());
        let noise: String =
            (0..1 << 16).map(|number: u32| char::from_u32(number * 7919 % 0xd7ff).unwrap_or(' ')).collect();
        let mut noise = noise.into_bytes();
        noise.iter_mut().step_by(5).for_each(|byte| *byte = 0xff);
        for bytes in [
            chunk("a").into_bytes(),
            chunk("{").into_bytes(),
            chunk("\n").into_bytes(),
            chunk("2026-11-21 10:00:00 INFO \x1b[31mall right\x1b[0m\n").into_bytes(),
            chunk(&format!("{}\n", expired(APP, &format!("2026-11-21 10:00:00Z {}", "x".repeat(20_000))))).into_bytes(),
            noise,
        ] {
            let mut scan = LogScan::default();
            let mut most = 0;
            for _ in 0..64 * 1024 * 1024 / bytes.len() {
                feed(&mut scan, &bytes, BUFFER);
                most = most.max(held(&scan));
            }
            assert!(most < 400 * 1024, "{most} bytes are held for {}", bytes[..20].escape_ascii());
        }
    }

    #[test]
    fn kinds_without_end_are_held_in_bounds() {
        let mut scan = LogScan::default();
        let mut most = 0;
        let wide = "\u{202e}".repeat(2000);
        // What was forgotten comes again.
        for number in (0..600).chain(0..600) {
            let rare =
                format!("2026-11-21 10:00:00 AADSTS7000222: secret keys for app 'app-{number}' are expired. {wide}\n");
            feed(&mut scan, rare.as_bytes(), BUFFER);
            if number % 10 == 0 {
                feed(&mut scan, format!("{}\n", expired(APP, "2026-11-21 10:00:00")).as_bytes(), BUFFER);
            }
            most = most.max(held(&scan));
        }
        assert!(scan.kinds.len() <= MAX_KINDS && scan.seen.len() <= MAX_SEEN);
        assert!(most < 8 * 1024 * 1024, "{most}");
        let found = scan.finish();
        let named = found.kinds[0].evidence.named.get("app").map(String::as_str);
        assert_eq!((named, found.kinds[0].count), (Some(APP), 120), "the frequent one stays");
        let counted: u64 = found.kinds.iter().map(|kind| kind.count).sum();
        assert_eq!((found.errors, found.errors - counted), (1320, found.left_out));
    }

    #[test]
    fn nothing_of_a_secret_is_kept_where_a_record_is_cut() {
        let jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2NvbnRvc28ifQ.c2lnbmF0dXJl";
        let secret = "client_secret=abc8Q~defghijklmnopqrstuvwxyz0123456789.";
        for hidden in [jwt, secret] {
            for at in 0..hidden.len() {
                // The cut is at each place in it once: behind the sign, and before it.
                let filler = "x ".repeat(AFTER);
                let lead = AFTER - "AADSTS7000215 secret added to app '".len() - at;
                let behind = format!("AADSTS7000215 {}secret added to app '{hidden} {filler}", &filler[..lead]);
                let before = format!("{filler}{hidden} {}AADSTS7000215: Invalid", &filler[..BEFORE - at]);
                // A long token takes little room where it is hidden, so that the cut is within what is shown.
                let token = format!("eyJhbGciOiJSUzI1NiJ9.{} ", "a".repeat(lead - 60));
                let shown = format!(
                    "AADSTS7000215 {token}{}secret added to app '{hidden} {filler}",
                    &filler[..lead - token.len()]
                );
                // What is behind the cut belongs to no other error.
                let two =
                    format!("AADSTS7000215 {}secret added to app '{hidden} AADSTS7000222 {filler}", &filler[..lead]);
                for (text, kinds) in [(behind, 1), (before, 1), (shown, 1), (two, 2)] {
                    let found = scanned(&text, BUFFER);
                    assert_eq!((found.kinds.len(), &told(&found)[0]), (kinds, &(vec![7_000_215], 1, String::new())));
                    let kept = format!("{:?}", found.kinds);
                    for part in ["NiJ9", "c2lnb", "efghijkl", "23456"] {
                        assert!(!kept.contains(part), "{part} at {at}: {kept}");
                    }
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_log_is_read_the_same_in_any_chunks(
            parts in proptest::collection::vec("AADSTS7000215|invalid_client|401 Unauthorized|\\{\"status\":403\\}|\": 401|ENOTFOUND login.microsoftonline.com|\"resultType\":\"50126\"|SignInLogs|\\n|\\r\\n|\\},\\{|\\}, \\{|\\n  \\{\\n|\\n    \"a\": \\[\\n|\\n  \\},|2026-11-21 10:00:00|   at |[a-z ]{0,900}|\\PC{0,9}", 0..60),
            repeat in 1_usize..40,
            chunk in 1_usize..BUFFER,
        ) {
            let text = parts.concat().repeat(repeat);
            let whole = scanned(&text, BUFFER);
            proptest::prop_assert_eq!(told(&whole), told(&scanned(&text, chunk)));
            let counted: u64 = whole.kinds.iter().map(|kind| kind.count).sum();
            proptest::prop_assert_eq!(counted + whole.left_out, whole.errors);
        }
    }
}
