"""A dialect as data: interface `description` of the contract."""

from __future__ import annotations

from dataclasses import dataclass, field

from .closed_set import ClosedSet
from .types import Extra


@dataclass
class IdentifierQuote:
    """A pair of quotes around identifiers; where `doubled`, two closing quotes inside stand for one."""

    open: str
    close: str
    doubled: bool = True


@dataclass
class LexicalRules:
    """How a text is cut into words, strings, names and comments. By default names in double quotes and strings in single ones."""

    identifier_quotes: list[IdentifierQuote] = field(default_factory=lambda: [IdentifierQuote('"', '"')])
    string_quotes: list[str] = field(default_factory=lambda: ["'"])
    backslash_escapes: bool = False
    escape_strings: bool = False
    raw_strings: bool = False
    triple_quoted_strings: bool = False
    dollar_strings: bool = False
    delimited_strings: bool = False
    unicode_escaped_names: bool = False
    hash_comments: bool = False
    slash_comments: bool = False
    dashes_need_blank: bool = False
    nested_comments: bool = False
    executable_comments: bool = False
    carriage_return_ends_line: bool = False
    words_take_all_beyond_ascii: bool = False


class IdentifierCase(ClosedSet):
    """What the engine makes of an identifier without quotes, and how it compares names."""

    FOLDS_LOWER = 0
    FOLDS_UPPER = 1
    IGNORED = 2
    KEPT = 3


STANDARD_RESERVED = """
    all and any as asc between by case cast check column constraint create cross current_date current_time
    current_timestamp default delete desc distinct drop else end except exists false fetch for foreign from full
    grant group having in inner insert intersect into is join lateral left like limit natural not null offset on or
    order outer primary references right select set some table then to true union unique update user using values
    when where with
""".split()
"""Words that every database reserves."""


@dataclass
class NameRules:
    """Identifiers."""

    case: IdentifierCase = IdentifierCase.IGNORED
    letters_beyond_ascii: bool = False
    reserved: list[str] = field(default_factory=lambda: list(STANDARD_RESERVED))
    keywords: list[str] = field(default_factory=list)
    pseudo_columns: list[str] = field(default_factory=list)
    unknown_quoted_names_are_strings: bool = False


class Feature(ClosedSet):
    """What queries may have. A feature that is not listed is not there."""

    CTE = 0
    RECURSIVE_CTE = 1
    WINDOW = 2
    INTERSECT_AND_EXCEPT = 3
    FULL_JOIN = 4
    ORDINALS = 5
    GROUP_BY_ALIAS = 6
    NULLS_ORDER = 7
    KEY_DETERMINES_ROW = 8
    LATERAL = 9
    QUALIFY = 10
    CORRELATED_SUBQUERIES = 11


class LimitStyle(ClosedSet):
    """How a result is limited to its first rows."""

    LIMIT = 0
    TOP = 1
    FETCH_FIRST = 2


class Concatenation(ClosedSet):
    """How strings are put together."""

    PIPES = 0
    PLUS = 1
    CONCAT_FUNCTION = 2


class NullOrder(ClosedSet):
    """Where NULL stands in ascending order."""

    SMALLEST = 0
    LARGEST = 1
    FIRST = 2
    LAST = 3


@dataclass
class Spelling:
    """How things are written, by default as the SQL standard has it. In a template, `{}` stands for the operand."""

    limit: LimitStyle = LimitStyle.FETCH_FIRST
    concatenation: Concatenation = Concatenation.PIPES
    nulls: NullOrder = NullOrder.LARGEST
    true_literal: str = "TRUE"
    false_literal: str = "FALSE"
    national_prefix: str = ""
    date_literal: str = "DATE '{}'"
    year: str = "EXTRACT(YEAR FROM {})"
    month: str = "EXTRACT(MONTH FROM {})"
    date_parts_are_text: bool = False
    text_length: str = "char_length({})"
    upper: str = "upper({})"
    integer_average: str = "avg({})"


@dataclass
class FunctionLists:
    """Functions, in lower case."""

    scalar: list[str] = field(default_factory=list)
    aggregate: list[str] = field(default_factory=list)
    table: list[str] = field(default_factory=list)


@dataclass
class GuardRules:
    """What makes a query more than a query, each word, function or relation with the reason."""

    query_words: list[str] = field(default_factory=lambda: ["select", "with", "values"])
    refused_words: list[tuple[str, str]] = field(default_factory=list)
    refused_functions: list[tuple[str, str]] = field(default_factory=list)
    refused_relations: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class DialectInfo:
    """A dialect's description of itself: by default the SQL standard, without features and functions."""

    name: str
    aliases: list[str] = field(default_factory=list)
    driver: str = "sqlite"
    prompt_notes: list[str] = field(default_factory=list)
    lexical: LexicalRules = field(default_factory=LexicalRules)
    names: NameRules = field(default_factory=NameRules)
    features: list[Feature] = field(default_factory=list)
    spelling: Spelling = field(default_factory=Spelling)
    functions: FunctionLists = field(default_factory=FunctionLists)
    guard: GuardRules = field(default_factory=GuardRules)
    extra: Extra = field(default_factory=list)
