//! A line to a server that can be cut, and may be slow.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// A line to a server.
pub struct Line {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    /// A line to `target`.
    pub fn to(target: SocketAddr) -> Self {
        Self::laid(Ipv4Addr::LOCALHOST.into(), target, Duration::ZERO)
    }

    /// A line to `target` on which whatever is sent takes so long.
    pub fn slow(target: SocketAddr, delay: Duration) -> Self {
        Self::laid(Ipv4Addr::LOCALHOST.into(), target, delay)
    }

    /// A line from an address of this machine to `target`.
    pub fn from_address(address: IpAddr, target: SocketAddr) -> Self {
        Self::laid(address, target, Duration::ZERO)
    }

    fn laid(address: IpAddr, target: SocketAddr, delay: Duration) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let line = Self {
            address: listener.local_addr().unwrap(),
            is_cut: Arc::default(),
            open: Arc::default(),
        };
        let (is_cut, open) = (line.is_cut.clone(), line.open.clone());
        spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(target) else { continue };
                let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                open.lock().unwrap().extend(ends);
                pass_on(near.try_clone().unwrap(), far.try_clone().unwrap(), delay);
                pass_on(far, near, delay);
            }
        });
        line
    }

    /// Ends every connection and lets none through for a while.
    pub fn cut(&self, time: Duration) {
        self.is_cut.store(true, Ordering::SeqCst);
        for end in self.open.lock().unwrap().drain(..) {
            // One that has ended already is as good.
            let _ = end.shutdown(Shutdown::Both);
        }
        sleep(time);
        self.is_cut.store(false, Ordering::SeqCst);
    }

    /// The server's URL by this line.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }
}

/// Copies bytes until either side ends, each piece after a while.
fn pass_on(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(read) = from.read(&mut buffer) {
            sleep(delay);
            if read == 0 || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
