//! A released contract never changes again.

use std::fs;
use std::path::Path;

use nl2sql_plugin_host::{SERVED_VERSIONS, sha256_hex};

/// Digest of every contract: SHA-256 over each file's name, a NUL, its content and a NUL, files in the order of their names.
const DIGESTS: [(&str, &str); 2] = [
    (
        "since_v0_1_0",
        "9c9485f7b769900d7987310072b942f088777b8e35e9c115e97200931b17112d",
    ),
    (
        "since_v0_2_0",
        "96463915f17a35c1f7312f3bc8e3bba6ca08fb1565d1ec18836941c32e063622",
    ),
];

#[test]
fn released_contracts_are_as_they_were() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../wit");
    assert_eq!(DIGESTS.len(), SERVED_VERSIONS.len());
    for (folder, digest) in DIGESTS {
        let mut files: Vec<_> = fs::read_dir(wit.join(folder))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let mut bytes = Vec::new();
        for file in files {
            bytes.extend_from_slice(file.file_name().unwrap().as_encoded_bytes());
            bytes.push(0);
            bytes.extend(fs::read(&file).unwrap());
            bytes.push(0);
        }
        let found = sha256_hex(&bytes);
        assert_eq!(
            found, digest,
            "wit/{folder} has changed. Plugins built for it are out there: restore it and put the change into a folder of its own. Only \
             before its release may the digest here become {found}"
        );
    }
}
