#[path = "../../shared_lists.rs"]
mod shared_lists;

use super::Plugin;

#[test]
fn statements_of_the_shared_lists_are_told_apart() {
    shared_lists::are_told_apart::<Plugin>("redshift", 165, 0);
}

#[test]
fn what_its_own_guard_refuses_is_not_read_only() {
    shared_lists::guard_holds::<Plugin>();
}
