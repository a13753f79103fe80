//! What a column is called in English, from the words of its name.

use crate::Role;
use crate::inflect::{head_and_rest, is_plural, singular};

/// Units that names end in.
const UNITS: &[&str] = &[
    "billion",
    "billions",
    "cm",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "feet",
    "ft",
    "gb",
    "ghz",
    "inches",
    "kb",
    "kg",
    "km",
    "lb",
    "lbs",
    "mb",
    "meter",
    "meters",
    "metre",
    "metres",
    "mhz",
    "mib",
    "miles",
    "million",
    "millions",
    "mm",
    "mph",
    "pounds",
    "thousand",
    "thousands",
    "usd",
    "yards",
];

/// Units of time and storage: `milliseconds` of a track say how long it is, not how many of something it has.
const MEASURES: &[(&[&str], &str)] = &[
    (
        &[
            "milliseconds",
            "millis",
            "ms",
            "microseconds",
            "seconds",
            "secs",
            "minutes",
            "mins",
            "hours",
            "hrs",
        ],
        "duration",
    ),
    (
        &["bytes", "kilobytes", "megabytes", "gigabytes", "kb", "mb", "gb"],
        "size",
    ),
    (&["kg", "lb", "lbs", "pounds", "grams"], "weight"),
    (&["dollar", "dollars", "usd", "euro", "euros"], "amount"),
    (
        &[
            "cm", "mm", "km", "feet", "ft", "inches", "meter", "meters", "metre", "metres", "miles", "yards",
        ],
        "length",
    ),
    (&["percent"], "share"),
];

/// Plural names of amounts: money and the like, which nobody counts.
const AMOUNTS: &[&str] = &[
    "sales",
    "revenues",
    "earnings",
    "proceeds",
    "savings",
    "funds",
    "taxes",
    "wages",
    "expenses",
    "profits",
    "costs",
    "liabilities",
    "winnings",
];

/// Plural names of quantities of which one row has one.
const ONE_EACH: &[&str] = &[
    "score",
    "rating",
    "percentage",
    "rate",
    "price",
    "cost",
    "fee",
    "age",
    "weight",
    "height",
    "rank",
    "grade",
    "amount",
    "profit",
    "earning",
    "wage",
    "asset",
    "value",
    "expense",
    "cent",
    "coordinate",
    "degree",
    "standard",
];

/// What became of the people whose number a column is named by.
const HARMED: &[&str] = &["dead", "injured", "killed", "wounded"];

/// Words that say a degree of something, and alone not of what.
const DEGREES: &[&str] = &[
    "average", "best", "greatest", "high", "highest", "largest", "least", "longest", "low", "lowest", "maximum",
    "mean", "median", "minimum", "shortest", "smallest", "worst",
];

/// The name of a quantity says a degree itself: an average attendance, a maximum speed.
pub fn says_degree(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(first, _)| DEGREES.contains(&first))
}

/// What lasts, so that a unit of time behind it is no count.
const SPANS: &[&str] = &[
    "age", "delay", "duration", "interval", "lap", "length", "runtime", "time", "timeout", "uptime",
];

/// Words that end a name of something's year without saying so.
const YEARS: &[(&str, &str)] = &[
    ("built", "construction year"),
    ("established", "year of establishment"),
    ("founded", "founding year"),
    ("introduced", "introduction year"),
    ("launch", "launch year"),
    ("launched", "launch year"),
    ("opened", "opening year"),
    ("opening", "opening year"),
    ("published", "publication year"),
    ("released", "release year"),
];

/// The noun phrase for a column with these words in its name.
///
/// `counts` says that its values are whole, so that a plural may be a number of things; an amount is none.
pub fn column_phrase(words: &[String], role: Role, counts: bool) -> String {
    let words = with_date_last(&with_agent(words));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(last) = words.last().copied() else {
        return String::new();
    };
    match role {
        Role::Year => year_phrase(&words, last),
        Role::Measure => measure_phrase(&words, counts),
        Role::Category | Role::Name => singular_tail(&words),
        _ => words.join(" "),
    }
}

/// `directed_by` is a director, `produced_by` a producer.
fn with_agent(words: &[String]) -> Vec<String> {
    let [before @ .., done, by] = words else {
        return words.to_vec();
    };
    let agent = match done.strip_suffix("ed") {
        _ if by != "by" => return words.to_vec(),
        Some(stem) if stem.ends_with('t') => format!("{stem}or"),
        Some(stem) => format!("{stem}er"),
        None if done == "written" => "writer".to_owned(),
        None => return words.to_vec(),
    };
    before.iter().cloned().chain([agent]).collect()
}

/// `date_from` is a start date, `date_payment_made` a payment made date.
fn with_date_last(words: &[String]) -> Vec<String> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["date", "from"] => vec!["start".into(), "date".into()],
        ["date", "to"] => vec!["end".into(), "date".into()],
        ["date" | "year" | "amount", second, ..]
            if !matches!(*second, "of" | "in" | "and" | "or" | "time" | "due") && texts.len() <= 4 =>
        {
            let mut turned = words[1..].to_vec();
            turned.push(words[0].clone());
            turned
        }
        _ => words.to_vec(),
    }
}

fn year_phrase(words: &[&str], last: &str) -> String {
    if let ["start", "from"] | ["from"] = words {
        return "start year".to_owned();
    }
    let before = &words[..words.len() - 1];
    let said = words
        .iter()
        .any(|word| word.ends_with("year") || matches!(*word, "season" | "date"));
    match YEARS.iter().find(|(word, _)| *word == last) {
        _ if said => words.join(" "),
        Some((_, phrase)) => [before, &[phrase]].concat().join(" "),
        None => format!("{} year", words.join(" ")),
    }
}

