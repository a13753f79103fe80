//! How a registry wants to be told who asks.

use http_auth::{ChallengeParser, ChallengeRef};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What stands in the answer to a request that was not allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token, which another address gives.
    Bearer {
        /// That address.
        realm: String,
        /// What the registry is called there.
        service: Option<String>,
    },
}

impl Challenge {
    /// The first one that can be met.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter();
        let mut challenges = texts
            .filter_map(|text| text.to_str().ok())
            .flat_map(|text| ChallengeParser::new(text).map_while(Result::ok));
        challenges.find_map(|challenge| Self::read(&challenge))
    }

    fn read(challenge: &ChallengeRef<'_>) -> Option<Self> {
        let parameter = |name: &str| {
            let mut parameters = challenge.params.iter();
            let found = parameters.find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_unescaped())
        };
        if challenge.scheme.eq_ignore_ascii_case("bearer") {
            Some(Self::Bearer {
                realm: parameter("realm")?,
                service: parameter("service"),
            })
        } else {
            challenge.scheme.eq_ignore_ascii_case("basic").then_some(Self::Basic)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_challenge_that_can_be_met_counts() {
        let read = |text: &str| Challenge::of(&HeaderMap::from_iter([(WWW_AUTHENTICATE, text.parse().unwrap())]));
        assert_eq!(
            read(r#"Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a:push""#),
            Some(Challenge::Bearer {
                realm: "https://auth.example.com/token".to_owned(),
                service: Some("registry".to_owned()),
            })
        );
        assert_eq!(read(r#"Negotiate, Basic realm="here""#), Some(Challenge::Basic));
        assert_eq!(read("Bearer"), None);
        assert_eq!(read("Bearer realm="), None);
    }
}
