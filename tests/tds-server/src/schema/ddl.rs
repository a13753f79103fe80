//! Reads the statements of a script into the database.

use super::reader::{Reader, default_expression, definition, spelled};
use super::{ColumnDefinition, ForeignKey, Key, ScriptRun, Table, quoted, sql_error};
use crate::sql_type::Column;
use crate::tokens::SqlError;
use crate::tsql::{Token, to_sqlite};

impl ScriptRun<'_> {
    /// Takes one statement of a script.
    pub(super) fn apply(&mut self, statement: &[Token]) -> Result<(), SqlError> {
        let mut reader = Reader::new(statement);
        if reader.accept(&["create", "table"]) {
            self.create_table(&mut reader)
        } else if reader.accept(&["alter", "table"]) {
            self.alter_table(&mut reader)
        } else if reader.accept(&["create", "view"]) {
            self.create_view(&mut reader)
        } else if reader.accept(&["create", "schema"]) {
            let name = reader.name()?;
            self.add_schema(&name)
        } else if reader.accept(&["create", "type"]) {
            let (_, name) = reader.qualified()?;
            reader.accept(&["from"]);
            let base = self.column_type(&mut reader)?.1;
            self.database.alias_types.push((name, base));
            Ok(())
        } else if reader.accept(&["insert"]) {
            reader.accept(&["into"]);
            let into = [Token::Word("INSERT".into()), Token::Word("INTO".into())];
            self.run(&[&into, &statement[reader.at..]].concat())
        } else if reader.accept(&["exec"]) || reader.accept(&["execute"]) {
            self.execute(&mut reader)
        } else if reader.accept(&["create"]) {
            self.create_index(&mut reader)
        } else if reader
            .peek()
            .is_some_and(|token| token.is_one_of(&["if", "begin", "end", "set", "use", "print", "alter", "drop"]))
        {
            Ok(())
        } else {
            Err(reader.unexpected())
        }
    }

    fn create_table(&mut self, reader: &mut Reader<'_>) -> Result<(), SqlError> {
        let (schema, name) = reader.qualified()?;
        let mut table = Table {
            schema,
            name,
            ..Table::default()
        };
        let mut inside = Reader::new(reader.bracket()?);
        while inside.peek().is_some() {
            if !self.table_constraint(&mut inside, &mut table)? {
                self.column(&mut inside, &mut table)?;
            }
            if !inside.mark(",") && inside.peek().is_some() {
                return Err(inside.unexpected());
            }
        }
        for key in table.keys.iter().filter(|key| key.primary) {
            for column in &mut table.columns {
                column.nullable &= !key.columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            }
        }
        let computed = table
            .columns
            .iter()
            .map(|column| self.computed(column))
            .collect::<Result<Vec<_>, _>>()?;
        self.connection
            .execute_batch(&table.create(&computed))
            .map_err(sql_error)?;
        self.database.tables.push(table);
        Ok(())
    }

    fn computed(&self, column: &ColumnDefinition) -> Result<Option<String>, SqlError> {
        let Some(expression) = &column.computed else {
            return Ok(None);
        };
        let tokens = crate::tsql::tokens(expression).map_err(|message| SqlError::new(102, 15, message))?;
        Ok(Some(to_sqlite(&tokens, &self.database.surroundings())?.sql))
    }

    fn column(&mut self, reader: &mut Reader<'_>, table: &mut Table) -> Result<(), SqlError> {
        let mut column = ColumnDefinition {
            name: reader.name()?,
            nullable: true,
            ..ColumnDefinition::default()
        };
        if reader.accept(&["as"]) {
            let expression = reader.bracket()?;
            column.computed = Some(definition(expression));
            let mentioned = table.columns.iter().find(|known| {
                expression
                    .iter()
                    .any(|token| token.name().is_some_and(|name| name.eq_ignore_ascii_case(&known.name)))
            });
            column.type_text = mentioned.map_or_else(|| "int".into(), |known| known.base_type.clone());
            column.base_type = column.type_text.clone();
        } else {
            (column.type_text, column.base_type) = self.column_type(reader)?;
        }
        self.column_options(reader, table, &mut column)?;
        table.columns.push(column);
        Ok(())
    }

    /// A type and what it is made of.
    fn column_type(&self, reader: &mut Reader<'_>) -> Result<(String, String), SqlError> {
        let mut text = reader.name()?.to_lowercase();
        while reader.mark(".") {
            text = reader.name()?.to_lowercase();
        }
        if reader.peek() == Some(&Token::Mark("(")) {
            text += &spelled(&[&[Token::Mark("(")], reader.bracket()?, &[Token::Mark(")")]].concat())
                .replace(' ', "")
                .to_lowercase();
        }
        let alias = self
            .database
            .alias_types
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text));
        let base = alias.map_or_else(|| text.clone(), |(_, base)| base.clone());
        if Column::declared("", &base).is_none() {
            return Err(SqlError::new(
                243,
                16,
                format!("Type {text} is not a defined system type."),
            ));
        }
        Ok((text, base))
    }

    fn column_options(
        &mut self,
        reader: &mut Reader<'_>,
        table: &mut Table,
        column: &mut ColumnDefinition,
    ) -> Result<(), SqlError> {
        let mut constraint = None;
        loop {
            if reader.accept(&["not", "null"]) {
                column.nullable = false;
            } else if reader.accept(&["null"])
                || reader.accept(&["persisted"])
                || reader.accept(&["rowguidcol"])
                || reader.accept(&["sparse"])
            {
            } else if reader.accept(&["identity"]) {
                column.identity = true;
                column.nullable = false;
                if reader.peek() == Some(&Token::Mark("(")) {
                    reader.bracket()?;
                }
            } else if reader.accept(&["collate"]) {
                column.collation = Some(reader.name()?);
            } else if reader.accept(&["constraint"]) {
                constraint = Some(reader.name()?);
            } else if reader.accept(&["default"]) {
                let name = constraint
                    .take()
                    .unwrap_or_else(|| format!("DF__{}__{}", table.name, column.name));
                column.default = Some((name, default_expression(reader)?));
            } else if !self.constraint(reader, table, &mut constraint, Some(&column.name))? {
                return Ok(());
            }
        }
    }

    fn table_constraint(&mut self, reader: &mut Reader<'_>, table: &mut Table) -> Result<bool, SqlError> {
        let mut constraint = if reader.accept(&["constraint"]) {
            Some(reader.name()?)
        } else {
            None
        };
        self.constraint(reader, table, &mut constraint, None)
    }

    /// A key, foreign key or check, of a table or of the column `own`; `false` when none follows.
    fn constraint(
        &mut self,
        reader: &mut Reader<'_>,
        table: &mut Table,
        name: &mut Option<String>,
        own: Option<&str>,
    ) -> Result<bool, SqlError> {
        let number = table.keys.len() + table.foreign_keys.len() + table.checks.len();
        let mut named = |kind: &str| {
            name.take()
                .unwrap_or_else(|| format!("{kind}__{}__{number:08X}", table.name))
        };
        let primary = reader.accept(&["primary", "key"]);
        if primary || reader.accept(&["unique"]) {
            let _ = reader.accept(&["clustered"]) || reader.accept(&["nonclustered"]);
            let columns = match own {
                Some(own) => vec![own.to_owned()],
                None => reader.names()?,
            };
            table.keys.push(Key {
                name: named(if primary { "PK" } else { "UQ" }),
                primary,
                filtered: false,
                columns,
            });
        } else if reader.accept(&["check"]) {
            let _ = reader.accept(&["not", "for", "replication"]);
            let expression = definition(reader.bracket()?);
            table.checks.push((named("CK"), expression));
        } else if reader.accept(&["foreign", "key"]) || reader.peek().is_some_and(|token| token.is("references")) {
            let columns = match own {
                Some(own) => vec![own.to_owned()],
                None => reader.names()?,
            };
            if !reader.accept(&["references"]) {
                return Err(reader.unexpected());
            }
            let target = reader.qualified()?;
            let has_columns = reader.peek() == Some(&Token::Mark("("));
            let target_columns = if has_columns { reader.names()? } else { Vec::new() };
            while reader.accept(&["on"]) {
                reader.at += 1;
                let _ = reader.accept(&["no", "action"])
                    || reader.accept(&["set", "null"])
                    || reader.accept(&["set", "default"])
                    || reader.accept(&["cascade"]);
            }
            table.foreign_keys.push(ForeignKey {
                name: named("FK"),
                columns,
                target,
                target_columns,
            });
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn alter_table(&mut self, reader: &mut Reader<'_>) -> Result<(), SqlError> {
        let (schema, name) = reader.qualified()?;
        let _ = reader.accept(&["with", "check"]) || reader.accept(&["with", "nocheck"]);
        if !reader.accept(&["add"]) {
            return Ok(());
        }
        let mut table = self.database.table_mut(&schema, &name)?.clone();
        loop {
            let mut constraint = if reader.accept(&["constraint"]) {
                Some(reader.name()?)
            } else {
                None
            };
            if reader.accept(&["default"]) {
                let expression = default_expression(reader)?;
                reader.accept(&["for"]);
                let column = reader.name()?;
                let named = constraint.take().unwrap_or_else(|| format!("DF__{name}__{column}"));
                for known in table
                    .columns
                    .iter_mut()
                    .filter(|known| known.name.eq_ignore_ascii_case(&column))
                {
                    known.default = Some((named.clone(), expression.clone()));
                }
            } else if !self.constraint(reader, &mut table, &mut constraint, None)? {
                return Err(reader.unexpected());
            }
            if !reader.mark(",") {
                break;
            }
        }
        *self.database.table_mut(&schema, &name)? = table;
        Ok(())
    }

    /// Unique indexes count as keys; other indexes, procedures, functions, triggers and sequences leave no trace in a catalog.
    fn create_index(&mut self, reader: &mut Reader<'_>) -> Result<(), SqlError> {
        let unique = reader.accept(&["unique"]);
        let _ = reader.accept(&["clustered"]) || reader.accept(&["nonclustered"]);
        if !unique || !reader.accept(&["index"]) {
            return Ok(());
        }
        let key = reader.name()?;
        reader.accept(&["on"]);
        let (schema, name) = reader.qualified()?;
        let columns = reader.names()?;
        let filtered = reader.tokens[reader.at..].iter().any(|token| token.is("where"));
        self.database.table_mut(&schema, &name)?.keys.push(Key {
            name: key,
            primary: false,
            filtered,
            columns,
        });
        Ok(())
    }

    fn create_view(&mut self, reader: &mut Reader<'_>) -> Result<(), SqlError> {
        let (schema, name) = reader.qualified()?;
        while reader.peek().is_some_and(|token| !token.is("as")) {
            reader.at += 1;
        }
        let body = to_sqlite(
            &reader.tokens[(reader.at + 1).min(reader.tokens.len())..],
            &self.database.surroundings(),
        )?;
        let mut table = Table {
            schema,
            name,
            is_view: true,
            ..Table::default()
        };
        self.connection
            .execute_batch(&format!("CREATE VIEW {} AS {}", table.quoted(), body.sql))
            .map_err(sql_error)?;
        let columns = format!("PRAGMA {}.table_info({})", quoted(&table.schema), quoted(&table.name));
        let mut found = self.connection.prepare(&columns).map_err(sql_error)?;
        let rows = found
            .query_map([], |row| Ok((row.get::<_, String>(1)?, row.get::<_, String>(2)?)))
            .map_err(sql_error)?;
        for row in rows {
            let (name, declaration) = row.map_err(sql_error)?;
            let declared = declaration
                .trim_matches('"')
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            let known = Column::declared("", &declared).is_some();
            let type_text = if known { declared } else { "nvarchar(4000)".into() };
            table.columns.push(ColumnDefinition {
                name,
                base_type: type_text.clone(),
                type_text,
                nullable: true,
                ..ColumnDefinition::default()
            });
        }
        drop(found);
        self.database.tables.push(table);
        Ok(())
    }

    /// `sp_addextendedproperty` sets a comment; other procedures are passed over.
    fn execute(&mut self, reader: &mut Reader<'_>) -> Result<(), SqlError> {
        let (_, procedure) = reader.qualified()?;
        if !procedure.eq_ignore_ascii_case("sp_addextendedproperty") {
            return Ok(());
        }
        let order = [
            "@name",
            "@value",
            "@level0type",
            "@level0name",
            "@level1type",
            "@level1name",
            "@level2type",
            "@level2name",
        ];
        let mut values: [Option<String>; 8] = Default::default();
        for (index, argument) in reader.tokens[reader.at..]
            .split(|token| *token == Token::Mark(","))
            .enumerate()
        {
            let at = match argument.first() {
                Some(Token::Variable(name)) => order.iter().position(|known| name.eq_ignore_ascii_case(known)),
                _ => Some(index),
            };
            let value = match argument.last() {
                Some(Token::Text(text) | Token::Word(text) | Token::Name(text)) => Some(text.clone()),
                _ => None,
            };
            if let Some(slot) = at.and_then(|at| values.get_mut(at)) {
                *slot = value;
            }
        }
        let [Some(property), Some(value), _, Some(schema), _, Some(table), _, column] = values else {
            return Ok(());
        };
        if property != "MS_Description" {
            return Ok(());
        }
        let table = self.database.table_mut(&schema, &table)?;
        match column {
            None => table.comment = Some(value),
            Some(column) => {
                for known in table
                    .columns
                    .iter_mut()
                    .filter(|known| known.name.eq_ignore_ascii_case(&column))
                {
                    known.comment = Some(value.clone());
                }
            }
        }
        Ok(())
    }
}
