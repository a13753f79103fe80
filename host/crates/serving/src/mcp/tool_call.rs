//! What holds for every call of a tool: it ends when the client cancels it or its time is over, and its errors are of bounded length.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::api_error::ApiError;
use crate::bounded_text::bounded;

/// The outcome of a call, which takes at most so many seconds. Work that nobody waits for is not gone on with.
pub(super) async fn in_time(
    seconds: u32,
    cancelled: CancellationToken,
    call: impl Future<Output = Result<CallToolResponse, ErrorData>>,
) -> Result<CallToolResponse, ErrorData> {
    tokio::select! {
        outcome = call => outcome.map(of_bounded_text).map_err(of_bounded_message),
        () = cancelled.cancelled() => Err(ErrorData::internal_error("the request was cancelled", None)),
        () = tokio::time::sleep(Duration::from_secs(u64::from(seconds))) => {
            let late = ApiError::timed_out(seconds);
            Ok(CallToolResult::structured_error(json!(late.body())).into())
        }
    }
}

/// Arguments that are none are quoted by the library in the text of its answer.
fn of_bounded_text(response: CallToolResponse) -> CallToolResponse {
    match response {
        CallToolResponse::Complete(mut result) if result.structured_content.is_none() => {
            for block in &mut result.content {
                if let ContentBlock::Text(block) = block {
                    block.text = bounded(std::mem::take(&mut block.text));
                }
            }
            result.into()
        }
        other => other,
    }
}

/// An error of the protocol with a message of bounded length.
pub(super) fn of_bounded_message(error: ErrorData) -> ErrorData {
    ErrorData {
        message: bounded(error.message.into_owned()).into(),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_ends() {
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let ended = in_time(600, cancelled, pending()).await.unwrap_err();
        assert!(ended.message.contains("cancelled"), "{ended:?}");
        let late = in_time(0, CancellationToken::new(), pending()).await.unwrap();
        let CallToolResponse::Complete(late) = late else {
            panic!("{late:?}");
        };
        assert_eq!(late.is_error, Some(true));
        assert_eq!(late.structured_content.unwrap()["error"]["code"], "timeout");
    }
}
