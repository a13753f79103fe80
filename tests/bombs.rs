//! Files made to cost the host more than they weigh: refused before they are compiled, and named.

use std::fmt::Write as _;
use std::fs;
use std::io::{Seek, SeekFrom, Write};

use miette::Diagnostic;
use nl2sql_plugin_host::{Artifact, PluginHost, PluginSettings};
use nl2sql_tests::guest;

/// What a user reads when a validator is made of these bytes.
fn load(bytes: &[u8]) -> String {
    match Artifact::read(bytes, "bomb.wasm") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!(
            "{error}; {}",
            error.help().map(|help| help.to_string()).unwrap_or_default()
        ),
    }
}

/// A guest with this text beside its own.
fn guest_with(text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let guest = folder.path().join("bomb");
    fs::create_dir(&guest).unwrap();
    let good = fs::read_to_string(guest::hostile().join("good/guest.wat")).unwrap();
    fs::write(guest.join("guest.wat"), format!("{good}\n{text}")).unwrap();
    guest::build(&guest).unwrap()
}

#[test]
fn an_oversized_function_is_refused() {
    let mut body = "(func $bomb (param i64) (result i64) local.get 0 ".to_owned();
    for number in 0..300_000 {
        write!(body, "i64.const {number} i64.add ").unwrap();
    }
    let said = load(&guest_with(&(body + ")")));
    assert!(
        said.starts_with("bomb.wasm is too large for a plugin: one of its functions has"),
        "{said}"
    );
}

#[test]
fn too_many_functions_are_refused() {
    let said = load(&guest_with(&"(func)".repeat(200_001)));
    assert!(said.contains("it has more than 200000 functions"), "{said}");
}

#[test]
fn deeply_nested_components_are_refused() {
    let mut nested = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..2_000 {
        // A section of a component in a component, and its length in LEB128.
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut length = nested.len();
        while length >= 0x80 {
            outer.push(length as u8 | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.append(&mut nested);
        nested = outer;
    }
    assert!(
        load(&nested).contains("more than 256 modules and components"),
        "{}",
        load(&nested)
    );
    let beside = wat::parse_str(format!("(component {})", "(component)".repeat(300))).unwrap();
    assert!(
        load(&beside).contains("more than 256 modules and components"),
        "{}",
        load(&beside)
    );
}

#[test]
fn deeply_nested_types_are_refused() {
    // Each type holds two of the one before: 2^64 of the first.
    let mut text = "(component (type $t0 (tuple u8 u8))".to_owned();
    for depth in 1..64 {
        write!(text, "(type $t{depth} (tuple $t{} $t{}))", depth - 1, depth - 1).unwrap();
    }
    write!(text, "(import \"f\" (func (param \"p\" $t63))))").unwrap();
    let said = load(&wat::parse_str(&text).unwrap());
    assert_ne!(said, "accepted");
}

#[test]
fn a_file_of_a_hundred_megabytes_is_not_even_read() {
    let mut file = tempfile::Builder::new().suffix(".wasm").tempfile().unwrap();
    file.write_all(b"\0asm\x0d\0\x01\0").unwrap();
    file.seek(SeekFrom::Start(100 << 20)).unwrap();
    file.write_all(b"\0").unwrap();
    let host = PluginHost::builder().build().unwrap();
    let error = host.library().inspect(&file.path().display().to_string()).unwrap_err();
    assert!(error.to_string().contains("more than 67108864 bytes"), "{error}");
}

#[test]
fn a_fifo_or_device_is_refused_without_blocking() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PluginSettings {
        path: Some(folder.path().to_owned()),
        ..PluginSettings::default()
    };
    let host = PluginHost::builder()
        .settings([("folder".to_owned(), settings)].into())
        .build()
        .unwrap();
    let error = host.library().inspect("folder").unwrap_err();
    assert!(error.to_string().contains("it is not a file"), "{error}");
    if cfg!(unix) {
        let error = host.library().inspect("/dev/zero").unwrap_err();
        assert!(
            error.to_string().contains("there is no plugin `/dev/zero`") || error.to_string().contains("not a file"),
            "{error}"
        );
    }
}
