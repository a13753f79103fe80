//! One client, from its first packet to its last.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::InterruptHandle;
use rusqlite::types::Value;
use tokio::sync::mpsc::{self, Receiver};

use crate::admission::{admit, greet};
use crate::answer::Answer;
use crate::engine::{Engine, Event};
use crate::faults::{self, Fault};
use crate::parameters::named_parameters;
use crate::rpc::{self, Call, Procedure};
use crate::server::{Received, Shared};
use crate::tokens::{self, Done, SqlError, change, status};
use crate::transport::{Message, Transport, kind};

/// Serves a connection until it ends, one way or the other.
pub(crate) async fn serve(mut transport: Transport, shared: Arc<Shared>, session: u16) -> io::Result<()> {
    match shared.fault(faults::PRELOGIN) {
        None => {}
        Some(Fault::Reset) => {
            transport.reset();
            return Ok(());
        }
        Some(Fault::Stall | Fault::Deaf) => return deaf(&mut transport).await,
        Some(Fault::Slow(pause)) => tokio::time::sleep(pause).await,
        Some(Fault::Garbage) => return transport.send_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
        Some(_) => return Ok(()),
    }
    let Some(login) = greet(&mut transport, &shared).await? else {
        return Ok(());
    };
    shared.note_login(&login);
    let Some(engine) = admit(&mut transport, &shared, &login, session).await? else {
        return Ok(());
    };
    let mut client = Client {
        interrupt: engine.interrupt_handle(),
        engine: Arc::new(Mutex::new(engine)),
        transport,
        shared,
        session,
    };
    loop {
        let message = client.transport.receive().await?;
        if !client.answer(message).await? {
            return Ok(());
        }
    }
}

/// Waits until the client gives up.
pub(crate) async fn deaf(transport: &mut Transport) -> io::Result<()> {
    loop {
        transport.receive().await?;
    }
}

/// What a request asks to run.
struct Request {
    text: String,
    parameters: Vec<(String, Value)>,
    is_call: bool,
    /// The handle to give back.
    handle: Option<i32>,
    /// Whether there is anything to run.
    runs: bool,
}

struct Client {
    transport: Transport,
    engine: Arc<Mutex<Engine>>,
    interrupt: InterruptHandle,
    shared: Arc<Shared>,
    session: u16,
}

impl Client {
    /// Answers one message; `false` ends the connection.
    async fn answer(&mut self, message: Message) -> io::Result<bool> {
        let mut out = Vec::new();
        if message.resets {
            self.engine().reset();
            tokens::binary_change(&mut out, change::RESET, &[], &[]);
        }
        let request = match message.kind {
            kind::BATCH => Ok(batch(rpc::batch_text(&message.body))),
            kind::TRANSACTION => transaction(&message.body),
            kind::RPC => match rpc::parse(&message.body) {
                Some(call) => self.call(call),
                None => Err(SqlError::new(
                    8009,
                    16,
                    "A parameter of the call has a type this server does not know.",
                )),
            },
            // What it would have stopped has ended already.
            kind::ATTENTION => {
                self.shared.note(self.session, Received::Attention);
                tokens::done(&mut out, Done::Batch, status::ATTENTION, 0);
                self.transport.send(kind::RESPONSE, &out, true).await?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        match request {
            Ok(request) => self.run(request, out).await,
            Err(error) => {
                tokens::error(&mut out, &error);
                tokens::done(&mut out, Done::Batch, status::ERROR, 0);
                self.transport.send(kind::RESPONSE, &out, true).await?;
                Ok(true)
            }
        }
    }

    fn engine(&self) -> std::sync::MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, call: Call) -> Result<Request, SqlError> {
        let mut parameters = call.parameters.into_iter();
        let mut next = || parameters.next().map_or(Value::Null, |(_, value)| value);
        let text = |value: Value| match value {
            Value::Text(text) => text,
            _ => String::new(),
        };
        let number = |value: Value| match value {
            Value::Integer(number) => number,
            _ => 0,
        };
        let mut request = Request {
            text: String::new(),
            parameters: Vec::new(),
            is_call: true,
            handle: None,
            runs: true,
        };
        let declaration = match call.procedure {
            Procedure::ExecuteSql => {
                request.text = text(next());
                text(next())
            }
            Procedure::Prepare | Procedure::PrepareAndExecute => {
                next();
                let declaration = text(next());
                request.text = text(next());
                request.runs = call.procedure == Procedure::PrepareAndExecute;
                let mut engine = self.engine();
                let handle = engine.prepared.len() as i64 + 1;
                engine
                    .prepared
                    .insert(handle, (request.text.clone(), declaration.clone()));
                request.handle = i32::try_from(handle).ok();
                declaration
            }
            Procedure::Execute => {
                let missing = || SqlError::new(8179, 16, "Could not find prepared statement with handle.");
                let (text, declaration) = self
                    .engine()
                    .prepared
                    .get(&number(next()))
                    .cloned()
                    .ok_or_else(missing)?;
                request.text = text;
                declaration
            }
            Procedure::Unprepare => {
                self.engine().prepared.remove(&number(next()));
                request.runs = false;
                String::new()
            }
            Procedure::Other(name) => {
                self.shared.note(self.session, Received::Call(name.clone()));
                return Err(SqlError::new(
                    2812,
                    16,
                    format!("Could not find stored procedure '{name}'."),
                ));
            }
        };
        request.parameters = named_parameters(&declaration, parameters.collect());
        Ok(request)
    }

    async fn run(&mut self, request: Request, mut out: Vec<u8>) -> io::Result<bool> {
        if request.runs {
            self.shared
                .note(self.session, Received::Statement(request.text.clone()));
        }
        self.transport.pause = Duration::ZERO;
        let mut rows_before_drop = usize::MAX;
        match self.shared.fault(&request.text) {
            None => {}
            Some(Fault::Drop) => return Ok(false),
            Some(Fault::DropAfterRows(rows)) => rows_before_drop = rows,
            Some(Fault::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::Stall) => return self.stall().await,
            Some(Fault::Deaf) => return deaf(&mut self.transport).await.map(|()| false),
            Some(Fault::Garbage) => {
                self.transport
                    .send(kind::RESPONSE, &[0x13, 0x37, 0x00, 0xFF], true)
                    .await?;
                return Ok(true);
            }
            Some(Fault::Slow(pause)) => self.transport.pause = pause,
            Some(Fault::Error(error)) => {
                tokens::error(&mut out, &error);
                tokens::done(&mut out, Done::Batch, status::ERROR, 0);
                self.transport.send(kind::RESPONSE, &out, true).await?;
                return Ok(error.class < 20);
            }
            Some(Fault::Info(text)) => tokens::info(&mut out, 50_000, &text),
        }
        let mut answer = Answer::new(request.is_call, out);
        if request.runs && !self.execute(&request, &mut answer, rows_before_drop).await? {
            return Ok(answer.rows < rows_before_drop);
        }
        answer.end(request.handle);
        self.transport.send(kind::RESPONSE, &answer.out, true).await?;
        Ok(true)
    }

    /// Answers nothing until the client sends an attention.
    async fn stall(&mut self) -> io::Result<bool> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        let message = self.transport.receive().await;
        self.shared.running.fetch_sub(1, Ordering::SeqCst);
        if message?.kind != kind::ATTENTION {
            return Ok(false);
        }
        self.acknowledge(Vec::new()).await?;
        Ok(true)
    }

