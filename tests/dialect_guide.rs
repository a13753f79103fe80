//! The guide "A dialect" is followed from start to end.

use std::fs;

use crate::followed_guide::{follow, shop};

#[test]
fn the_dialect_guide_can_be_followed_from_start_to_end() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let commands = follow("dialect.md", folder.path(), &[], &[]);
    assert!(commands >= 6, "the guide has {commands} commands");
    let samples = fs::read_to_string(folder.path().join("runs/shop/samples.jsonl")).unwrap();
    assert!(samples.lines().count() >= 10, "{samples}");
}
