//! Objects of the database whose use runs code that a rolled-back transaction does not undo.
//!
//! A view, an operator, a cast, a domain, an aggregate or a row policy may call a function that opens a connection of its own, starts a program or
//! is written in a language that can do anything. A statement that uses such an object looks harmless. So the catalog is looked through
//! when the database is opened: from the functions that reach out, against the direction of the dependencies, to everything that runs one.
//! Functions in SQL and PL/pgSQL are judged by their text and by what they call, declared volatile or not; a language that cannot be looked
//! into counts as reaching out.

mod catalog;
mod dependencies;
mod function_body;

pub(super) use catalog::restricted_objects;