    async fn acknowledge(&mut self, mut out: Vec<u8>) -> io::Result<()> {
        self.shared.note(self.session, Received::Attention);
        tokens::done(&mut out, Done::Batch, status::ATTENTION, 0);
        self.transport.send(kind::RESPONSE, &out, true).await
    }

    /// Runs the request and sends what comes; `false` when an attention ended it or the connection is to be dropped.
    async fn execute(&mut self, request: &Request, answer: &mut Answer, rows_before_drop: usize) -> io::Result<bool> {
        let (sender, mut events) = mpsc::channel(64);
        let engine = Arc::clone(&self.engine);
        let cancelled = Arc::clone(&self.engine().cancelled);
        cancelled.store(false, Ordering::SeqCst);
        let (text, parameters) = (request.text.clone(), request.parameters.clone());
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        let running = Running(Arc::clone(&self.shared));
        let task = tokio::task::spawn_blocking(move || {
            let _running = running;
            engine
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .run(&text, &parameters, &sender);
        });
        let ended = loop {
            tokio::select! {
                event = events.recv() => match event {
                    None => break Ok(true),
                    Some(event) => {
                        if let Err(error) = answer.add(event) {
                            answer.fail(&error);
                        }
                        if answer.rows >= rows_before_drop {
                            self.transport.send(kind::RESPONSE, &answer.out, false).await?;
                            break Ok(false);
                        }
                        if answer.out.len() > self.transport.packet_size * 4 {
                            let whole = answer.out.len() - answer.out.len() % (self.transport.packet_size - 8);
                            let packets: Vec<u8> = answer.out.drain(..whole).collect();
                            self.transport.send(kind::RESPONSE, &packets, false).await?;
                        }
                    }
                },
                message = self.transport.receive() => match message {
                    Ok(message) if message.kind == kind::ATTENTION => break Ok(false),
                    Ok(_) => {}
                    Err(error) => break Err(error),
                },
            }
        };
        if !matches!(ended, Ok(true)) {
            cancelled.store(true, Ordering::SeqCst);
            self.stop(task, &mut events, answer).await;
            if ended.is_ok() && answer.rows < rows_before_drop {
                self.acknowledge(std::mem::take(&mut answer.out)).await?;
            }
        }
        ended
    }

    /// Stops what runs; it may be between two steps, where an interrupt is not heard.
    async fn stop(&self, task: tokio::task::JoinHandle<()>, events: &mut Receiver<Event>, answer: &mut Answer) {
        while !task.is_finished() {
            self.interrupt.interrupt();
            while let Ok(event) = events.try_recv() {
                if let Event::RolledBack = event {
                    let _ = answer.add(event);
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        while let Ok(event) = events.try_recv() {
            if let Event::RolledBack = event {
                let _ = answer.add(event);
            }
        }
    }
}

/// Counts a statement as running for as long as it does.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn batch(text: String) -> Request {
    Request {
        text,
        parameters: Vec::new(),
        is_call: false,
        handle: None,
        runs: true,
    }
}

/// A transaction manager's request as the statement it stands for ([MS-TDS] 2.2.6.9).
fn transaction(body: &[u8]) -> Result<Request, SqlError> {
    let body = rpc::without_headers(body);
    let restarts = || {
        body.get(2)
            .and_then(|length| body.get(3 + usize::from(*length)))
            .is_some_and(|flags| flags & 1 != 0)
    };
    let text = match (body.first(), restarts()) {
        (Some(5), _) => "BEGIN TRANSACTION",
        (Some(7), false) => "COMMIT TRANSACTION",
        (Some(7), true) => "COMMIT TRANSACTION; BEGIN TRANSACTION",
        (Some(8), false) => "ROLLBACK TRANSACTION",
        (Some(8), true) => "ROLLBACK TRANSACTION; BEGIN TRANSACTION",
        _ => {
            return Err(SqlError::new(
                40_000,
                16,
                "The transaction request is beyond this test server.",
            ));
        }
    };
    Ok(batch(text.to_owned()))
}
