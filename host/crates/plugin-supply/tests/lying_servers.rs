//! Servers and registries that serve something else than they say, or too much of it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use nl2sql_plugin_host::sha256_hex;
use nl2sql_tests::author::validator;

use crate::project::{Project, block_on, said};

/// What a request's path is answered with: head lines, then a body that is sent as often as told.
struct Answer {
    status: &'static str,
    head: String,
    body: Vec<u8>,
    times: usize,
}

impl Answer {
    fn of(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: "200 OK",
            head: String::new(),
            body: body.into(),
            times: 1,
        }
    }

    fn none() -> Self {
        Self {
            status: "404 Not Found",
            ..Self::of("")
        }
    }
}

/// Serves until the process ends; gives host and port.
fn serve(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || respond(&stream, |path| answer(path)));
        }
    });
    address
}

fn respond(mut stream: &TcpStream, answer: impl Fn(&str) -> Answer) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let answer = answer(request.split(' ').nth(1).unwrap_or_default());
    let length = answer.body.len() * answer.times;
    let mut head = format!(
        "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {length}\r\n",
        answer.status
    );
    let _ = write!(head, "{}\r\n", answer.head);
    let _ = stream.write_all(head.as_bytes());
    for _ in 0..answer.times {
        // The client ends it when it has too much.
        if stream.write_all(&answer.body).is_err() {
            return;
        }
    }
}

/// A registry with one artifact, whose manifest announces `announced` and which serves something else.
fn registry(announced: &[u8], size: usize, served: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let digest = sha256_hex(announced);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}},"layers":[{{"mediaType":"application/wasm","digest":"sha256:{digest}","size":{size}}}]}}"#
    );
    serve(move |path| match path {
        "/v2/" => Answer::of("{}"),
        path if path.contains("/blobs/") => served(),
        path if path.ends_with("/manifests/1") => Answer {
            head: "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n".to_owned(),
            ..Answer::of(manifest.clone())
        },
        _ => Answer::none(),
    })
}

fn add(host: &str) -> String {
    let project = Project::new();
    let refused = project
        .add_unsigned(&format!("oci://{host}/acme/rows:1"), &[])
        .unwrap_err();
    assert!(!project.lock().exists(), "nothing is kept");
    said(&refused)
}

/// A megabyte of zeros a thousand times, packed by gzip: 1 GB in 1 MB.
fn bomb() -> Answer {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..256 {
        packed.write_all(&zeros).unwrap();
    }
    Answer {
        head: "Content-Encoding: gzip\r\n".to_owned(),
        ..Answer::of(packed.finish().unwrap())
    }
}

#[test]
fn a_repository_that_is_listed_and_not_there_does_not_end_a_search() {
    let layer = r#"{"mediaType":"application/wasm","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{layer},"layers":[{layer}]}}"#
    );
    let host = serve(move |path| match path.split('?').next().unwrap_or_default() {
        "/v2/" => Answer::of("{}"),
        "/v2/_catalog" => Answer::of(r#"{"repositories":["acme/begun","acme/rows"]}"#),
        "/v2/acme/begun/tags/list" => Answer {
            body: br#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}"#.to_vec(),
            ..Answer::none()
        },
        "/v2/acme/rows/tags/list" => Answer::of(r#"{"name":"acme/rows","tags":["1"]}"#),
        path if path.ends_with("/manifests/1") => Answer {
            head: "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n".to_owned(),
            ..Answer::of(manifest.clone())
        },
        _ => Answer::none(),
    });
    let offers = block_on(Project::new().installer().search(&host, "acme")).unwrap();
    let sources: Vec<_> = offers.iter().map(|offer| offer.source.as_str()).collect();
    assert_eq!(sources, [format!("oci://{host}/acme/rows:1")]);
}

#[test]
fn a_registry_that_serves_other_bytes_is_refused() {
    let bytes = validator("rows", "1.0.0", &[]);
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    let refused = add(&registry(&bytes, bytes.len(), move || Answer::of(other.clone())));
    assert!(
        refused.contains("serves other bytes") && refused.contains(&sha256_hex(&bytes)),
        "{refused}"
    );
    let served = bytes.clone();
    let refused = add(&registry(&bytes, bytes.len() - 1, move || Answer::of(served.clone())));
    assert!(refused.contains("it announces"), "{refused}");
}

#[test]
fn what_is_too_large_is_not_read_to_its_end() {
    let refused = add(&registry(b"x", 1 << 40, || Answer::of("x")));
    assert!(refused.contains("67108864 are allowed"), "{refused}");
    let endless = || Answer {
        times: 100,
        ..Answer::of(vec![0; 1 << 20])
    };
    let refused = add(&registry(b"x", 1 << 20, endless));
    assert!(refused.contains("more than 67108864 bytes"), "{refused}");
    let refused = add(&registry(b"x", 1 << 20, bomb));
    assert!(refused.contains("more than 67108864 bytes"), "{refused}");
}

#[test]
fn a_component_that_would_be_costly_to_compile_is_refused_from_a_registry_too() {
    let nested = wat::parse_str(format!("(component {})", "(component)".repeat(300))).unwrap();
    let served = nested.clone();
    let refused = add(&registry(&nested, nested.len(), move || Answer::of(served.clone())));
    assert!(refused.contains("more than 256 modules"), "{refused}");
}

#[test]
fn a_manifest_that_keeps_silent_about_an_import_is_refused() {
    let honest = validator("rows", "1.0.0", &["query"]);
    let text = "name = \"rows\"\nversion = \"1.0.0\"\nkind = \"validator\"\ndescription = \"A test.\"\n";
    let lying = nl2sql_plugin_host::pack(&honest, text.as_bytes(), "rows").unwrap();
    let served = lying.clone();
    let refused = add(&registry(&lying, lying.len(), move || Answer::of(served.clone())));
    assert!(
        refused.contains("imports `query`, but its manifest does not ask for it"),
        "{refused}"
    );
}

#[test]
fn a_web_server_is_bounded_and_leads_to_no_unencrypted_address() {
    let project = Project::new();
    let bytes = validator("rows", "1.0.0", &[]);
    let signature = project.acme.signature(&bytes);
    let host = serve(move |path| match path {
        "/rows.wasm" => Answer::of(bytes.clone()),
        "/rows.wasm.minisig" => Answer::of(signature.clone()),
        "/elsewhere.wasm" => Answer {
            status: "302 Found",
            head: "Location: http://192.0.2.1/rows.wasm\r\n".to_owned(),
            ..Answer::of("")
        },
        "/bomb.wasm" => bomb(),
        "/broken.wasm" => Answer {
            status: "500 Internal Server Error",
            ..Answer::of("")
        },
        _ => Answer::none(),
    });
    let locked = project.add(&format!("http://{host}/rows.wasm"), &[]).unwrap();
    assert_eq!(locked.signer.as_deref(), Some("acme"));
    for (path, reason) in [
        ("elsewhere.wasm", "without encryption"),
        ("bomb.wasm", "more than 67108864 bytes"),
        ("broken.wasm", "500"),
        ("none.wasm", "404"),
    ] {
        let refused = said(&project.add_unsigned(&format!("http://{host}/{path}"), &[]).unwrap_err());
        assert!(refused.contains(reason), "{path}: {refused}");
    }
}
