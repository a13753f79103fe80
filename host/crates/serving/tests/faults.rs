//! What fails around the server: its model folder is replaced, its database goes and comes back.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use nl2sql_inference::SchedulerOptions;
use nl2sql_profile::ServeSettings;
use nl2sql_serving::Backend;
use serde_json::json;

use crate::adapters::adapter;
use crate::ask::asked_over;
use crate::served::{Served, model, question};
use crate::servers::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn a_model_folder_that_is_replaced_changes_no_answer() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_owned();
    let model = tokio::task::spawn_blocking(move || model(&folder, SchedulerOptions::default()));
    let backend = Backend::Local(model.await.unwrap());
    let tiny = place.path().join("tiny");
    let adapters = place.path().join("adapters");
    adapter(&adapters, "shop");
    let settings = ServeSettings {
        adapters: Some(adapters),
        ..ServeSettings::default()
    };
    let served = Served::over(backend, settings, place).await;
    let asked = question(json!({}));
    let before = served.answer("/v1/chat/completions", &asked).await.1["choices"].clone();
    for file in std::fs::read_dir(&tiny).unwrap() {
        let path = file.unwrap().path();
        // As a download in place would: shorter, then other bytes.
        std::fs::write(&path, "").unwrap();
        std::fs::write(&path, "not a model any more").unwrap();
    }
    assert_eq!(served.answer("/v1/chat/completions", &asked).await.1["choices"], before);
    let other = question(json!({ "messages": [{ "role": "user", "content": "Something else" }] }));
    assert_eq!(served.answer("/v1/chat/completions", &other).await.0, 200);
    let load = json!({ "lora_name": "a", "lora_path": "shop" });
    let (status, refused) = served.answer("/v1/load_lora_adapter", &load).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("model_replaced")),
        "{refused}"
    );
    std::fs::remove_dir_all(&tiny).unwrap();
    assert_eq!(served.answer("/v1/chat/completions", &asked).await.1["choices"], before);
}

/// Connections to a server that can be cut, as when it is down.
struct Line {
    port: u16,
    up: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    fn to(host: String, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            up: Arc::new(AtomicBool::new(true)),
            open: Arc::default(),
        };
        let (up, open) = (line.up.clone(), line.open.clone());
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if !up.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect((host.as_str(), port)) else {
                    continue;
                };
                let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                open.lock().unwrap().extend(ends);
                carry(near.try_clone().unwrap(), far.try_clone().unwrap());
                carry(far, near);
            }
        });
        line
    }

    fn cut(&self) {
        self.up.store(false, Ordering::SeqCst);
        for end in self.open.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        self.up.store(true, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..count]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_down_is_said_to_be_and_used_again_when_it_is_back() {
    let Ok(url) = std::env::var("NL2SQL_TEST_POSTGRES_URL") else {
        println!(
            "skipped: a_database_that_is_down_is_said_to_be_and_used_again_when_it_is_back needs NL2SQL_TEST_POSTGRES_URL"
        );
        return;
    };
    let database = tokio::task::spawn_blocking(move || {
        let database = TestDatabase::create(&url);
        database.script(
            "CREATE TABLE customers (id int PRIMARY KEY, city text); INSERT INTO customers VALUES (1, 'Oslo');",
        );
        database
    })
    .await
    .unwrap();
    let admin = &database.admin;
    let line = Line::to(admin.host.clone(), admin.port.unwrap_or(5_432));
    let address = format!("postgres://{}@127.0.0.1:{}/{}", admin.user, line.port, admin.database);
    let asked = asked_over(
        &["SELECT count(*) FROM customers"],
        &format!("url = \"{address}\"\nallow_write_login = true"),
    )
    .await;
    let (status, answer) = asked.ask(json!({})).await;
    assert_eq!((status, &answer["rows"]), (200, &json!([[1]])), "{answer}");
    line.cut();
    for _ in 0..2 {
        let (status, answer) = asked.ask(json!({})).await;
        assert_eq!(status, 503, "{answer}");
        let said = answer.to_string();
        assert!(
            said.contains("database") && !said.contains(&line.port.to_string()),
            "{said}"
        );
    }
    line.mend();
    let (status, answer) = asked.ask(json!({})).await;
    assert_eq!((status, &answer["rows"]), (200, &json!([[1]])), "{answer}");
    let outcomes: Vec<String> = asked.audit().iter().map(|line| line["outcome"].to_string()).collect();
    assert_eq!(outcomes, ["\"answered\"", "\"failed\"", "\"failed\"", "\"answered\""]);
    drop(asked);
    tokio::task::spawn_blocking(move || drop(database)).await.unwrap();
}
