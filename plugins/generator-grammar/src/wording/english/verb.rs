//! What rows of one table do to rows of another, told from their nouns.

/// A verb in the forms that questions need.
#[derive(Debug, PartialEq, Eq)]
pub struct Verb {
    /// "customers place"
    pub many: &'static str,
    /// "a customer places"
    pub one: &'static str,
    /// "have placed"
    pub participle: &'static str,
    /// "orders placed by"; empty when nobody says it so.
    pub passive: &'static str,
}

/// What rows do to others where nothing better is known.
pub static HAVE: Verb = Verb {
    many: "have",
    one: "has",
    participle: "had",
    passive: "",
};

type Entry = (&'static [&'static str], &'static [&'static str], Verb);

const fn verb(many: &'static str, one: &'static str, participle: &'static str, passive: &'static str) -> Verb {
    Verb {
        many,
        one,
        participle,
        passive,
    }
}

const PERSONS: &[&str] = &[
    "customer", "client", "user", "member", "person", "visitor", "guest", "buyer",
];

/// Subject nouns, object nouns and the verb between them; the first that fits is taken.
const VERBS: &[Entry] = &[
    (
        PERSONS,
        &["order", "customer order"],
        verb("place", "places", "placed", "placed by"),
    ),
    (PERSONS, &["payment"], verb("make", "makes", "made", "made by")),
    (
        PERSONS,
        &["purchase", "booking", "reservation", "visit"],
        verb("make", "makes", "made", "made by"),
    ),
    (
        PERSONS,
        &["complaint", "claim"],
        verb("file", "files", "filed", "filed by"),
    ),
    (
        PERSONS,
        &["product", "item", "ticket", "track"],
        verb("buy", "buys", "bought", "bought by"),
    ),
    (
        PERSONS,
        &["rental", "film"],
        verb("rent", "rents", "rented", "rented by"),
    ),
    (
        PERSONS,
        &["review", "rating"],
        verb("write", "writes", "written", "written by"),
    ),
    (
        &["student", "highschooler"],
        &["course", "class"],
        verb("take", "takes", "taken", "taken by"),
    ),
    (
        &["teacher", "instructor", "professor", "faculty", "tutor"],
        &["course", "class"],
        verb("teach", "teaches", "taught", "taught by"),
    ),
    (
        &["student", "person", "owner", "customer", "child"],
        &["pet", "dog", "cat", "car", "house", "horse"],
        verb("own", "owns", "owned", "owned by"),
    ),
    (
        &["singer", "artist", "band", "musician", "performer"],
        &["concert", "event", "show", "performance", "festival"],
        verb("perform in", "performs in", "performed in", ""),
    ),
    (
        &["singer", "artist", "band", "musician"],
        &["song", "album", "track"],
        verb("produce", "produces", "produced", "by"),
    ),
    (
        &["actor", "actress", "cast"],
        &["movie", "film", "musical", "series"],
        verb("act in", "acts in", "acted in", ""),
    ),
    (
        &["director"],
        &["movie", "film", "cartoon", "series"],
        verb("direct", "directs", "directed", "directed by"),
    ),
    (
        &["author", "writer"],
        &["book", "paper", "article", "publication"],
        verb("write", "writes", "written", "written by"),
    ),
    (
        &["company", "maker", "manufacturer", "brand", "car maker"],
        &["product", "model", "car", "phone", "device", "furniture"],
        verb("produce", "produces", "produced", "produced by"),
    ),
    (
        &["airline"],
        &["flight", "route"],
        verb("operate", "operates", "operated", "operated by"),
    ),
    (
        &["stadium", "venue", "city", "theater"],
        &["concert", "event", "match", "game", "competition"],
        verb("host", "hosts", "hosted", "hosted by"),
    ),
    (
        &["track", "song"],
        &["playlist"],
        verb("appear in", "appears in", "appeared in", ""),
    ),
    (
        &["country"],
        &["language"],
        verb("speak", "speaks", "spoken", "spoken in"),
    ),
    (
        &["channel", "tv channel", "station"],
        &["program", "series", "cartoon", "tv series", "show"],
        verb("broadcast", "broadcasts", "broadcast", "broadcast on"),
    ),
    (
        &["player"],
        &["match", "game", "tournament"],
        verb("play in", "plays in", "played in", ""),
    ),
    (
        &["swimmer", "wrestler", "driver", "athlete"],
        &["event", "race", "match"],
        verb("compete in", "competes in", "competed in", ""),
    ),
    (
        &["shop", "store", "company", "department", "branch", "office"],
        &["employee", "staff", "worker", "person"],
        verb("employ", "employs", "employed", "employed by"),
    ),
    (
        &["employee", "sales rep", "staff"],
        &["order", "sales order"],
        verb("handle", "handles", "handled", "handled by"),
    ),
    (
        &["employee", "staff", "worker"],
        &["shop", "store", "company", "department", "project"],
        verb("work for", "works for", "worked for", ""),
    ),
    (
        &["scientist", "technician", "engineer"],
        &["project", "machine"],
        verb("work on", "works on", "worked on", ""),
    ),
    (
        &["doctor", "physician"],
        &["patient"],
        verb("treat", "treats", "treated", "treated by"),
    ),
    (
        &["professional", "nurse"],
        &["treatment"],
        verb("perform", "performs", "performed", "performed by"),
    ),
    (
        &["student", "person", "member"],
        &["club", "group", "team", "party"],
        verb("belong to", "belongs to", "belonged to", ""),
    ),
    (
        &["pilot"],
        &["aircraft", "plane", "flight"],
        verb("fly", "flies", "flown", "flown by"),
    ),
    (
        &["order", "sales order", "customer order", "invoice"],
        &["product", "item", "track"],
        verb("contain", "contains", "contained", "in"),
    ),
    (
        &["album", "playlist"],
        &["track", "song"],
        verb("contain", "contains", "contained", "in"),
    ),
    (
        &["country", "state", "county", "region", "continent", "province"],
        &[
            "city", "airport", "district", "county", "country", "state", "store", "customer", "supplier",
        ],
        verb("have", "has", "had", "in"),
    ),
];

