//! A real registry: artifacts as `wkg` and `oras` push them.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use nl2sql_plugin_supply::{SIGNATURE_MEDIA_TYPE, UpdateRequest};
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use crate::author::validator;
use crate::project::{Project, block_on, said};

const WASM: &str = "application/wasm";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Host and port of the test registry, or a note that `test` is skipped.
fn registry(test: &str) -> Option<String> {
    let found = std::env::var("NL2SQL_TEST_REGISTRY")
        .ok()
        .filter(|host| !host.is_empty());
    if found.is_none() {
        println!("skipped: {test} needs NL2SQL_TEST_REGISTRY");
    }
    found
}

/// A repository that no other test writes to.
fn repository(registry: &str, tag: &str) -> Reference {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test/p{}-{number}", std::process::id());
    Reference::with_tag(registry.to_owned(), name, tag.to_owned())
}

fn client() -> Client {
    Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    })
}

/// Pushes layers under a reference; gives the digest of the manifest and its size.
fn push(
    to: &Reference,
    layers: &[(&str, &[u8])],
    config: (&str, &str),
    more: impl Fn(&mut OciImageManifest),
) -> (String, usize) {
    let layers: Vec<_> = layers
        .iter()
        .map(|(media_type, bytes)| {
            // As `oras` names them; a name is nothing that a path is made of.
            let title = "org.opencontainers.image.title".to_owned();
            let annotations = BTreeMap::from([(title, "../../../../tmp/escaped.wasm".to_owned())]);
            ImageLayer::new(bytes.to_vec(), (*media_type).to_owned(), Some(annotations))
        })
        .collect();
    let config = Config::new(config.1.as_bytes().to_vec(), config.0.to_owned(), None);
    let mut manifest = OciImageManifest::build(&layers, &config, None);
    more(&mut manifest);
    let size = serde_json::to_vec(&manifest).unwrap().len();
    block_on(client().push(to, &layers, config, &RegistryAuth::Anonymous, Some(manifest))).unwrap();
    let pulled = block_on(client().pull_manifest(to, &RegistryAuth::Anonymous));
    (pulled.unwrap().1, size)
}

/// As `wkg` does it: one layer, and a configuration that describes the component.
fn push_as_wkg(to: &Reference, bytes: &[u8]) -> (String, usize) {
    let config =
        r#"{"created":"2026-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":[],"component":null}"#;
    push(
        to,
        &[(WASM, bytes)],
        ("application/vnd.wasm.config.v0+json", config),
        |manifest| {
            let description = (
                "org.opencontainers.image.description".to_owned(),
                "Counts\u{9b}2K rows".to_owned(),
            );
            manifest.annotations = Some(BTreeMap::from([description]));
        },
    )
}

/// As `oras push plugin.wasm:application/wasm plugin.wasm.minisig:application/vnd.minisign` does it.
fn push_as_oras(to: &Reference, bytes: &[u8], signature: &str) -> (String, usize) {
    let layers = [(WASM, bytes), (SIGNATURE_MEDIA_TYPE, signature.as_bytes())];
    push(to, &layers, (EMPTY, "{}"), |manifest| {
        manifest.artifact_type = Some("application/vnd.unknown.artifact.v1".to_owned());
    })
}

/// As `oras attach --artifact-type application/vnd.minisign` does it where a registry has no interface for what refers to a manifest.
fn attach(to: &Reference, subject: &(String, usize), signature: &str) {
    let (digest, size) = subject;
    let layers = [(SIGNATURE_MEDIA_TYPE, signature.as_bytes())];
    let at = Reference::with_tag(
        to.registry().to_owned(),
        to.repository().to_owned(),
        "signature".to_owned(),
    );
    let pushed = push(&at, &layers, (EMPTY, "{}"), |manifest| {
        manifest.artifact_type = Some(SIGNATURE_MEDIA_TYPE.to_owned());
        manifest.subject = Some(OciDescriptor {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            digest: digest.clone(),
            size: *size as i64,
            ..OciDescriptor::default()
        });
    });
    let index = OciManifest::ImageIndex(OciImageIndex {
        schema_version: 2,
        media_type: Some("application/vnd.oci.image.index.v1+json".to_owned()),
        manifests: vec![ImageIndexEntry {
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            digest: pushed.0,
            size: pushed.1 as i64,
            platform: None,
            annotations: None,
            artifact_type: Some(SIGNATURE_MEDIA_TYPE.to_owned()),
        }],
        artifact_type: None,
        annotations: None,
    });
    let tag = digest.replace(':', "-");
    let at = Reference::with_tag(to.registry().to_owned(), to.repository().to_owned(), tag);
    block_on(client().push_manifest(&at, &index)).unwrap();
}

