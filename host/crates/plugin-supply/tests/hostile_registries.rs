//! Registries that never end: each thing they send is read so far and no further, and waited for so long and no longer.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nl2sql_plugin_host::sha256_hex;
use nl2sql_plugin_supply::SupplyError;
use nl2sql_tests::author::validator;

use crate::project::{Project, block_on, said};

/// What lies between the registry and the client without having been read: buffers of the system.
const MAX_ON_THE_WAY: u64 = 16 << 20;

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug)]
enum Flood {
    /// It announces a terabyte and sends it.
    Announced,
    /// It announces nothing and does not end.
    Endless,
    /// It does not end and is packed, a thousand to one.
    Packed,
    /// A byte a second.
    Dripping,
    /// A byte of the head a second.
    DrippingHead,
}

/// Something that a registry sends.
#[derive(Clone, Copy, Debug)]
struct Kind {
    /// What errors call it.
    name: &'static str,
    /// Which paths lead to it.
    leads_here: fn(&str) -> bool,
    /// What asks for it.
    asked_by: fn(&str) -> SupplyError,
    most: u64,
}

const KINDS: [Kind; 7] = [
    Kind {
        name: "manifest",
        leads_here: |path| path.ends_with("/manifests/1"),
        asked_by: add,
        most: 4 << 20,
    },
    Kind {
        name: "manifest",
        leads_here: |path| path.ends_with("/manifests/1"),
        asked_by: search,
        most: 4 << 20,
    },
    Kind {
        name: "list of referrers",
        leads_here: |path| path.contains("/referrers/"),
        asked_by: add,
        most: 4 << 20,
    },
    Kind {
        name: "list of referrers",
        leads_here: |path| path.contains("/manifests/sha256-"),
        asked_by: add,
        most: 4 << 20,
    },
    Kind {
        name: "list of tags",
        leads_here: |path| path.contains("/tags/list"),
        asked_by: search,
        most: 4 << 20,
    },
    Kind {
        name: "list of repositories",
        leads_here: |path| path.contains("/_catalog"),
        asked_by: search,
        most: 4 << 20,
    },
    Kind {
        name: "token",
        leads_here: |path| path.starts_with("/token?"),
        asked_by: add,
        most: 64 << 10,
    },
];

/// What nobody waits for alone: all of a fetch has a time limit.
const LAYER: Kind = Kind {
    name: "layer",
    leads_here: |path| path.contains("/blobs/"),
    asked_by: add,
    most: 64 << 20,
};

fn add(host: &str) -> SupplyError {
    let project = Project::new();
    let refused = project.add_unsigned(&format!("oci://{host}/acme/rows:1"), &[]);
    assert!(!project.lock().exists(), "nothing is kept");
    refused.unwrap_err()
}

fn search(host: &str) -> SupplyError {
    block_on(Project::new().installer().search(host, "")).unwrap_err()
}

/// A registry whose answers are right but for those of one kind. It wants a token where the token is what goes wrong.
struct Registry {
    kind: Kind,
    flood: Flood,
    component: Vec<u8>,
    address: String,
    /// Bytes of the bad answer that the system took.
    sent: AtomicU64,
}

