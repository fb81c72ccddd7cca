//! End dates of credentials: how many days are left, and how that is said.
//!
//! Does not know what today is.

use jiff::civil::Date;

/// Days left from which on the end is near (contract, check `expiry`).
pub const WARNING_DAYS: i64 = 30;

/// Reads `2027-05-20`, the portal's `5/20/2027`, and `20.5.2027`, with dots the day first.
///
/// With slashes or dots only where it is plain which number is the month, and of which century the year is.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    let date_part = text.split(['T', ' ']).next()?;
    if let Ok(date) = date_part.parse::<Date>() {
        return Some(date);
    }
    let is_dotted = date_part.contains('.');
    let sign = if is_dotted { '.' } else { '/' };
    if date_part.rsplit(sign).next()?.len() != 4 {
        return None;
    }
    let parts: Vec<i32> = date_part.split(sign).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [first, second, year] = parts.as_slice() else { return None };
    let (month, day) = match (*first, *second) {
        // Nobody writes it so.
        (_, second) if is_dotted && second > 12 => return None,
        (first, second) if first > 12 => (second, first),
        (first, second) if second > 12 || first == second => (first, second),
        // Which of the two is the month cannot be known.
        _ => return None,
    };
    Date::new(i16::try_from(*year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Whole days from `today` to `end`; negative when it has passed.
pub fn days_left(end: Date, today: Date) -> i64 {
    i64::from((end - today).get_days())
}

/// `1 day`, `62 days`, `expired`.
pub fn days(left: i64) -> String {
    match left {
        ..=0 => "expired".into(),
        1 => "1 day".into(),
        _ => format!("{left} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, date) in [
            ("2027-05-20", Some((2027, 5, 20))),
            ("5/20/2027", Some((2027, 5, 20))),
            ("20/5/2027", Some((2027, 5, 20))),
            ("12/31/2299", Some((2299, 12, 31))),
            ("2027-05-20T00:00:00Z", Some((2027, 5, 20))),
            ("2027-13-01", None),
            ("5/6/2027", None),
            ("5/12/2027", None),
            ("12/5/2027", None),
            ("5/5/2027", Some((2027, 5, 5))),
            ("5/20/27", None),
            ("28.5.2027", Some((2027, 5, 28))),
            ("31.12.2030", Some((2030, 12, 31))),
            ("28.05.2027 ", Some((2027, 5, 28))),
            ("5.5.2027", Some((2027, 5, 5))),
            ("5.6.2027", None),
            ("5.28.2027", None),
            ("28.5.27", None),
            ("28.5/2027", None),
            ("31.2.2027", None),
            ("2027.5.28", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text), date.map(|(y, m, d)| Date::constant(y, m, d)), "{text}");
        }
    }

    #[test]
    fn counting() {
        let today = Date::constant(2026, 11, 21);
        assert_eq!(days_left(Date::constant(2027, 1, 1), today), 41);
        assert_eq!(days_left(today, today), 0);
        assert_eq!(days_left(Date::constant(2026, 11, 20), today), -1);
        assert_eq!((days(41).as_str(), days(1).as_str(), days(0).as_str()), ("41 days", "1 day", "expired"));
    }
}
