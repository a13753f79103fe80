//! Locks on the rows a query reads.

use super::{Parsed, Parser};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// FOR UPDATE and its kin, and MySQL's LOCK IN SHARE MODE.
    pub(super) fn locking(&mut self) -> Parsed<()> {
        loop {
            if self.mysql() && self.eat_all(&[Kw::LOCK, Kw::IN, Kw::SHARE, Kw::MODE]) {
                self.not_read_only("it locks the rows it reads");
                self.lock_wait()?;
                continue;
            }
            if self.kw() != Kw::FOR {
                return Ok(());
            }
            self.bump();
            if self.postgres() && self.eat_all(&[Kw::READ, Kw::ONLY]) {
                continue;
            }
            let strength = self.eat_any(&[Kw::UPDATE, Kw::SHARE])
                || (self.postgres()
                    && (self.eat_all(&[Kw::NO, Kw::KEY, Kw::UPDATE]) || self.eat_all(&[Kw::KEY, Kw::SHARE])));
            if !strength {
                return self.expected("UPDATE or SHARE");
            }
            self.not_read_only("it locks the rows it reads");
            if self.eat_kw(Kw::OF) {
                loop {
                    self.qualified_name(reserved::TABLE, "a table")?;
                    if !self.eat(Tok::Comma) {
                        break;
                    }
                }
            }
            self.lock_wait()?;
        }
    }

    /// NOWAIT, SKIP LOCKED and MariaDB's WAIT n.
    fn lock_wait(&mut self) -> Parsed<()> {
        let said = self.eat_kw(Kw::NOWAIT) || self.eat_all(&[Kw::SKIP, Kw::LOCKED]);
        if !said && self.mysql() && self.eat_kw(Kw::WAIT) {
            self.expect(Tok::Number, "a number of seconds")?;
        }
        Ok(())
    }
}
