use std::time::Instant;

use nl2sql_sdk::planner::{Context, PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::{Catalog, Column, ForeignKey, Table};

use super::ForeignKeys;

fn table(name: &str, columns: &[&str], keys: &[(&str, &str)]) -> Table {
    Table {
        name: name.to_owned(),
        kind: "table".to_owned(),
        columns: columns
            .iter()
            .map(|column| Column {
                name: (*column).to_owned(),
                type_class: "integer".to_owned(),
                ..Column::default()
            })
            .collect(),
        primary_key: vec![columns[0].to_owned()],
        foreign_keys: keys
            .iter()
            .map(|(column, parent)| ForeignKey {
                columns: vec![(*column).to_owned()],
                ref_table: (*parent).to_owned(),
                ref_columns: vec!["id".to_owned()],
                ..ForeignKey::default()
            })
            .collect(),
        ..Table::default()
    }
}

fn planned(tables: Vec<Table>, total: u32, minimum: u32, language: &str) -> TopicPlan {
    let planner = ForeignKeys::open(Context {
        catalog: Catalog {
            tables,
            ..Catalog::default()
        },
        language: language.to_owned(),
        ..Context::default()
    })
    .unwrap();
    let request = PlanRequest {
        total,
        minimum,
        ..PlanRequest::default()
    };
    let first = planner.plan(request.clone()).unwrap();
    assert_eq!(
        format!("{first:?}"),
        format!("{:?}", planner.plan(request).unwrap()),
        "a plan repeats"
    );
    assert_eq!(first.topics.iter().map(|topic| topic.budget).sum::<u32>(), total);
    first
}

fn holds_every_link(tables: &[Table], plan: &TopicPlan) {
    for table in tables {
        for key in &table.foreign_keys {
            let inside = plan
                .topics
                .iter()
                .any(|topic| topic.tables.contains(&table.name) && topic.tables.contains(&key.ref_table));
            assert!(inside, "{} -> {}", table.name, key.ref_table);
        }
    }
}

fn shop() -> Vec<Table> {
    vec![
        table("customer", &["id", "name", "region_id"], &[("region_id", "region")]),
        table("orders", &["id", "customer_id"], &[("customer_id", "customer")]),
        table(
            "order_item",
            &["id", "order_id", "product_id"],
            &[("order_id", "orders"), ("product_id", "product")],
        ),
        table("product", &["id", "name"], &[]),
        table("region", &["id", "name"], &[]),
    ]
}

#[test]
fn a_small_database_is_one_topic_named_after_its_hubs() {
    let plan = planned(shop(), 100, 5, "en");
    assert_eq!(plan.topics.len(), 1);
    assert_eq!(plan.topics[0].name, "Customers and orders");
    assert_eq!(
        plan.topics[0].reason,
        "5 tables around \"Customers\", linked by 4 foreign keys."
    );
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
}

#[test]
fn topics_are_named_in_the_language_asked_for() {
    let mut tables = shop();
    tables[0].comment = Some("客户表".to_owned());
    tables[1].comment = Some("订单".to_owned());
    let plan = planned(tables, 10, 1, "zh-CN");
    assert_eq!(plan.topics[0].name, "客户与订单");
}

#[test]
fn every_foreign_key_lies_in_a_topic_and_cycles_do_no_harm() {
    let names: Vec<String> = (0..40).map(|index| format!("t{index}")).collect();
    let tables: Vec<Table> = (0..40)
        .map(|index| {
            let (next, far) = (names[(index + 1) % 40].clone(), names[(index * 7 + 3) % 40].clone());
            table(
                &names[index],
                &["id", "a", "b"],
                &[("a", next.as_str()), ("b", far.as_str())],
            )
        })
        .collect();
    let plan = planned(tables.clone(), 500, 4, "en");
    holds_every_link(&tables, &plan);
    assert!(plan.topics.len() > 4);
    assert!(plan.topics.iter().all(|topic| topic.budget >= 4));
    let names: std::collections::BTreeSet<&String> = plan.topics.iter().map(|topic| &topic.name).collect();
    assert_eq!(names.len(), plan.topics.len(), "names are unique");
}

#[test]
fn tables_without_foreign_keys_are_grouped_by_prefix() {
    let tables = ["hr_staff", "hr_leave", "fin_bill", "fin_tax", "misc"]
        .map(|name| table(name, &["id", "v"], &[]))
        .to_vec();
    let plan = planned(tables, 30, 1, "en");
    let groups: Vec<Vec<String>> = plan.topics.iter().map(|topic| topic.tables.clone()).collect();
    assert_eq!(
        groups,
        [vec!["fin_bill", "fin_tax"], vec!["hr_staff", "hr_leave"], vec!["misc"]]
    );
}

#[test]
fn dangling_keys_and_small_totals_are_noted() {
    let mut tables = shop();
    tables[3].foreign_keys.push(ForeignKey {
        columns: vec!["name".to_owned()],
        ref_table: "ghost".to_owned(),
        ..ForeignKey::default()
    });
    tables.extend(["a_x", "b_y", "c_z"].map(|name| table(name, &["id"], &[])));
    let plan = planned(tables, 1, 3, "en");
    assert_eq!(plan.topics.len(), 1);
    assert!(plan.notes[0].starts_with("1 of 5 foreign keys"), "{:?}", plan.notes);
    assert!(plan.notes[1].contains("left out"), "{:?}", plan.notes);
}

#[test]
fn an_empty_catalog_and_bad_options_are_refused() {
    let planner = ForeignKeys::open(Context::default()).unwrap();
    let request = PlanRequest {
        total: 5,
        ..PlanRequest::default()
    };
    assert_eq!(planner.plan(request).unwrap_err().code, "no-tables");
    let context = Context {
        options: r#"{"max_table": 3}"#.to_owned(),
        ..Context::default()
    };
    let error = ForeignKeys::open(context).err().unwrap();
    assert!(error.message.contains("max_table"), "{}", error.message);
}

#[test]
fn two_thousand_tables_are_planned() {
    let tables: Vec<Table> = (0..2000)
        .map(|index| {
            let columns: Vec<String> = std::iter::once("id".to_owned())
                .chain((1..20).map(|column| format!("c{column}")))
                .collect();
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let parent = format!("table_{}", index / 3);
            let keys = if index == 0 {
                Vec::new()
            } else {
                vec![("c1", parent.as_str())]
            };
            table(&format!("table_{index}"), &columns, &keys)
        })
        .collect();
    let start = Instant::now();
    let plan = planned(tables.clone(), 10_000, 2, "en");
    println!("2,000 tables planned twice in {:?}", start.elapsed());
    holds_every_link(&tables, &plan);
}

#[test]
fn views_take_part_only_where_the_profile_says_so() {
    let view = Table {
        kind: "view".to_owned(),
        ..table("current_orders", &["id", "customer_id"], &[])
    };
    let plan = |options: &str| {
        let planner = ForeignKeys::open(Context {
            catalog: Catalog {
                tables: vec![table("orders", &["id", "customer_id"], &[]), view.clone()],
                ..Catalog::default()
            },
            options: options.to_owned(),
            ..Context::default()
        })
        .unwrap();
        planner
            .plan(PlanRequest {
                total: 10,
                minimum: 1,
                ..PlanRequest::default()
            })
            .unwrap()
    };
    let tables =
        |plan: &TopicPlan| -> Vec<String> { plan.topics.iter().flat_map(|topic| topic.tables.clone()).collect() };
    let without = plan("{}");
    assert_eq!(tables(&without), ["orders"]);
    assert!(
        without.notes[0].contains("1 views are in no topic"),
        "{:?}",
        without.notes
    );
    assert_eq!(tables(&plan(r#"{"views": true}"#)).len(), 2);
}
