//! Tells a worker that jobs came or went.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::jetstream::kv::{Entry, Operation, Store, Watch};
use futures::StreamExt;
use tokio::time::{sleep, timeout};

/// Watches the jobs of a queue, so that a run does not wait for its workers' next look.
pub(crate) struct JobNews {
    jobs: Store,
    watch: Option<Watch>,
    /// Jobs that were told of. They are announced again and again, which is no news.
    told: HashSet<String>,
}

impl JobNews {
    pub(crate) fn new(jobs: Store) -> Self {
        Self {
            jobs,
            watch: None,
            told: HashSet::new(),
        }
    }

    /// Returns when a job was announced or taken back, and after `longest` in any case: a watch does not outlive every failure of its server, and
    /// jobs that nobody renews disappear without a word.
    pub(crate) async fn wait(&mut self, longest: Duration) {
        if self.watch.is_none()
            && let Ok(Ok(watch)) = timeout(longest, self.jobs.watch_all()).await
        {
            self.watch = Some(watch);
        }
        let Some(watch) = &mut self.watch else {
            return sleep(longest).await;
        };
        let told = &mut self.told;
        let news = async {
            while let Some(Ok(entry)) = watch.next().await {
                if is_news(told, &entry) {
                    return true;
                }
            }
            false
        };
        if let Ok(false) = timeout(longest, news).await {
            self.watch = None;
            sleep(longest).await;
        }
    }
}

fn is_news(told: &mut HashSet<String>, entry: &Entry) -> bool {
    match entry.operation {
        Operation::Put => told.insert(entry.key.clone()),
        Operation::Delete | Operation::Purge => {
            told.remove(&entry.key);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nl2sql_profile::QueueSettings;

    use super::JobNews;
    use crate::Queue;
    use crate::nats::Nats;

    const FOR_EVER: Duration = Duration::from_secs(3_600);

    /// Announces jobs until the news says so, and names the last.
    async fn announced(news: &mut JobNews, queue: &Queue, name: &str) -> Option<String> {
        let told = news.wait(FOR_EVER);
        tokio::pin!(told);
        for number in 0..100 {
            let job = format!("{name}{number}");
            queue.jobs.put(&job, "".into()).await.unwrap();
            if tokio::time::timeout(Duration::from_millis(200), &mut told)
                .await
                .is_ok()
            {
                return Some(job);
            }
        }
        None
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_is_told_of_when_it_is_announced_and_when_it_is_taken_back() {
        let Some(mut server) = Nats::start("a job that is announced", &[]) else {
            return;
        };
        let settings = QueueSettings {
            url: server.url(),
            ..QueueSettings::default()
        };
        let queue = Queue::connect(&settings).await.unwrap();
        let mut news = JobNews::new(queue.jobs.clone());
        let job = announced(&mut news, &queue, "first").await.unwrap();
        // Again, which is no news; then it is taken back.
        queue.jobs.put(&job, "".into()).await.unwrap();
        let again = tokio::time::timeout(Duration::from_millis(500), news.wait(FOR_EVER)).await;
        again.expect_err("it was told of before");
        queue.jobs.purge(&job).await.unwrap();
        let back = tokio::time::timeout(Duration::from_secs(30), news.wait(FOR_EVER)).await;
        back.expect("it was taken back");
        // A server that was gone has forgotten who watched.
        server.kill();
        news.wait(Duration::from_millis(100)).await;
        server.resume();
        let job = announced(&mut news, &queue, "second").await;
        assert!(job.is_some(), "after the server started again");
    }
}
