//! SQL cut into tokens by a dialect's lexical rules, which are plain data.
//!
//! For code that needs to tell words from literals, quoted names and comments, and no grammar: extraction of statements from
//! answers, normal forms, guards. The tokens of a text cover it without gaps.
//!
//! ```
//! use nl2sql_sql_lexer::{LexicalRules, TokenKind, tokens};
//!
//! let found = tokens("SELECT $$;$$;", &LexicalRules::POSTGRES);
//! assert_eq!(found[2].kind, TokenKind::String);
//! assert!(found[3].is_mark(";"));
//! ```

mod rules;
mod token;

pub use rules::{BracketNames, LexicalRules};
pub use token::{Token, TokenKind, tokens};