impl Registry {
    fn start(kind: Kind, flood: Flood) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = Arc::new(Self {
            kind,
            flood,
            component: validator("rows", "1.0.0", &[]),
            address: listener.local_addr().unwrap().to_string(),
            sent: AtomicU64::new(0),
        });
        let serving = registry.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let registry = serving.clone();
                // It ends when the client has had enough.
                std::thread::spawn(move || registry.respond(&stream));
            }
        });
        registry
    }

    fn respond(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let request = lines.next().unwrap_or_default();
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        let path = request.split(' ').nth(1).unwrap_or_default();
        if (self.kind.leads_here)(path) {
            return self.flood(stream);
        }
        let (status, more, body) = self.right_answer(path);
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nConnection: close\r\n{more}Content-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(&body)
    }

    fn right_answer(&self, path: &str) -> (&'static str, String, Vec<u8>) {
        let found = |body: &[u8]| ("200 OK", String::new(), body.to_vec());
        if self.kind.name == "token" {
            let realm = format!("http://{}/token", self.address);
            let challenge = format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"here\"\r\n");
            return ("401 Unauthorized", challenge, Vec::new());
        }
        match path.split('?').next().unwrap_or_default() {
            "/v2/_catalog" => found(br#"{"repositories":["acme/rows"]}"#),
            "/v2/acme/rows/tags/list" => found(br#"{"name":"acme/rows","tags":["1"]}"#),
            "/v2/acme/rows/manifests/1" => found(self.manifest().as_bytes()),
            path if path.contains("/blobs/") => found(&self.component),
            _ => ("404 Not Found", String::new(), Vec::new()),
        }
    }

    fn manifest(&self) -> String {
        let (digest, size) = (sha256_hex(&self.component), self.component.len());
        let layer = format!(r#"{{"mediaType":"application/wasm","digest":"sha256:{digest}","size":{size}}}"#);
        format!(r#"{{"schemaVersion":2,"config":{layer},"layers":[{layer}]}}"#)
    }

    fn flood(&self, stream: &TcpStream) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
        match self.flood {
            Flood::Announced => {
                self.send(
                    stream,
                    format!("{head}Content-Length: 1099511627776\r\n\r\n").as_bytes(),
                )?;
                self.repeat(stream, &vec![b' '; 1 << 20])
            }
            Flood::Endless => {
                self.send(stream, format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
                self.repeat(stream, &chunk(&vec![b' '; 1 << 20]))
            }
            Flood::Packed => {
                let packing = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
                self.send(stream, format!("{head}{packing}").as_bytes())?;
                self.repeat(stream, &chunk(&packed()))
            }
            Flood::Dripping => {
                self.send(stream, format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
                self.drip(stream, &chunk(b" "))
            }
            Flood::DrippingHead => {
                self.send(stream, head.as_bytes())?;
                self.drip(stream, b"x")
            }
        }
    }

    fn repeat(&self, stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.send(stream, bytes)?;
        }
    }

    fn drip(&self, stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.send(stream, bytes)?;
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn send(&self, mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = stream.write(bytes)?;
            self.sent.fetch_add(taken as u64, Ordering::Relaxed);
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// The error with its help, and that nothing was read beyond what may be.
    fn ask(&self) -> String {
        let error = (self.kind.asked_by)(&self.address);
        let sent = self.sent.load(Ordering::Relaxed);
        assert!(
            sent > 0,
            "{:?} {:?} was never asked for: {error}",
            self.kind,
            self.flood
        );
        let most = self.kind.most + MAX_ON_THE_WAY;
        assert!(sent < most, "{:?} {:?}: {sent} bytes were sent", self.kind, self.flood);
        said(&error)
    }
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// 128 MiB of blanks in 128 KiB.
fn packed() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..128 {
        packer.write_all(&blanks).unwrap();
    }
    packer.finish().unwrap()
}

#[test]
fn answers_without_an_end_are_read_to_their_limit_and_no_further() {
    for kind in KINDS.into_iter().chain([LAYER]) {
        for flood in [Flood::Announced, Flood::Endless, Flood::Packed] {
            let registry = Registry::start(kind, flood);
            let refused = registry.ask();
            let expected = format!(
                "registry {} sends a {} of more than {} bytes",
                registry.address, kind.name, kind.most
            );
            assert!(refused.starts_with(&expected), "{flood:?}: {refused}");
            assert!(refused.contains("take the plugin from another one"), "{refused}");
        }
    }
}

#[test]
fn answers_that_drip_are_not_waited_for() {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for (kind, flood) in KINDS
            .iter()
            .flat_map(|kind| [(kind, Flood::Dripping), (kind, Flood::DrippingHead)])
        {
            scope.spawn(move || {
                let registry = Registry::start(*kind, flood);
                let refused = registry.ask();
                let expected = format!(
                    "registry {} did not send its {} within 20 s",
                    registry.address, kind.name
                );
                assert!(refused.starts_with(&expected), "{flood:?}: {refused}");
            });
        }
    });
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
