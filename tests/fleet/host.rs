//! A host of its own on this machine: a network namespace at the end of a bad cable. Needs root, TUN devices and Debian's `iproute2`.

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};

use super::cable::{Cable, Damage};

/// The host.
pub struct Host {
    name: String,
    /// The devices at this machine's end of the cable, and at the host's.
    ends: [String; 2],
    address: Ipv4Addr,
}

impl Host {
    /// Makes a host at the end of such a cable, or says that `test` is skipped.
    pub fn start(test: &str, damage: Damage) -> Option<(Self, Cable)> {
        let number = std::process::id();
        let [_, _, third, fourth] = number.to_be_bytes();
        let host = Self {
            name: format!("nl2sql-{number}"),
            ends: [format!("nl{number}"), format!("nl{number}f")],
            address: Ipv4Addr::new(10, 200 + (third % 50), fourth, 1),
        };
        let cable = host.make(damage);
        if cable.is_none() {
            eprintln!("skipped: {test} needs network namespaces and TUN devices, which take root and iproute2");
        }
        Some((host, cable?))
    }

    fn make(&self, damage: Damage) -> Option<Cable> {
        let (name, [near, far]) = (&self.name, &self.ends);
        ip(&format!("netns add {name}"))?;
        let cable = Cable::lay(near, far, damage).ok()?;
        ip(&format!("link set {far} netns {name}"))?;
        let [a, b, c, _] = self.address.octets();
        ip(&format!("addr add {}/30 dev {near}", self.address))?;
        ip(&format!("link set {near} up"))?;
        ip(&format!("-n {name} addr add {a}.{b}.{c}.2/30 dev {far}"))?;
        ip(&format!("-n {name} link set {far} up"))?;
        Some(cable)
    }

    /// The address of this machine, as the host knows it.
    pub fn gateway(&self) -> IpAddr {
        self.address.into()
    }

    /// A command that the host runs.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The far end goes with the namespace; any of them may never have come to be.
        let _ = ip(&format!("netns del {}", self.name));
        let _ = ip(&format!("link del {}", self.ends[0]));
    }
}

fn ip(arguments: &str) -> Option<()> {
    let status = Command::new("ip")
        .args(arguments.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success()).then_some(())
}