fn source(reference: &Reference) -> String {
    format!("oci://{}", reference.whole())
}

#[test]
fn a_plugin_that_oras_pushed_with_its_signature_is_added() {
    let Some(registry) = registry("a_plugin_that_oras_pushed_with_its_signature_is_added") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &["query"]);
    let to = repository(&registry, "1.0");
    let (digest, _) = push_as_oras(&to, &bytes, &project.acme.signature(&bytes));
    let locked = project.add(&source(&to), &["query"]).unwrap();
    assert_eq!(locked.signer.as_deref(), Some("acme"));
    assert_eq!(locked.resolved, Some(digest));
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    assert!(!std::path::Path::new("/tmp/escaped.wasm").exists());
}

#[test]
fn a_plugin_that_wkg_pushed_is_added_with_an_attached_signature() {
    let Some(registry) = registry("a_plugin_that_wkg_pushed_is_added_with_an_attached_signature") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let to = repository(&registry, "1.0");
    let pushed = push_as_wkg(&to, &bytes);
    let refused = said(&project.add(&source(&to), &[]).unwrap_err());
    assert!(refused.contains("is not signed"), "{refused}");
    attach(&to, &pushed, &project.acme.signature(&bytes));
    assert_eq!(project.add(&source(&to), &[]).unwrap().signer.as_deref(), Some("acme"));
    let offers = block_on(project.installer().search(&registry, "counts")).unwrap();
    let offer = offers.iter().find(|offer| offer.source == source(&to)).unwrap();
    assert_eq!((offer.description.as_str(), offer.tags.len()), ("Counts 2K rows", 2));
}

#[test]
fn a_tag_that_moved_changes_nothing_until_it_is_reviewed() {
    let Some(registry) = registry("a_tag_that_moved_changes_nothing_until_it_is_reviewed") else {
        return;
    };
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let to = repository(&registry, "1");
    push_as_oras(&to, &bytes, &project.acme.signature(&bytes));
    let locked = project.add(&source(&to), &[]).unwrap();
    let moved = validator("rows", "1.0.1", &[]);
    push_as_oras(&to, &moved, &project.acme.signature(&moved));
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    // Another machine gets what is locked, though the tag leads elsewhere.
    fs::remove_dir_all(project.path().join("data")).unwrap();
    assert_eq!(block_on(project.installer().install()).unwrap(), [locked]);
    assert_eq!(project.run("rows").unwrap(), "1.0.0 by acme");
    let (review, _) = project.review("rows", &UpdateRequest::default()).unwrap();
    let what: Vec<_> = review.changes.iter().map(|change| change.what).collect();
    assert_eq!(what, ["version", "tag leads to", "sha256"]);
}

#[test]
fn archives_images_and_several_components_are_not_opened() {
    let Some(registry) = registry("archives_images_and_several_components_are_not_opened") else {
        return;
    };
    let project = Project::new();
    let archive = ("application/vnd.oci.image.layer.v1.tar+gzip", b"\x1f\x8b".as_slice());
    let component = (WASM, b"\0asm\x0d\0\x01\0".as_slice());
    let other = (WASM, b"\0asm\x0d\0\x01\0\0".as_slice());
    for layers in [vec![archive], vec![component, other]] {
        let to = repository(&registry, "1");
        push(&to, &layers, (EMPTY, "{}"), |_| {});
        let refused = said(&project.add_unsigned(&source(&to), &[]).unwrap_err());
        assert!(refused.contains("exactly one must be application/wasm"), "{refused}");
    }
    let refused = said(
        &project
            .add_unsigned(&source(&repository(&registry, "none")), &[])
            .unwrap_err(),
    );
    assert!(refused.contains("cannot be fetched"), "{refused}");
}
