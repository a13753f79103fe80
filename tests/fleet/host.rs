//! A host of its own on this machine: a network namespace at the end of a cable that can be pulled. Needs root and Debian's `iproute2`.

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// The host.
pub struct Host {
    name: String,
    /// This machine's end of the cable, and its address.
    cable: String,
    address: Ipv4Addr,
}

impl Host {
    /// Makes a host, or says that `test` is skipped.
    pub fn start(test: &str) -> Option<Self> {
        let number = std::process::id();
        let [_, _, third, fourth] = number.to_be_bytes();
        let host = Self {
            name: format!("nl2sql-{number}"),
            cable: format!("nl{number}"),
            address: Ipv4Addr::new(10, 200 + (third % 50), fourth, 1),
        };
        let made = host.make();
        if made.is_none() {
            eprintln!("skipped: {test} needs network namespaces, which take root and iproute2");
        }
        made.map(|()| host)
    }

    fn make(&self) -> Option<()> {
        let (name, cable) = (&self.name, &self.cable);
        let far = format!("{cable}f");
        let [a, b, c, _] = self.address.octets();
        ip(&format!("netns add {name}"))?;
        ip(&format!("link add {cable} type veth peer name {far}"))?;
        ip(&format!("link set {far} netns {name}"))?;
        ip(&format!("addr add {}/30 dev {cable}", self.address))?;
        ip(&format!("link set {cable} up"))?;
        ip(&format!("netns exec {name} ip addr add {a}.{b}.{c}.2/30 dev {far}"))?;
        ip(&format!("netns exec {name} ip link set {far} up"))
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

    /// Makes the cable lose a twentieth of what it carries, and the rest late; false where the kernel has no `netem`.
    pub fn damage(&self) -> bool {
        succeeds(
            "tc",
            &format!("qdisc add dev {} root netem delay 20ms 10ms loss 5%", self.cable),
        )
        .is_some()
    }

    /// Pulls the cable for a while. Nobody is told: what was sent is lost.
    pub fn cut(&self, time: Duration) {
        ip(&format!("link set {} down", self.cable)).unwrap();
        sleep(time);
        ip(&format!("link set {} up", self.cable)).unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The cable goes with the namespace; either may never have come to be.
        let _ = ip(&format!("netns del {}", self.name));
        let _ = ip(&format!("link del {}", self.cable));
    }
}

fn ip(arguments: &str) -> Option<()> {
    succeeds("ip", arguments)
}

fn succeeds(program: &str, arguments: &str) -> Option<()> {
    let status = Command::new(program)
        .args(arguments.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success()).then_some(())
}
