//! Values as the policy lets them out.

use nl2sql_profile::ValuePolicy;
use sha2::{Digest, Sha256};

/// Applies policies to values. Hashes depend on the run's seed and an optional secret.
#[derive(Debug)]
pub(crate) struct Masking {
    key: [u8; 32],
}

impl Masking {
    pub(crate) fn new(seed: u64, salt: Option<&str>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        hasher.update(salt.unwrap_or_default().as_bytes());
        Self {
            key: hasher.finalize().into(),
        }
    }

    /// `values` under `policy`, duplicates that masking makes left out.
    pub(crate) fn apply(&self, policy: ValuePolicy, values: Vec<String>) -> Vec<String> {
        let masked: Vec<String> = match policy {
            ValuePolicy::Allow => values,
            ValuePolicy::Mask => values.iter().map(|value| masked(value)).collect(),
            ValuePolicy::Hash => values.iter().map(|value| self.hashed(value)).collect(),
            ValuePolicy::Drop => Vec::new(),
        };
        let mut seen = std::collections::HashSet::new();
        masked.into_iter().filter(|value| seen.insert(value.clone())).collect()
    }

    fn hashed(&self, value: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.key);
        hasher.update(value.as_bytes());
        format!("h{}", hex::encode(&hasher.finalize()[..8]))
    }
}

/// Every letter and digit replaced by one of its kind and every symbol by a box; spaces and punctuation, which are the format, stay.
fn masked(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            _ if c.is_ascii_digit() => '0',
            _ if c.is_uppercase() => 'X',
            _ if c.is_lowercase() => 'x',
            _ if c.is_alphanumeric() => '某',
            _ if c.is_ascii() || c.is_whitespace() || WIDE_PUNCTUATION.contains(c) => c,
            _ => '□',
        })
        .collect()
}

/// Punctuation of Chinese and Japanese.
const WIDE_PUNCTUATION: &str = "，。、；：？！（）《》「」『』【】“”‘’—…·￥％＠＃－";

#[cfg(test)]
mod tests {
    use nl2sql_profile::ValuePolicy;
    use proptest::prelude::*;

    use super::Masking;

    #[test]
    fn masks_keep_the_format_and_hashes_are_stable() {
        let masking = Masking::new(7, None);
        let values = vec![
            "Ann-7@x.org".to_owned(),
            "张三 13800".to_owned(),
            "☃（北京）🦀".to_owned(),
            "Bob-9@y.org".to_owned(),
        ];
        assert_eq!(
            masking.apply(ValuePolicy::Mask, values.clone()),
            ["Xxx-0@x.xxx", "某某 00000", "□（某某）□"]
        );
        let hashes = masking.apply(ValuePolicy::Hash, values.clone());
        assert_eq!(hashes, Masking::new(7, None).apply(ValuePolicy::Hash, values.clone()));
        assert_ne!(hashes, Masking::new(8, None).apply(ValuePolicy::Hash, values.clone()));
        assert_ne!(
            hashes,
            Masking::new(7, Some("salt")).apply(ValuePolicy::Hash, values.clone())
        );
        assert!(masking.apply(ValuePolicy::Drop, values).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_of_a_value_survives_masking(value in "[A-WYZa-wyz1-9]{1,20}") {
            let masked = Masking::new(1, None).apply(ValuePolicy::Mask, vec![value.clone()]);
            prop_assert_eq!(masked[0].chars().count(), value.chars().count());
            prop_assert!(value.chars().zip(masked[0].chars()).all(|(before, after)| before != after));
        }
    }
}
