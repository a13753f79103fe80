//! The server itself.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::http::{HttpRequest, STREAM_HEAD, read_request, response, write_chunk};
use crate::{Chat, Fault, Reply, Script};

/// Writes the replies.
pub trait Responder: Send + Sync {
    /// The reply to one chat.
    fn reply(&self, chat: &Chat) -> String;
}

/// One request that came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// Path.
    pub path: String,
    /// `idempotency-key` header.
    pub idempotency_key: Option<String>,
    /// Every byte, head included.
    pub raw: Vec<u8>,
    /// Whether a whole, good answer went out.
    pub answered: bool,
}

struct Shared {
    responder: Box<dyn Responder>,
    script: Script,
    count: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    received: Mutex<Vec<Received>>,
}

impl Shared {
    fn received(&self) -> MutexGuard<'_, Vec<Received>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server; dropping it stops it.
pub struct LlmServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for LlmServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LlmServer {
    /// Listens on a port of the loopback interface; 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(port: u16, responder: impl Responder + 'static, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            responder: Box::new(responder),
            script,
            count: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            received: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>/v1`, the base URL for the OpenAI protocol; Anthropic's leaves `/v1` out.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Most requests that were being answered at one time.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received().clone()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    // A broken connection is the client's affair: it sees it and says so.
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let at_once = shared.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let kept = answer(&mut stream, &request, &shared).await;
        shared.at_once.fetch_sub(1, Ordering::SeqCst);
        if !matches!(kept, Ok(true)) {
            return;
        }
    }
}

/// Answers one request; `false` closes the connection.
async fn answer(stream: &mut TcpStream, request: &HttpRequest, shared: &Shared) -> io::Result<bool> {
    let Some(chat) = Chat::read(&request.path, &request.body).filter(|_| request.method == "POST") else {
        let body = r#"{"error":{"message":"no such path or body","type":"invalid_request_error"}}"#;
        stream.write_all(&response(404, &[], body)).await?;
        return Ok(true);
    };
    let number = shared.count.fetch_add(1, Ordering::SeqCst);
    let place = {
        let mut received = shared.received();
        received.push(Received {
            path: request.path.clone(),
            idempotency_key: request.headers.get("idempotency-key").cloned(),
            raw: request.raw.clone(),
            answered: false,
        });
        received.len() - 1
    };
    let fault = shared.script.fault(number);
    let whole = match fault {
        Fault::RateLimited(_) | Fault::ServerError | Fault::Unauthorized | Fault::MalformedJson => {
            stream.write_all(&error_response(&chat, fault, request)).await?;
            return Ok(true);
        }
        Fault::Reset => return Ok(false),
        Fault::Verbatim(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        _ => speak(stream, &chat, fault, shared.responder.as_ref()).await?,
    };
    shared.received()[place].answered = whole;
    Ok(whole)
}

fn error_response(chat: &Chat, fault: &Fault, request: &HttpRequest) -> Vec<u8> {
    match fault {
        Fault::RateLimited(seconds) => {
            let body = chat.error_body("rate_limit_error", "too many requests");
            response(429, &[("retry-after", seconds.to_string())], &body)
        }
        Fault::Unauthorized => {
            let key = request
                .headers
                .get("authorization")
                .or_else(|| request.headers.get("x-api-key"));
            let message = format!("incorrect key: {}", key.map_or("", String::as_str));
            response(401, &[], &chat.error_body("authentication_error", &message))
        }
        Fault::MalformedJson => response(200, &[], "{\"choices\": [{\"message\": "),
        _ => response(500, &[], &chat.error_body("api_error", "internal error")),
    }
}

/// Sends a reply, bent or broken by the fault; returns whether it went out whole.
async fn speak(stream: &mut TcpStream, chat: &Chat, fault: &Fault, responder: &dyn Responder) -> io::Result<bool> {
    if let Fault::Slow(delay) = fault {
        tokio::time::sleep(*delay).await;
    }
    let reply = bend(responder.reply(chat), fault);
    if chat.stream {
        stream.write_all(STREAM_HEAD).await?;
        let events = chat.events(&reply);
        for (index, event) in events.iter().enumerate() {
            if index == events.len() / 2 && breaks_off(fault).await {
                return Ok(false);
            }
            write_chunk(stream, event).await?;
        }
        write_chunk(stream, "").await?;
        return Ok(true);
    }
    let bytes = response(200, &[], &chat.body(&reply));
    let (first, second) = bytes.split_at(bytes.len() * 2 / 3);
    stream.write_all(first).await?;
    stream.flush().await?;
    if breaks_off(fault).await {
        return Ok(false);
    }
    stream.write_all(second).await?;
    Ok(true)
}

/// Whether the answer ends here, after the silence the fault asks for.
async fn breaks_off(fault: &Fault) -> bool {
    if let Fault::Stall(silence) = fault {
        tokio::time::sleep(*silence).await;
    }
    matches!(fault, Fault::HalfAnswer | Fault::Stall(_))
}

fn bend(content: String, fault: &Fault) -> Reply {
    match fault {
        Fault::WrongShape => Reply {
            content: r#"{"result": ["not", "what", "was", "asked"]}"#.to_owned(),
            ..Reply::default()
        },
        Fault::Refusal => Reply {
            content: "I cannot help with that.".to_owned(),
            refused: true,
            ..Reply::default()
        },
        Fault::Truncated => {
            let kept = content.chars().count() * 3 / 5;
            Reply {
                content: content.chars().take(kept).collect(),
                truncated: true,
                ..Reply::default()
            }
        }
        Fault::Duplicates => Reply {
            content: doubled(&content),
            ..Reply::default()
        },
        Fault::Prose => {
            let content =
                format!("好的，以下是结果 ✨\n\n```json\n{content}\n```\n\nLet me know if you need anything else.");
            Reply {
                content,
                ..Reply::default()
            }
        }
        _ => Reply {
            content,
            ..Reply::default()
        },
    }
}

/// The first array of the answer with every element given twice; an answer without one stays as it is.
fn doubled(content: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(content) else {
        return content.to_owned();
    };
    if let Some(items) = value
        .as_object_mut()
        .and_then(|object| object.values_mut().find_map(|value| value.as_array_mut()))
    {
        *items = items.iter().flat_map(|item| [item.clone(), item.clone()]).collect();
    }
    value.to_string()
}
