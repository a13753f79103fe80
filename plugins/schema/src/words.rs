//! From identifiers to words: `StuID` to "student id", `song_release_year` to "song release year".

/// The words of an identifier in lower case, abbreviations written out.
pub fn words(identifier: &str) -> Vec<String> {
    if let Some(long) = expansion(&identifier.to_lowercase()) {
        return long.split(' ').map(str::to_owned).collect();
    }
    let mut words = Vec::new();
    for part in split(identifier) {
        if let Some(long) = expansion(&part) {
            words.extend(long.split(' ').map(str::to_owned));
        } else if let Some(parts) = unglue(&part) {
            words.extend(
                parts
                    .into_iter()
                    .map(|word| expansion(&word).map_or(word.clone(), str::to_owned)),
            );
        } else {
            words.push(part);
        }
    }
    words.dedup();
    words
}

/// Cuts at underscores, other punctuation, digits and changes of case.
fn split(identifier: &str) -> Vec<String> {
    let characters: Vec<char> = identifier.chars().collect();
    let mut parts = Vec::new();
    let mut current = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            push(&mut parts, &mut current);
            continue;
        }
        let before = index
            .checked_sub(1)
            .and_then(|index| characters.get(index))
            .copied()
            .unwrap_or(' ');
        let after = characters.get(index + 1).copied().unwrap_or(' ');
        let rises = character.is_uppercase() && (before.is_lowercase() || before.is_numeric());
        let ends_acronym = character.is_uppercase() && before.is_uppercase() && after.is_lowercase() && after != 's';
        let turns_digit = character.is_numeric() != before.is_numeric() && before.is_alphanumeric();
        if rises || ends_acronym || turns_digit {
            push(&mut parts, &mut current);
        }
        current.extend(character.to_lowercase());
    }
    push(&mut parts, &mut current);
    parts
}

fn push(parts: &mut Vec<String>, current: &mut String) {
    if !current.is_empty() {
        parts.push(std::mem::take(current));
    }
}

/// What an abbreviation stands for.
fn expansion(word: &str) -> Option<&'static str> {
    ABBREVIATIONS
        .binary_search_by_key(&word, |(short, _)| short)
        .ok()
        .map(|index| ABBREVIATIONS[index].1)
}

/// Words of a name that was written without any mark between them, such as `releasedate`.
fn unglue(word: &str) -> Option<Vec<String>> {
    if word.len() < 6 || !word.is_ascii() || VOCABULARY.binary_search(&word).is_ok() {
        return None;
    }
    let mut best: Vec<Option<Vec<&str>>> = vec![None; word.len() + 1];
    best[0] = Some(Vec::new());
    for end in 1..=word.len() {
        for start in 0..end {
            let piece = &word[start..end];
            let known = VOCABULARY.binary_search(&piece).is_ok()
                || (piece.len() > 1 && matches!(piece, "id" | "no" | "of" | "by" | "is" | "in"))
                || (piece == "fname" || piece == "lname");
            if !known {
                continue;
            }
            if let Some(parts) = &best[start] {
                let mut parts = parts.clone();
                parts.push(piece);
                if best[end].as_ref().is_none_or(|known| known.len() > parts.len()) {
                    best[end] = Some(parts);
                }
            }
        }
    }
    let parts = best.pop().flatten()?;
    (2..=3)
        .contains(&parts.len())
        .then(|| parts.into_iter().map(str::to_owned).collect())
}

/// Abbreviations that databases use, sorted.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("abbr", "abbreviation"),
    ("acc", "account"),
    ("accnt", "account"),
    ("acct", "account"),
    ("addr", "address"),
    ("adv", "advisor"),
    ("amt", "amount"),
    ("approx", "approximate"),
    ("attr", "attribute"),
    ("avail", "available"),
    ("avg", "average"),
    ("bal", "balance"),
    ("bdate", "birth date"),
    ("cat", "category"),
    ("cd", "code"),
    ("cnt", "count"),
    ("cty", "city"),
    ("cust", "customer"),
    ("decor", "decor"),
    ("dept", "department"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("dist", "distance"),
    ("dob", "date of birth"),
    ("doc", "document"),
    ("dt", "date"),
    ("emp", "employee"),
    ("fname", "first name"),
    ("freq", "frequency"),
    ("govt", "government"),
    ("hq", "headquarters"),
    ("hr", "hour"),
    ("hrs", "hours"),
    ("img", "image"),
    ("info", "information"),
    ("inst", "institution"),
    ("inv", "invoice"),
    ("lang", "language"),
    ("lat", "latitude"),
    ("lname", "last name"),
    ("loc", "location"),
    ("long", "longitude"),
    ("max", "maximum"),
    ("mfr", "manufacturer"),
    ("mgr", "manager"),
    ("min", "minimum"),
    ("msg", "message"),
    ("nbr", "number"),
    ("nm", "name"),
    ("no", "number"),
    ("num", "number"),
    ("org", "organization"),
    ("pct", "percentage"),
    ("phn", "phone"),
    ("pos", "position"),
    ("prc", "price"),
    ("prod", "product"),
    ("pwd", "password"),
    ("qty", "quantity"),
    ("rec", "record"),
    ("ref", "reference"),
    ("sal", "salary"),
    ("src", "source"),
    ("stu", "student"),
    ("tel", "telephone"),
    ("temp", "temperature"),
    ("tot", "total"),
    ("txn", "transaction"),
    ("univ", "university"),
    ("yr", "year"),
];

