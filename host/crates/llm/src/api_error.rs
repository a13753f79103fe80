//! What a server says is wrong, in whichever of the usual shapes it says so.

use serde_json::Value;

use crate::ProviderFault;

/// An error message out of a response body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// `type`, `code` and `status` of the error, in lower case.
    pub kind: String,
    /// What happened, in the server's words.
    pub message: String,
}

/// Words of errors that pass by themselves.
const PASSING: [&str; 8] = [
    "rate",
    "overload",
    "timeout",
    "server_error",
    "internal",
    "unavailable",
    "busy",
    "api_error",
];
/// Words of errors that another try does not cure.
const FINAL: [&str; 9] = [
    "invalid",
    "authentication",
    "permission",
    "not_found",
    "forbidden",
    "unauthorized",
    "billing",
    "quota",
    "balance",
];
/// Words by which a rate limit says that it is really an empty account.
const UNPAID: [&str; 4] = ["insufficient_quota", "billing", "balance", "arrears"];
/// Words by which a filter of the provider declines a prompt.
const FILTERED: [&str; 4] = [
    "content_filter",
    "content_policy",
    "data_inspection_failed",
    "responsibleai",
];

impl ApiError {
    /// The error of a body that is one: OpenAI's and Anthropic's `error` object, vLLM's and FastAPI's shapes, or a bare text.
    pub fn read(body: &Value) -> Option<Self> {
        let error = match body.get("error").filter(|error| !error.is_null()) {
            Some(error) => error,
            None if body.get("object").and_then(Value::as_str) == Some("error") => body,
            None if body.get("type").and_then(Value::as_str) == Some("error") => body,
            None if body.get("choices").or(body.get("content")).is_none() => Self::elsewhere(body)?,
            None => return None,
        };
        if let Value::String(message) = error {
            return Some(Self {
                kind: String::new(),
                message: message.clone(),
            });
        }
        let word = |key: &str| match error.get(key) {
            Some(Value::String(word)) => word.to_lowercase(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let kind = ["type", "code", "status"].map(word);
        let message = ["message", "detail", "msg"]
            .iter()
            .find_map(|key| error.get(*key).and_then(Value::as_str))
            .map_or_else(|| error.to_string(), str::to_owned);
        Some(Self {
            kind: kind.join(" ").trim().to_owned(),
            message,
        })
    }

    /// A body that is no answer but has a field of the kind that carries messages.
    fn elsewhere(body: &Value) -> Option<&Value> {
        body.get("detail")
            .filter(|detail| !detail.is_null())
            .or_else(|| body.get("errors")?.get(0))
            .or_else(|| body.get("message").is_some_and(Value::is_string).then_some(body))
    }

    fn says(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words
            .iter()
            .any(|word| self.kind.contains(word) || message.contains(word))
    }

    /// The account has no money left, so waiting does not help.
    pub fn is_unpaid(&self) -> bool {
        self.says(&UNPAID)
    }

    /// A filter declined the prompt: as good as a refusal by the model.
    pub fn is_filtered(&self) -> bool {
        self.says(&FILTERED)
    }

    /// The fault when no HTTP status tells: an error within a good response or a stream. What is not known passes.
    pub fn into_fault(self) -> ProviderFault {
        let code = self.kind.split(' ').find_map(|word| word.parse::<u16>().ok());
        let passing =
            code.is_some_and(|code| code >= 500 || code == 429) || PASSING.iter().any(|word| self.kind.contains(word));
        let lasting = code.is_some_and(|code| (400..500).contains(&code) && code != 429)
            || FINAL.iter().any(|word| self.kind.contains(word));
        let message = format!("an error in place of an answer: {}", self.message);
        if self.is_unpaid() || (lasting && !passing) {
            return ProviderFault::Final(message);
        }
        ProviderFault::Passing {
            message,
            retry_after: None,
            overloaded: code == Some(429) || ["rate", "overload", "busy"].iter().any(|word| self.kind.contains(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_found_in_every_usual_shape() {
        for body in [
            json!({ "error": { "message": "too long", "type": "invalid_request_error", "code": null } }),
            json!({ "error": "too long" }),
            json!({ "type": "error", "error": { "type": "invalid_request_error", "message": "too long" } }),
            json!({ "object": "error", "message": "too long", "code": 400 }),
            json!({ "detail": "too long" }),
            json!({ "errors": [{ "message": "too long" }] }),
            json!({ "code": "InvalidParameter", "message": "too long" }),
        ] {
            assert_eq!(
                ApiError::read(&body).map(|it| it.message).as_deref(),
                Some("too long"),
                "{body}"
            );
        }
        assert_eq!(ApiError::read(&json!({ "error": null, "choices": [] })), None);
        assert_eq!(ApiError::read(&json!({ "choices": [], "message": "x" })), None);
    }

    #[test]
    fn errors_without_a_status_are_told_apart() {
        let fault = |body| ApiError::read(&body).unwrap().into_fault();
        let overloaded = fault(json!({ "error": { "type": "overloaded_error", "message": "Overloaded" } }));
        assert!(
            matches!(overloaded, ProviderFault::Passing { overloaded: true, .. }),
            "{overloaded:?}"
        );
        let wrong_key = fault(json!({ "error": { "type": "authentication_error", "message": "bad key" } }));
        assert!(matches!(wrong_key, ProviderFault::Final(_)), "{wrong_key:?}");
        let broke = fault(json!({ "error": { "code": "insufficient_quota", "type": "rate", "message": "pay" } }));
        assert!(matches!(broke, ProviderFault::Final(_)), "{broke:?}");
        let unknown = fault(json!({ "error": "hiccup" }));
        assert!(
            matches!(unknown, ProviderFault::Passing { overloaded: false, .. }),
            "{unknown:?}"
        );
        assert!(
            ApiError::read(&json!({ "error": { "code": "content_filter", "message": "no" } }))
                .unwrap()
                .is_filtered()
        );
    }
}
