//! What a program asked of the pretended driver, event by event.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// An event, as `pretended_driver.c` writes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Launch(u32),
    Upload,
    Read { bytes: u64 },
    Wait,
}

/// All events of a program, in order.
pub struct EventLog {
    kernels: BTreeMap<u32, String>,
    events: Vec<Event>,
}

/// What one step asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Kernels launched.
    pub launches: usize,
    /// Copies to the card.
    pub uploads: usize,
    /// Copies from the card.
    pub reads: usize,
    /// Times the host waited.
    pub waits: usize,
    /// Launches by the kernel's name, the most frequent first.
    pub by_kernel: Vec<(String, usize)>,
}

impl EventLog {
    /// Reads `events.tsv`.
    ///
    /// # Errors
    /// A line is none of those that the driver writes.
    pub fn parse(text: &str) -> Result<Self> {
        let mut log = Self {
            kernels: BTreeMap::new(),
            events: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            log.add(line)
                .with_context(|| format!("line {} of the events, `{line}`, is none", number + 1))?;
        }
        Ok(log)
    }

    fn add(&mut self, line: &str) -> Result<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        let event = match fields[..] {
            ["kernel", number, name] => {
                self.kernels.insert(number.parse()?, name.to_owned());
                return Ok(());
            }
            ["launch", kernel] => Event::Launch(kernel.parse()?),
            ["upload", bytes] => {
                bytes.parse::<u64>()?;
                Event::Upload
            }
            ["read", bytes] => Event::Read { bytes: bytes.parse()? },
            ["wait"] => Event::Wait,
            _ => bail!("unknown event"),
        };
        self.events.push(event);
        Ok(())
    }

    /// The last step of a training: it ends with reading its figures, which is the largest read there is.
    ///
    /// # Errors
    /// There were not two steps, of which the first does more than the others.
    pub fn last_step(&self) -> Result<Step> {
        let sizes = self.events.iter().filter_map(|event| match event {
            Event::Read { bytes } => Some(*bytes),
            _ => None,
        });
        let largest = sizes.max().context("the program read nothing from the card")?;
        let is_end = |event: &Event| *event == Event::Read { bytes: largest };
        let mut ends = (0..self.events.len())
            .rev()
            .filter(|place| is_end(&self.events[*place]));
        let (Some(end), Some(begin)) = (ends.next(), ends.next()) else {
            bail!("the program did not end two steps");
        };
        Ok(self.count(&self.events[begin + 1..=end]))
    }

    fn count(&self, events: &[Event]) -> Step {
        let mut step = Step {
            launches: 0,
            uploads: 0,
            reads: 0,
            waits: 0,
            by_kernel: Vec::new(),
        };
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        for event in events {
            match event {
                Event::Launch(kernel) => {
                    step.launches += 1;
                    *by_name.entry(self.name(*kernel)).or_default() += 1;
                }
                Event::Upload => step.uploads += 1,
                Event::Read { .. } => step.reads += 1,
                Event::Wait => step.waits += 1,
            }
        }
        step.by_kernel = by_name
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        step.by_kernel.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        step
    }

    fn name(&self, kernel: u32) -> &str {
        self.kernels.get(&kernel).map_or("unnamed", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_STEPS: &str = "kernel\t1\tproduct\nkernel\t2\tsum\nupload\t64\nlaunch\t1\nread\t8\nlaunch\t2\nread\t400\nwait\n\
                             upload\t400\nlaunch\t1\nlaunch\t2\nlaunch\t1\nread\t8\nread\t400\nwait\nlaunch\t2\n";

    #[test]
    fn the_last_step_lies_between_the_largest_reads() {
        let log = EventLog::parse(TWO_STEPS).unwrap();
        let expected = Step {
            launches: 3,
            uploads: 1,
            reads: 2,
            waits: 1,
            by_kernel: vec![("product".to_owned(), 2), ("sum".to_owned(), 1)],
        };
        assert_eq!(log.last_step().unwrap(), expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, part) in [
            ("launch\t1\nlunch\t1", "line 2"),
            ("launch\tone", "line 1"),
            ("read", "line 1"),
        ] {
            let error = EventLog::parse(text).map(|_| ()).unwrap_err();
            assert!(format!("{error:#}").contains(part), "{error:#}");
        }
    }

    #[test]
    fn one_step_is_too_few() {
        let one = EventLog::parse("launch\t1\nread\t400\n").unwrap();
        assert!(one.last_step().is_err());
        assert!(EventLog::parse("launch\t1\n").unwrap().last_step().is_err());
    }
}
