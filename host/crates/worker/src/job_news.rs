//! Tells a worker that jobs came or went.

use std::time::Duration;

use async_nats::jetstream::kv::{Store, Watch};
use futures::StreamExt;
use tokio::time::{sleep, timeout};

/// Watches the jobs of a queue, so that a run does not wait for its workers' next look.
pub(crate) struct JobNews {
    jobs: Store,
    watch: Option<Watch>,
}

impl JobNews {
    pub(crate) fn new(jobs: Store) -> Self {
        Self { jobs, watch: None }
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
        match timeout(longest, watch.next()).await {
            Ok(Some(Ok(_))) | Err(_) => {}
            Ok(Some(Err(_)) | None) => {
                self.watch = None;
                sleep(longest).await;
            }
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

    /// Announces jobs until the news says so.
    async fn tells(news: &mut JobNews, queue: &Queue) -> bool {
        let told = news.wait(FOR_EVER);
        tokio::pin!(told);
        for number in 0..100 {
            queue.jobs.put(format!("job{number}"), "".into()).await.unwrap();
            if tokio::time::timeout(Duration::from_millis(200), &mut told)
                .await
                .is_ok()
            {
                return true;
            }
        }
        false
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_is_told_of_when_it_is_announced() {
        let Some(mut server) = Nats::start("a job that is announced", &[]) else {
            return;
        };
        let settings = QueueSettings {
            url: server.url(),
            ..QueueSettings::default()
        };
        let queue = Queue::connect(&settings).await.unwrap();
        let mut news = JobNews::new(queue.jobs.clone());
        assert!(tells(&mut news, &queue).await);
        // A server that was gone has forgotten who watched.
        server.kill();
        news.wait(Duration::from_millis(100)).await;
        server.resume();
        assert!(tells(&mut news, &queue).await, "after the server started again");
    }
}