/// Words that names are glued together from, sorted.
const VOCABULARY: &[&str] = &[
    "account",
    "actor",
    "address",
    "age",
    "agent",
    "air",
    "airline",
    "airport",
    "album",
    "amount",
    "answer",
    "area",
    "arrival",
    "artist",
    "author",
    "average",
    "bank",
    "base",
    "battle",
    "bed",
    "birth",
    "board",
    "body",
    "book",
    "born",
    "branch",
    "brand",
    "budget",
    "building",
    "bus",
    "business",
    "campus",
    "capacity",
    "capital",
    "car",
    "card",
    "category",
    "channel",
    "city",
    "class",
    "client",
    "club",
    "code",
    "color",
    "comment",
    "company",
    "concert",
    "contact",
    "content",
    "continent",
    "contract",
    "cost",
    "count",
    "country",
    "county",
    "course",
    "credit",
    "currency",
    "current",
    "customer",
    "data",
    "date",
    "day",
    "death",
    "department",
    "dept",
    "description",
    "destination",
    "director",
    "discount",
    "district",
    "doctor",
    "document",
    "dog",
    "driver",
    "duration",
    "email",
    "employee",
    "end",
    "enrollment",
    "event",
    "expectancy",
    "face",
    "faculty",
    "family",
    "fax",
    "fee",
    "field",
    "film",
    "first",
    "flight",
    "form",
    "friend",
    "fuel",
    "full",
    "game",
    "gender",
    "genre",
    "government",
    "grade",
    "group",
    "guest",
    "has",
    "head",
    "height",
    "high",
    "hire",
    "home",
    "horse",
    "hospital",
    "hotel",
    "hour",
    "house",
    "import",
    "income",
    "independence",
    "industry",
    "invoice",
    "issue",
    "item",
    "job",
    "key",
    "kind",
    "label",
    "language",
    "last",
    "league",
    "length",
    "level",
    "life",
    "line",
    "list",
    "loan",
    "local",
    "location",
    "login",
    "maker",
    "man",
    "manager",
    "manufacturer",
    "market",
    "match",
    "max",
    "media",
    "member",
    "memory",
    "mile",
    "min",
    "minister",
    "model",
    "money",
    "month",
    "movie",
    "name",
    "national",
    "nationality",
    "network",
    "note",
    "number",
    "office",
    "official",
    "open",
    "order",
    "origin",
    "owner",
    "page",
    "paper",
    "parent",
    "party",
    "password",
    "patient",
    "pay",
    "payment",
    "percent",
    "percentage",
    "period",
    "person",
    "pet",
    "phone",
    "photo",
    "place",
    "plan",
    "play",
    "player",
    "point",
    "policy",
    "population",
    "position",
    "post",
    "postal",
    "power",
    "price",
    "product",
    "program",
    "project",
    "province",
    "public",
    "purchase",
    "quantity",
    "question",
    "rank",
    "rate",
    "rating",
    "reason",
    "record",
    "region",
    "release",
    "rep",
    "report",
    "result",
    "revenue",
    "review",
    "role",
    "room",
    "route",
    "salary",
    "sale",
    "sales",
    "school",
    "score",
    "season",
    "seat",
    "section",
    "semester",
    "series",
    "service",
    "sex",
    "shop",
    "show",
    "singer",
    "site",
    "size",
    "skill",
    "song",
    "source",
    "speed",
    "stadium",
    "staff",
    "standard",
    "start",
    "state",
    "station",
    "status",
    "stock",
    "store",
    "street",
    "student",
    "style",
    "subject",
    "surface",
    "surname",
    "system",
    "table",
    "tax",
    "teacher",
    "team",
    "text",
    "theme",
    "ticket",
    "time",
    "title",
    "total",
    "track",
    "train",
    "transaction",
    "treatment",
    "type",
    "unit",
    "university",
    "user",
    "value",
    "vehicle",
    "version",
    "visit",
    "wage",
    "weight",
    "width",
    "winner",
    "work",
    "world",
    "year",
    "zip",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        let sorted = |list: &[&str]| list.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(sorted(VOCABULARY));
        assert!(sorted(
            &ABBREVIATIONS.iter().map(|(short, _)| *short).collect::<Vec<_>>()
        ));
    }

    #[test]
    fn identifiers_become_words() {
        for (identifier, expected) in [
            ("song_release_year", "song release year"),
            ("StuID", "student id"),
            ("LName", "last name"),
            ("Fname", "first name"),
            ("releasedate", "release date"),
            ("LifeExpectancy", "life expectancy"),
            ("PetType", "pet type"),
            ("pettype", "pet type"),
            ("CountryCode", "country code"),
            ("GNPOld", "gnp old"),
            ("TV_Channel", "tv channel"),
            ("order date", "order date"),
            ("Address1", "address 1"),
            ("qty_sold", "quantity sold"),
            ("Num_of_stock", "number of stock"),
        ] {
            let words = words(identifier).join(" ");
            assert_eq!(words, expected, "{identifier}");
        }
    }
}
