// The SQL standard as a dialect.

/** Words that every database reserves. */
const STANDARD_RESERVED = (
  "all and any as asc between by case cast check column constraint create cross current_date current_time " +
  "current_timestamp default delete desc distinct drop else end except exists false fetch for foreign from full " +
  "grant group having in inner insert intersect into is join lateral left like limit natural not null offset on " +
  "or order outer primary references right select set some table then to true union unique update user using " +
  "values when where with"
).split(" ");

export function standardDialect(name, driver) {
  return {
    name,
    aliases: [],
    driver,
    promptNotes: [],
    lexical: {
      identifierQuotes: [{ open: '"', close: '"', doubled: true }],
      stringQuotes: ["'"],
      backslashEscapes: false,
      escapeStrings: false,
      rawStrings: false,
      tripleQuotedStrings: false,
      dollarStrings: false,
      delimitedStrings: false,
      unicodeEscapedNames: false,
      hashComments: false,
      slashComments: false,
      dashesNeedBlank: false,
      nestedComments: false,
      executableComments: false,
      carriageReturnEndsLine: false,
      wordsTakeAllBeyondAscii: false,
    },
    names: {
      case: "ignored",
      lettersBeyondAscii: false,
      reserved: [...STANDARD_RESERVED],
      keywords: [],
      pseudoColumns: [],
      unknownQuotedNamesAreStrings: false,
    },
    features: [],
    spelling: {
      limit: "fetch-first",
      concatenation: "pipes",
      nulls: "largest",
      trueLiteral: "TRUE",
      falseLiteral: "FALSE",
      nationalPrefix: "",
      dateLiteral: "DATE '{}'",
      year: "EXTRACT(YEAR FROM {})",
      month: "EXTRACT(MONTH FROM {})",
      datePartsAreText: false,
      textLength: "char_length({})",
      upper: "upper({})",
      integerAverage: "avg({})",
    },
    functions: { scalar: [], aggregate: [], table: [] },
    guard: { queryWords: ["select", "with", "values"], refusedWords: [], refusedFunctions: [], refusedRelations: [] },
    extra: [],
  };
}
