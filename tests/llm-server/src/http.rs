//! Just enough HTTP/1.1 to serve: raw, so that a fault can strike between any two bytes.

use std::collections::BTreeMap;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_HEADERS: usize = 64;
const MAX_REQUEST: usize = 32 << 20;

/// One request as it came in.
#[derive(Debug)]
pub struct HttpRequest {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// Every byte of the request, head included.
    pub raw: Vec<u8>,
}

/// Reads one request; `None` when the peer closed between requests.
pub async fn read_request(stream: &mut TcpStream) -> io::Result<Option<HttpRequest>> {
    let mut raw = Vec::new();
    let (mut request, head_length) = loop {
        if let Some(parsed) = parse_head(&raw)? {
            break parsed;
        }
        if stream.read_buf(&mut raw).await? == 0 {
            return Ok(None);
        }
        if raw.len() > MAX_REQUEST {
            return Err(io::Error::other("the request is too large"));
        }
    };
    let length = request
        .headers
        .get("content-length")
        .and_then(|value| value.parse::<usize>().ok())
        .unwrap_or(0);
    while raw.len() < head_length + length {
        if stream.read_buf(&mut raw).await? == 0 {
            return Ok(None);
        }
    }
    request.body = raw[head_length..head_length + length].to_vec();
    request.raw = raw;
    Ok(Some(request))
}

fn parse_head(raw: &[u8]) -> io::Result<Option<(HttpRequest, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(length) = head.parse(raw).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let headers = head
        .headers
        .iter()
        .map(|header| {
            (
                header.name.to_lowercase(),
                String::from_utf8_lossy(header.value).into_owned(),
            )
        })
        .collect();
    let (method, path) = (head.method.unwrap_or("").to_owned(), head.path.unwrap_or("").to_owned());
    Ok(Some((
        HttpRequest {
            method,
            path,
            headers,
            body: Vec::new(),
            raw: Vec::new(),
        },
        length,
    )))
}

/// The bytes of a response with a body of known length.
pub fn response(status: u16, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: application/json\r\n",
        reason(status)
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), body.as_bytes()].concat()
}

/// The head of a streamed response.
pub const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// Writes one chunk of a streamed response; an empty one ends it.
pub async fn write_chunk(stream: &mut TcpStream, data: &str) -> io::Result<()> {
    stream
        .write_all(format!("{:x}\r\n{data}\r\n", data.len()).as_bytes())
        .await?;
    stream.flush().await
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    }
}
