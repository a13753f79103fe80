//! What pairs look like, in both languages and all dialects.

#[test]
fn english_pairs() {
    let (_, catalog) = crate::demo::open(crate::demo::CONCERTS);
    let batch = crate::demo::session(&catalog, "sqlite", "")
        .generate(&crate::demo::request(&catalog, 30, &["en"]))
        .unwrap();
    insta::assert_snapshot!(crate::demo::printed(&batch.samples));
}

#[test]
fn chinese_pairs() {
    let (_, catalog) = crate::demo::open(crate::demo::SALES);
    let batch = crate::demo::session(&catalog, "sqlite", "")
        .generate(&crate::demo::request(&catalog, 30, &["zh"]))
        .unwrap();
    insta::assert_snapshot!(crate::demo::printed(&batch.samples));
}

/// The same draws in the four dialects; families in which they differ.
#[test]
fn dialects() {
    let (_, catalog) = crate::demo::open(crate::demo::SALES);
    let families = [
        "date-function",
        "text-function",
        "top-k",
        "window",
        "cte",
        "aggregate",
        "join-group-count",
        "filter",
    ];
    let off: Vec<String> = nl2sql_generator_grammar::grammar::FAMILIES
        .iter()
        .filter(|family| !families.contains(&family.name))
        .map(|family| format!("\"{}\": 0", family.name))
        .collect();
    let options = format!("{{\"families\": {{{}}}}}", off.join(", "));
    let printed: Vec<String> = ["sqlite", "postgres", "mysql", "tsql"]
        .into_iter()
        .map(|dialect| {
            let batch = crate::demo::session(&catalog, dialect, &options)
                .generate(&crate::demo::request(&catalog, 16, &["en"]))
                .unwrap();
            let queries: Vec<&str> = batch.samples.iter().map(|sample| sample.sql.as_str()).collect();
            format!("-- {dialect}\n{}", queries.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(printed.join("\n\n"));
}
