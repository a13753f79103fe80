fn main() {
    use nl2sql_sql::*;
    let root = std::env::args().nth(1).unwrap();
    for d in Dialect::ALL {
        for kind in ["valid", "invalid"] {
            let text = std::fs::read_to_string(format!("{root}/data/sql/{kind}_{}.jsonl", d.name())).unwrap();
            let (mut ok, mut all) = (0, 0);
            for line in text.lines() {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let sql = row["sql"].as_str().unwrap();
                let first: String = sql.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !["select", "with"].contains(&first.to_lowercase().as_str()) { continue; }
                all += 1;
                let r = check(d, sql);
                if r.is_ok() { ok += 1; }
                if r.is_ok() != (kind == "valid") { println!("{} {kind}: {:?}\n    {}", d.name(), r, sql.replace('\n', " ")); }
            }
            println!("{} {kind} {ok}/{all}", d.name());
        }
    }
}
