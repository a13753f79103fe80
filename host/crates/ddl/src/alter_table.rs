//! What ALTER TABLE changes of a table that was declared.

use nl2sql_catalog::{Column, Table, TypeClass};
use sqlparser::ast::{AlterColumnOperation, AlterTableOperation, DataType, ObjectName, RenameTableNameKind};

use crate::catalog::Builder;
use crate::column::{self, Written};
use crate::flavor::Flavor;
use crate::statement::close_keys;
use crate::type_name;

/// Applies one operation. What changes no declaration (owners, triggers, storage) leaves the table as it is.
pub(crate) fn alter_table(
    name: &ObjectName,
    operation: &AlterTableOperation,
    text: &str,
    flavor: &Flavor,
    builder: &mut Builder,
) {
    // Declarations may come in any order; what is said of a table that is not here says nothing.
    let Some(mut table) = builder.table(name).cloned() else {
        return;
    };
    let (place, own) = ((table.schema.clone(), table.name.clone()), table.name.clone());
    match operation {
        AlterTableOperation::AddColumn { column_def, .. } => {
            column::add(&mut table, column_def, &Written::new(flavor, text), builder);
        }
        AlterTableOperation::AddConstraint { constraint, .. } => {
            column::add_constraint(&mut table, constraint, builder);
            close_keys(&mut table, flavor);
        }
        AlterTableOperation::DropColumn { column_names, .. } => {
            let dropped: Vec<String> = column_names.iter().map(|name| builder.name(name)).collect();
            table.columns.retain(|column| !dropped.contains(&column.name));
        }
        AlterTableOperation::DropPrimaryKey { .. } => table.primary_key.clear(),
        AlterTableOperation::DropConstraint { name, .. } | AlterTableOperation::DropForeignKey { name, .. } => {
            let dropped = Some(builder.name(name));
            table.unique_keys.retain(|key| key.name != dropped);
            table.foreign_keys.retain(|key| key.name != dropped);
            table.checks.retain(|check| check.name != dropped);
        }
        AlterTableOperation::RenameColumn {
            old_column_name,
            new_column_name,
        } => column::rename(
            &mut table,
            &builder.name(old_column_name),
            &builder.name(new_column_name),
        ),
        AlterTableOperation::RenameTable {
            table_name: RenameTableNameKind::As(new) | RenameTableNameKind::To(new),
        } => table.name = builder.qualified(new).1,
        AlterTableOperation::ChangeColumn {
            old_name,
            new_name,
            data_type,
            options,
            ..
        } => {
            let old = builder.name(old_name);
            column::redefine(&mut table, &old, new_name, data_type, options, flavor, builder);
        }
        AlterTableOperation::ModifyColumn {
            col_name,
            data_type,
            options,
            ..
        } => {
            let old = builder.name(col_name);
            column::redefine(&mut table, &old, col_name, data_type, options, flavor, builder);
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            alter_column(&mut table, &builder.name(column_name), op, flavor);
        }
        _ => return,
    }
    if table.name == own {
        if let Some(known) = builder.table_mut(name) {
            *known = table;
        }
    } else {
        builder.rename(&place, table);
    }
}

fn alter_column(table: &mut Table, name: &str, operation: &AlterColumnOperation, flavor: &Flavor) {
    let Some(column) = table
        .columns
        .iter_mut()
        .find(|column| column.name.eq_ignore_ascii_case(name))
    else {
        return;
    };
    match operation {
        AlterColumnOperation::SetNotNull => column.nullable = false,
        AlterColumnOperation::DropNotNull => column.nullable = true,
        AlterColumnOperation::SetDefault { value } => column::set_default(column, value),
        AlterColumnOperation::DropDefault => column.default = None,
        AlterColumnOperation::AddGenerated { .. } => column.identity = true,
        AlterColumnOperation::SetDataType { data_type, .. } => retype(column, data_type, flavor),
        _ => {}
    }
}

fn retype(column: &mut Column, data_type: &DataType, flavor: &Flavor) {
    column.type_name = type_name::spelled(&data_type.to_string(), flavor.types);
    column.type_class = TypeClass::of_type_name(&column.type_name);
}
