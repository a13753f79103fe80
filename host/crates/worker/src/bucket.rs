//! What a bucket of the queue holds.

use async_nats::jetstream::kv::Store;
use futures::TryStreamExt;

use crate::QueueError;

/// Every entry by its key. Keys are asked of the bucket's stream: the client's own list of them waits for a message that does not come where an
/// entry is renewed at that moment, until the server's next sign of life.
///
/// # Errors
/// When the server refuses or does not answer; `purpose` says what could not be done.
pub(crate) async fn entries(store: &Store, purpose: &'static str) -> Result<Vec<(String, Vec<u8>)>, QueueError> {
    let refused = |error: String| QueueError::refused(purpose, error);
    let listed = store
        .stream
        .info_with_subjects(format!("{}>", store.prefix))
        .await
        .map_err(|error| refused(error.to_string()))?;
    let subjects: Vec<(String, usize)> = listed.try_collect().await.map_err(|error| refused(error.to_string()))?;
    let mut entries = Vec::new();
    for key in subjects
        .iter()
        .filter_map(|(subject, _)| subject.strip_prefix(&store.prefix))
    {
        let text = store.get(key).await.map_err(|error| refused(error.to_string()))?;
        entries.extend(text.map(|text| (key.to_owned(), text.to_vec())));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nl2sql_profile::QueueSettings;

    use super::entries;
    use crate::Queue;
    use crate::nats::Nats;

    #[tokio::test(flavor = "multi_thread")]
    async fn entries_are_there_while_they_are_renewed_and_gone_when_they_are_taken_back() {
        let Some(server) = Nats::start("entries_are_there", &[]) else {
            return;
        };
        let settings = QueueSettings {
            url: server.url(),
            ..QueueSettings::default()
        };
        let queue = Queue::connect(&settings).await.unwrap();
        for name in ["one", "other"] {
            queue.workers.put(name, "first".into()).await.unwrap();
        }
        let renewed = queue.workers.clone();
        let renewal = tokio::spawn(async move {
            loop {
                renewed.put("one", "again".into()).await.unwrap();
            }
        });
        for _ in 0..300 {
            let found = tokio::time::timeout(Duration::from_secs(4), entries(&queue.workers, "list")).await;
            let mut found = found.expect("it waits for a message that does not come").unwrap();
            found.sort();
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["one", "other"]);
        }
        renewal.abort();
        queue.workers.purge("other").await.unwrap();
        let found = entries(&queue.workers, "list").await.unwrap();
        assert_eq!(found, [("one".to_owned(), b"again".to_vec())]);
    }
}