/// The verb between a subject and an object noun; "have" when none fits.
pub fn between(subject: &str, object: &str) -> &'static Verb {
    VERBS
        .iter()
        .find(|(subjects, objects, _)| fits(subjects, subject) && fits(objects, object))
        .map_or(&HAVE, |(_, _, verb)| verb)
}

fn fits(nouns: &[&str], noun: &str) -> bool {
    let head = noun.split(" of ").next().unwrap_or(noun);
    let last = head.rsplit(' ').next().unwrap_or(head);
    nouns.iter().any(|known| *known == noun || *known == last)
}

/// Rows of this noun are known by their names alone: nobody needs to be told that France is a country.
pub fn is_known_by_name(noun: &str) -> bool {
    const KNOWN: &[&str] = &[
        "airport",
        "city",
        "continent",
        "country",
        "county",
        "district",
        "province",
        "region",
        "state",
        "university",
    ];
    fits(KNOWN, noun)
}

/// Rows of this noun are places that things are in.
pub fn is_place(noun: &str) -> bool {
    const PLACES: &[&str] = &[
        "stadium",
        "city",
        "country",
        "state",
        "region",
        "county",
        "shop",
        "store",
        "building",
        "room",
        "hotel",
        "school",
        "department",
        "university",
        "campus",
        "museum",
        "cinema",
        "theater",
        "district",
        "continent",
        "branch",
        "airport",
        "station",
        "hospital",
        "location",
        "park",
        "warehouse",
        "library",
        "venue",
        "office",
        "province",
        "club",
        "house",
        "apartment",
        "address",
        "genre",
        "category",
        "album",
        "playlist",
        "league",
        "territory",
    ];
    fits(PLACES, noun)
}
