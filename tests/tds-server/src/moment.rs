//! Dates and times: read from text, counted as the protocol counts them ([MS-TDS] 2.2.5.5.1.8 to .11).

/// A point in local time with the offset it was written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Days since 0001-01-01.
    pub(crate) days: i64,
    /// Units of 100 ns since midnight.
    pub(crate) ticks: u64,
    /// Minutes east of Greenwich.
    pub(crate) offset: i16,
}

/// Days from 0001-01-01 to 1900-01-01.
pub(crate) const EPOCH_1900: i64 = 693_595;
const TICKS_PER_SECOND: u64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * 10_000_000;

impl Moment {
    /// Reads `2020-02-29 13:14:15.1234567 +02:00`, `20200229`, `2/29/2020` (month first), a date or a time alone.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace('T', " ");
        let (date, rest) = match text.split_once(' ') {
            Some((date, rest)) => (date, rest.trim()),
            None if text.contains(':') => ("", text.as_str()),
            None => (text.as_str(), ""),
        };
        let days = if date.is_empty() { EPOCH_1900 } else { parse_date(date)? };
        let sign = rest.rfind(['+', '-']);
        let (clock, offset) = rest.split_at(sign.unwrap_or(rest.len()));
        Some(Self {
            days,
            ticks: parse_clock(clock.trim())?,
            offset: parse_offset(offset)?,
        })
    }

    /// `YYYY-MM-DD`, and the time of day unless it is midnight: equal moments have equal texts, and the order of the texts is theirs.
    pub(crate) fn canonical(self) -> String {
        let (year, month, day) = civil(self.days);
        let date = format!("{year:04}-{month:02}-{day:02}");
        if self.ticks == 0 {
            return date;
        }
        let seconds = self.ticks / TICKS_PER_SECOND;
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = format!("{:07}", self.ticks % TICKS_PER_SECOND);
        match fraction.trim_end_matches('0') {
            "" => format!("{date} {clock}"),
            fraction => format!("{date} {clock}.{fraction}"),
        }
    }

    /// The same point in time, in UTC.
    pub(crate) fn utc(self) -> Self {
        let ticks = i64::try_from(self.ticks).unwrap_or(0) - i64::from(self.offset) * 60 * 10_000_000;
        Self {
            days: self.days + ticks.div_euclid(TICKS_PER_DAY),
            ticks: ticks.rem_euclid(TICKS_PER_DAY).unsigned_abs(),
            offset: self.offset,
        }
    }

    /// Year, month and day.
    pub(crate) fn date(self) -> (i64, i64, i64) {
        civil(self.days)
    }

    /// Seconds since 0001-01-01.
    pub(crate) fn seconds(self) -> i64 {
        self.days * 86_400 + i64::try_from(self.ticks / TICKS_PER_SECOND).unwrap_or(0)
    }

    /// The moment so many seconds after 0001-01-01.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        Self {
            days: seconds.div_euclid(86_400),
            ticks: seconds.rem_euclid(86_400).unsigned_abs() * TICKS_PER_SECOND,
            offset: 0,
        }
    }

    /// A date at midnight.
    pub(crate) fn of_date(year: i64, month: i64, day: i64) -> Self {
        Self {
            days: days_of(year, month, day),
            ticks: 0,
            offset: 0,
        }
    }
}

fn parse_date(text: &str) -> Option<i64> {
    let numbers: Vec<i64> = text
        .split(['-', '/', '.'])
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let (year, month, day) = match (numbers.as_slice(), text.contains('/')) {
        ([month, day, year], true) if *month <= 12 => (*year, *month, *day),
        ([year, month, day], _) => (*year, *month, *day),
        ([whole], false) if text.len() == 8 => (whole / 10_000, whole / 100 % 100, whole % 100),
        _ => return None,
    };
    let days = days_of(year, month, day);
    (civil(days) == (year, month, day)).then_some(days)
}

fn parse_clock(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<u64> = clock.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[hours, minutes, ref rest @ ..] = parts.as_slice() else {
        return None;
    };
    let seconds = hours * 3600 + minutes * 60 + rest.first().copied().unwrap_or(0);
    let digits: String = fraction.chars().chain("0000000".chars()).take(7).collect();
    (hours < 24 && minutes < 60).then_some(seconds * TICKS_PER_SECOND + digits.parse::<u64>().ok()?)
}

fn parse_offset(text: &str) -> Option<i16> {
    if text.is_empty() {
        return Some(0);
    }
    let (hours, minutes) = text[1..].split_once(':')?;
    let minutes = hours.parse::<i16>().ok()? * 60 + minutes.parse::<i16>().ok()?;
    Some(if text.starts_with('-') { -minutes } else { minutes })
}

/// Days since 0001-01-01 in the Gregorian calendar, by counting leap years.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (months, years) = ((month - 1).rem_euclid(12), year + (month - 1).div_euclid(12) - 1);
    let leap = (years + 1) % 4 == 0 && ((years + 1) % 100 != 0 || (years + 1) % 400 == 0);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][usize::try_from(months).unwrap_or(0)];
    years * 365 + years / 4 - years / 100 + years / 400 + before + i64::from(leap && months > 1) + day - 1
}

fn civil(days: i64) -> (i64, i64, i64) {
    let mut year = days / 366 + 1;
    while days_of(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12)
        .rev()
        .find(|month| days_of(year, *month, 1) <= days)
        .unwrap_or(1);
    (year, month, days - days_of(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::{EPOCH_1900, Moment};

    #[test]
    fn dates_and_times_parse_in_every_usual_form() {
        for (text, canonical) in [
            ("2020-02-29", "2020-02-29"),
            ("20200229 01:02", "2020-02-29 01:02:00"),
            ("7/4/1996", "1996-07-04"),
            ("1962/2/18", "1962-02-18"),
            ("9999-12-31T23:59:59.9999999", "9999-12-31 23:59:59.9999999"),
            ("0001-01-01 00:00:00.000", "0001-01-01"),
            ("13:14:15.5", "1900-01-01 13:14:15.5"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().canonical(), canonical);
        }
        assert_eq!(Moment::parse("1900-01-01").unwrap().days, EPOCH_1900);
        let late = Moment::parse("2000-03-01 01:00:00 +02:00").unwrap();
        assert_eq!(
            (late.offset, late.utc().canonical()),
            (120, "2000-02-29 23:00:00".into())
        );
        for wrong in ["2021-02-29", "2020-13-01", "soon", "25:00"] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