/// Counts are numbers of something, and units stand behind "in".
fn measure_phrase(words: &[&str], counts: bool) -> String {
    if let [degree] = words
        && DEGREES.contains(degree)
    {
        return format!("{degree} value");
    }
    if let [harmed] = words
        && HARMED.contains(harmed)
    {
        return format!("number of {harmed}");
    }
    if let [unit] = words
        && let Some((_, measured)) = MEASURES.iter().find(|(units, _)| units.contains(unit))
    {
        return format!("{measured} in {}", unit_phrase(&[unit]));
    }
    let timed = words.split_last().is_some_and(|(last, before)| {
        MEASURES[0].0.contains(last) && before.last().is_some_and(|thing| SPANS.contains(thing))
    });
    if timed {
        let (unit, thing) = words.split_at(words.len() - 1);
        return format!("{} in {}", unit.join(" "), thing.join(" "));
    }
    let units = words.iter().rev().take_while(|word| UNITS.contains(word)).count();
    let (thing, unit) = words.split_at(words.len() - units);
    if let (Some(before), false) = (thing.last(), unit.is_empty())
        && !matches!(*before, "in" | "of" | "per" | "total" | "number")
    {
        return format!("{} in {}", singular_tail(thing), unit_phrase(unit));
    }
    let phrase = words.join(" ");
    let (head, tail) = head_and_rest(&phrase).unwrap_or((&phrase, ""));
    let head: Vec<&str> = head.split(' ').collect();
    let amount = head.last().is_some_and(|word| AMOUNTS.contains(word));
    let numbered = counts || head.contains(&"number");
    let counted = numbered && !amount && head.last().is_some_and(|word| is_plural(word)) && !tail.starts_with(" of ");
    if !counted {
        return phrase;
    }
    let one = singular(head.last().copied().unwrap_or_default());
    if ONE_EACH.contains(&one.as_str()) {
        return format!("{}{tail}", singular_tail(&head));
    }
    match head.as_slice() {
        [first @ ("total" | "average"), rest @ ..] if !rest.is_empty() => {
            format!("{first} number of {}{tail}", rest.join(" "))
        }
        ["number", rest @ ..] if !rest.is_empty() => format!("number of {}{tail}", rest.join(" ")),
        _ => format!("number of {phrase}"),
    }
}

fn unit_phrase(unit: &[&str]) -> String {
    let said: Vec<String> = unit
        .iter()
        .map(|word| match *word {
            "usd" => "USD".to_owned(),
            "gb" | "kb" | "mb" => word.to_uppercase(),
            "mib" => "MiB".to_owned(),
            "ghz" => "GHz".to_owned(),
            "mhz" => "MHz".to_owned(),
            "million" | "billion" | "thousand" | "dollar" | "euro" | "meter" | "metre" => format!("{word}s"),
            word => word.to_owned(),
        })
        .collect();
    said.join(" of ")
}

fn singular_tail(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, before)) if !matches!(*last, "notes" | "details" | "comments" | "remarks") => {
            [before, &[singular(last).as_str()]].concat().join(" ")
        }
        _ => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_quantities_dates_and_years_read_naturally() {
        for (name, role, expected) in [
            ("days held", Role::Measure, "number of days held"),
            ("milliseconds", Role::Measure, "duration in milliseconds"),
            ("bytes", Role::Measure, "size in bytes"),
            ("run time minutes", Role::Measure, "run time in minutes"),
            ("product sales", Role::Measure, "product sales"),
            ("length meters", Role::Measure, "length in meters"),
            ("damage millions usd", Role::Measure, "damage in millions of USD"),
            ("sales billion", Role::Measure, "sales in billions"),
            ("net worth in millions", Role::Measure, "net worth in millions"),
            ("number deaths", Role::Measure, "number of deaths"),
            ("number of shops", Role::Measure, "number of shops"),
            ("total passengers", Role::Measure, "total number of passengers"),
            (
                "residents per officer",
                Role::Measure,
                "number of residents per officer",
            ),
            ("scores", Role::Measure, "score"),
            ("killed", Role::Measure, "number of killed"),
            ("highest", Role::Measure, "highest value"),
            ("average attendance", Role::Measure, "average attendance"),
            ("date from", Role::Date, "start date"),
            ("date payment made", Role::Date, "payment made date"),
            ("date of birth", Role::Date, "date of birth"),
            ("year join", Role::Year, "join year"),
            ("founded", Role::Year, "founding year"),
            ("first elected", Role::Year, "first elected year"),
            ("start from", Role::Year, "start year"),
            ("formats", Role::Category, "format"),
            ("other details", Role::Text, "other details"),
            ("eliminated by", Role::Text, "eliminator"),
            ("managed by", Role::Category, "manager"),
        ] {
            let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            assert_eq!(column_phrase(&words, role, true), expected, "{name}");
        }
        let words = ["order".to_owned(), "subtotals".to_owned()];
        assert_eq!(
            column_phrase(&words, Role::Measure, false),
            "order subtotals",
            "an amount is no count"
        );
        let words = ["number".to_owned(), "deaths".to_owned()];
        assert_eq!(
            column_phrase(&words, Role::Measure, false),
            "number of deaths",
            "its name says that it counts"
        );
    }
}
