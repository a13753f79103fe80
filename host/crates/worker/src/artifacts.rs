//! Artifacts by their digests, in the queue's object store.

use std::collections::HashSet;

use async_nats::jetstream::object_store::ObjectStore;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use crate::QueueError;

/// Maximum bytes of an artifact: a plugin in Python takes some 20 MB, the catalog of 10,000 tables some 50.
pub(crate) const MAX_ARTIFACT_BYTES: usize = 512 << 20;

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What the tasks of one job refer to.
#[derive(Clone)]
pub struct Artifacts {
    store: ObjectStore,
    job: String,
}

impl Artifacts {
    pub(crate) fn new(store: ObjectStore, job: &str) -> Self {
        Self {
            store,
            job: job.to_owned(),
        }
    }

    /// Stores bytes and gives their digest. What is there is not sent again.
    pub(crate) async fn put(&self, bytes: &[u8]) -> Result<String, QueueError> {
        let digest = sha256(bytes);
        let name = self.name(&digest)?;
        if self.store.info(&name).await.is_ok_and(|info| info.size == bytes.len()) {
            return Ok(digest);
        }
        let mut reader = bytes;
        self.store
            .put(name.as_str(), &mut reader)
            .await
            .map_err(|error| QueueError::refused("store an artifact", error))?;
        Ok(digest)
    }

    /// The bytes of this digest, checked.
    ///
    /// # Errors
    /// When they are not there, too large, or other bytes.
    pub async fn get(&self, digest: &str) -> Result<Vec<u8>, QueueError> {
        let name = self.name(digest)?;
        let mut object = self
            .store
            .get(&name)
            .await
            .map_err(|error| QueueError::artifact(digest, format!("cannot be fetched: {error}")))?;
        if object.info().size > MAX_ARTIFACT_BYTES {
            let reason = format!(
                "has {} bytes, more than the {MAX_ARTIFACT_BYTES} allowed",
                object.info().size
            );
            return Err(QueueError::artifact(digest, reason));
        }
        let mut bytes = Vec::new();
        (&mut object)
            .take(MAX_ARTIFACT_BYTES as u64)
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| QueueError::artifact(digest, format!("cannot be read: {error}")))?;
        if sha256(&bytes) != digest {
            return Err(QueueError::artifact(digest, "holds other bytes than its digest says"));
        }
        Ok(bytes)
    }

    /// Removes everything of the job.
    pub(crate) async fn clear(&self) -> Result<(), QueueError> {
        let action = "list artifacts";
        let mut list = self
            .store
            .list()
            .await
            .map_err(|error| QueueError::refused(action, error))?;
        let prefix = format!("{}/", self.job);
        let mut own = HashSet::new();
        while let Some(info) = list.next().await {
            let info = info.map_err(|error| QueueError::refused(action, error))?;
            if info.name.starts_with(&prefix) {
                own.insert(info.name);
            }
        }
        for name in own {
            self.store
                .delete(&name)
                .await
                .map_err(|error| QueueError::refused("remove an artifact", error))?;
        }
        Ok(())
    }

    /// The object's name. A digest is all that a message can name, so that nothing leads out of the job.
    fn name(&self, digest: &str) -> Result<String, QueueError> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_digest {
            Ok(format!("{}/{digest}", self.job))
        } else {
            let shown: String = digest.chars().take(80).collect();
            Err(QueueError::artifact(&shown, "is not named by a SHA-256 in hex"))
        }
    }
}
