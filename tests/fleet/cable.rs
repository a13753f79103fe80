//! A cable between two network devices of this machine: packets that go in at one end come out at the other, unless they are lost.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tun_rs::{DeviceBuilder, SyncDevice};

/// Bytes of the largest packet.
const MAX_PACKET: usize = 1500;

/// What happens to packets on their way.
#[derive(Clone, Copy)]
pub struct Damage {
    /// Share of the packets that is lost, each by itself.
    pub loss: f64,
    /// What the others take at least, and at most.
    pub delay: [Duration; 2],
}

/// A cable with a TUN device at either end. An end that is moved to another network namespace stays on the cable.
pub struct Cable {
    is_cut: Arc<AtomicBool>,
    arrived: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
}

impl Cable {
    /// Lays a cable between two new devices of these names. It ends with either of them.
    pub fn lay(near: &str, far: &str, damage: Damage) -> io::Result<Self> {
        let cable = Self {
            is_cut: Arc::default(),
            arrived: Arc::default(),
            lost: Arc::default(),
        };
        let [near, far] = [device(near)?, device(far)?];
        cable.carry(near.clone(), far.clone(), damage, 1);
        cable.carry(far, near, damage, 2);
        Ok(cable)
    }

    /// Takes packets in at one end, and hands those that are not lost to the other.
    fn carry(&self, from: Arc<SyncDevice>, to: Arc<SyncDevice>, damage: Damage, seed: u64) {
        let (is_cut, arrived, lost) = (self.is_cut.clone(), self.arrived.clone(), self.lost.clone());
        let (on_the_way, arriving) = channel();
        spawn(move || deliver(&arriving, &to));
        spawn(move || {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            let mut packet = [0; MAX_PACKET];
            while let Ok(length) = from.recv(&mut packet) {
                let [least, most] = damage.delay;
                let arrival = Instant::now() + chance.random_range(least..=most);
                if chance.random_bool(damage.loss) || is_cut.load(Ordering::SeqCst) {
                    lost.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                arrived.fetch_add(1, Ordering::SeqCst);
                if on_the_way.send((arrival, packet[..length].to_vec())).is_err() {
                    break;
                }
            }
        });
    }

    /// Packets that arrived so far, and those that were lost.
    pub fn packets(&self) -> [usize; 2] {
        [&self.arrived, &self.lost].map(|count| count.load(Ordering::SeqCst))
    }

    /// Loses everything for a while. Nobody is told.
    pub fn cut(&self, time: Duration) {
        self.is_cut.store(true, Ordering::SeqCst);
        sleep(time);
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn device(name: &str) -> io::Result<Arc<SyncDevice>> {
    let device = DeviceBuilder::new().name(name).build_sync()?;
    Ok(Arc::new(device))
}

/// Hands packets over when they are due, in the order in which they were sent. Those that the end does not take, because it is down, are lost.
fn deliver(arriving: &Receiver<(Instant, Vec<u8>)>, to: &SyncDevice) {
    for (arrival, packet) in arriving {
        sleep(arrival.saturating_duration_since(Instant::now()));
        let _ = to.send(&packet);
    }
}
