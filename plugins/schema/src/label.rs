//! Which columns name a row.

use crate::role::are_numbers;
use crate::{Column, Role};

/// What is known of the rows of a table.
pub struct Rows<'a> {
    /// Its columns.
    pub columns: &'a [Column],
    /// What one row is called.
    pub noun: &'a str,
    /// Rows refer to other tables.
    pub refers: bool,
    /// How many there are.
    pub count: Option<u64>,
    /// The column is declared unique.
    pub unique: &'a dyn Fn(usize) -> bool,
}

/// Words before "name" that still name the row itself.
const OWN_NAMES: &[&str] = &[
    "brand", "common", "company", "course", "display", "event", "full", "local", "official", "product", "project",
    "short", "trade", "user",
];

/// Last words of texts that describe a row well enough to stand for it.
const DESCRIPTIONS: &[&str] = &["caption", "description", "headline", "label", "subject"];

/// The columns that name a row; empty when none does, and the key stands for it.
pub fn label_of(rows: &Rows) -> Vec<usize> {
    let find = |wanted: &str| {
        rows.columns
            .iter()
            .position(|column| column.noun.one == wanted || column.full.one == wanted)
    };
    // A number that is called like its table counts something; it names no row.
    let called_so = find(rows.noun).filter(|column| {
        rows.columns[*column].textual && !matches!(rows.columns[*column].role, Role::Measure | Role::Year | Role::Date)
    });
    if let Some(name) = find("name").or(called_so).or_else(|| find("full name")) {
        return vec![name];
    }
    if let (Some(first), Some(last)) = (find("first name"), find("last name")) {
        return vec![first, last];
    }
    if let Some(title) = find("title") {
        return vec![title];
    }
    let candidates = 0..rows.columns.len();
    candidates
        .clone()
        .find(|column| rows.names_itself(*column))
        .or_else(|| candidates.clone().find(|column| rows.describes_itself(*column)))
        .into_iter()
        .collect()
}

impl Rows<'_> {
    /// A name of the row, and not of something that it has to do with: the ship name of an order is not the order's.
    fn names_itself(&self, at: usize) -> bool {
        let column = &self.columns[at];
        if column.role != Role::Name || !column.textual {
            return false;
        }
        let before: Vec<&str> = column.full.one.split(' ').collect();
        let before = &before[..before.len() - 1];
        let own = before
            .iter()
            .all(|word| OWN_NAMES.contains(word) || self.noun.split(' ').any(|part| part == *word));
        match self.differs(at) {
            Some(differs) => differs && (own || !self.refers),
            None => own || !self.refers,
        }
    }

    /// A text that differs from row to row and describes it.
    fn describes_itself(&self, at: usize) -> bool {
        let column = &self.columns[at];
        let last = column.noun.one.rsplit(' ').next().unwrap_or_default();
        let text = matches!(column.role, Role::Text | Role::Category | Role::Name) && column.textual;
        let timely = matches!(last, "date" | "time" | "year" | "day");
        if !text || timely || are_numbers(&column.values) {
            return false;
        }
        let suits = DESCRIPTIONS.contains(&last) || column.role == Role::Text && !self.refers && !is_contact(last);
        match self.differs(at) {
            Some(differs) => differs && suits,
            None => suits && DESCRIPTIONS.contains(&last) && !self.refers,
        }
    }

    /// Whether every row has a value of its own, where that is known.
    fn differs(&self, at: usize) -> Option<bool> {
        if (self.unique)(at) {
            return Some(true);
        }
        let values = self.columns[at].values.len() as u64;
        match self.count {
            // All values of a small table are known, but for those that are too odd to be used.
            Some(rows) if rows <= MAX_KNOWN && values > 0 => Some(values * 10 >= rows * 9),
            _ => None,
        }
    }
}

/// Rows of which all values may be known.
const MAX_KNOWN: u64 = 50;

/// How somebody is reached does not say who it is.
fn is_contact(last: &str) -> bool {
    matches!(
        last,
        "address"
            | "email"
            | "fax"
            | "phone"
            | "telephone"
            | "url"
            | "website"
            | "path"
            | "password"
            | "hash"
            | "token"
    )
}

#[cfg(test)]
mod tests {
    use nl2sql_sdk::types::{Catalog, Column, ForeignKey, Table};

    use crate::Schema;

    fn labels(name: &str, columns: &[&str], refers: bool) -> Vec<String> {
        let parent = Table {
            name: "customers".to_owned(),
            columns: vec![Column {
                name: "customer_id".to_owned(),
                type_class: "integer".to_owned(),
                ..Column::default()
            }],
            primary_key: vec!["customer_id".to_owned()],
            ..Table::default()
        };
        let table = Table {
            name: name.to_owned(),
            columns: columns
                .iter()
                .map(|column| Column {
                    name: (*column).to_owned(),
                    type_class: if column.ends_with("ID") { "integer" } else { "text" }.to_owned(),
                    ..Column::default()
                })
                .collect(),
            primary_key: vec![columns[0].to_owned()],
            foreign_keys: refers
                .then(|| ForeignKey {
                    columns: vec!["CustomerID".to_owned()],
                    ref_table: "customers".to_owned(),
                    ref_columns: vec!["customer_id".to_owned()],
                    ..ForeignKey::default()
                })
                .into_iter()
                .collect(),
            ..Table::default()
        };
        let schema = Schema::new(
            &Catalog {
                tables: vec![table, parent],
                ..Catalog::default()
            },
            &[],
        );
        let table = &schema.tables[0];
        table
            .label
            .iter()
            .map(|column| table.columns[*column].name.clone())
            .collect()
    }

    #[test]
    fn a_row_goes_by_its_own_name_or_by_its_key() {
        let orders = ["OrderID", "CustomerID", "ShipName", "ShipAddress"];
        assert!(
            labels("Orders", &orders, true).is_empty(),
            "who gets an order is not its name"
        );
        let invoices = ["InvoiceID", "CustomerID", "BillingAddress"];
        assert!(
            labels("Invoices", &invoices, true).is_empty(),
            "an address names no invoice"
        );
        assert_eq!(
            labels("Suppliers", &["SupplierID", "CompanyName", "ContactName"], false),
            ["CompanyName"]
        );
        assert_eq!(
            labels("department", &["deptID", "department_name"], false),
            ["department_name"]
        );
        assert_eq!(labels("song", &["songID", "title", "album_name"], false), ["title"]);
        assert_eq!(
            labels("template_types", &["typeID", "template_type_description"], false),
            ["template_type_description"]
        );
    }
}
