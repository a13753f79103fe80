//! Prefixes that a whole schema, or all columns of a table, carry and that mean nothing: `sb` of `sbcustomer` and `sbticker`.

use crate::words::{are_known, is_word};

/// Length of the prefix that all `names` share and that is no word of its own; 0 when there is none. `table` is a
/// name that may itself be the prefix, as `ticker` of `tickerid` and `tickersymbol` in a table of tickers.
pub fn shared_prefix(names: &[&str], table: &str) -> usize {
    let [first, rest @ ..] = names else { return 0 };
    if names.len() < 3 || !names.iter().all(|name| name.is_ascii()) {
        return 0;
    }
    let longest = rest.iter().fold(first.len(), |length, name| {
        let same = |(one, other): &(u8, u8)| one.eq_ignore_ascii_case(other);
        first.bytes().zip(name.bytes()).take(length).take_while(same).count()
    });
    let means_something = |prefix: &str| is_word(&prefix.trim_end_matches('_').to_lowercase());
    (2..=longest)
        .rev()
        .find(|length| {
            let prefix = &first[..*length];
            let owned = prefix.eq_ignore_ascii_case(table);
            let readable = names
                .iter()
                .filter(|name| name.len() > *length && are_known(&name[*length..]))
                .count();
            let all_left = names.iter().all(|name| name.len() > *length);
            all_left && readable * 10 >= names.len() * 7 && (owned || !means_something(prefix))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::shared_prefix;

    #[test]
    fn prefixes_end_where_words_begin() {
        assert_eq!(shared_prefix(&["sbcustomer", "sbticker", "sbtransaction"], ""), 2);
        assert_eq!(
            shared_prefix(&["sbtickerid", "sbtickersymbol", "sbtickername"], "sbticker"),
            8
        );
        assert_eq!(shared_prefix(&["c_name", "c_address", "c_phone"], "customer"), 2);
        assert_eq!(shared_prefix(&["start", "status", "state"], "train"), 0);
        assert_eq!(
            shared_prefix(&["customer_id", "customer_name", "customer_phone"], "orders"),
            0
        );
    }
}
