//! What to do about an answer: the table of the upload rules.
//!
//! | the answer is about | remedy |
//! | --- | --- |
//! | the moment: no connection, time-out, 408, 425, 429, 5xx, a success whose JSON is broken | [`Remedy::RetryLater`] |
//! | the token: 401 (after a refresh and a new authentication) | [`Remedy::Pause`] as [`Pause::Unauthorised`] |
//! | the account or the set-up: 402, 403, 404 or 405 on a collection, a web page, a redirect, a bad certificate | [`Remedy::Pause`] |
//! | the state of a reading, or a repeat: other 409, 412, a used idempotency key | [`Remedy::Ask`] |
//! | this reading: 400, 409 `measurement_conflict`, 410, 413, 415, 422, 404 on the reading itself | [`Remedy::SetAside`] |
//! | a performer that the server has forgotten | [`Remedy::Register`] |
//! | nobody knows | [`Remedy::Uncertain`] |

use std::{fmt, time::Duration};

use cloud_api::ErrorCode;
use http::StatusCode;

use crate::{
    Call,
    error::{NotOurs, Refusal},
};

/// What a failed call asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It is about the moment: the same call later.
    RetryLater {
        /// The server asks to be left alone for so long, with every call.
        after: Option<Duration>,
    },
    /// It is about the account or the set-up: hold everything, try one reading now and then, show the name.
    Pause(Pause),
    /// The reading may be there in another state: ask for it, then decide.
    Ask,
    /// It is about this reading alone: set it aside with the answer, go on with the others.
    SetAside,
    /// The server does not know the performer (any more): register it again.
    Register,
    /// The server does not take a result in one call: send it in steps.
    UseSteps,
    /// Nobody can say whether the server has the reading: never send it blindly again.
    Uncertain,
}

/// Names of what keeps the cloud leg from working until somebody does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pause {
    /// The app's credentials are not accepted.
    Unauthorised,
    /// The facility sells scans and none is left.
    AwaitingLicence,
    /// The app lacks a right.
    Forbidden,
    /// There is a server, and it is not the API.
    WrongUrl,
    /// A network log-in page answers in the server's place.
    CaptivePortal,
    /// The certificate is not trusted.
    UntrustedServer,
    /// The server refuses one reading after the other for the same reason.
    Rejecting,
    /// Another machine works under this one's identity.
    ClonedIdentity,
}

impl Pause {
    /// The name as dashboards and the local API show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorised => "unauthorised",
            Self::AwaitingLicence => "awaiting_licence",
            Self::Forbidden => "forbidden",
            Self::WrongUrl => "wrong_url",
            Self::CaptivePortal => "captive_portal",
            Self::UntrustedServer => "untrusted_server",
            Self::Rejecting => "rejecting",
            Self::ClonedIdentity => "cloned_identity",
        }
    }

    /// What somebody has to do, in one sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unauthorised => {
                "Check `client_id` and the secret that `client_secret` refers to; was the secret reset?"
            }
            Self::AwaitingLicence => {
                "Add a scan licence for this facility; the held readings go up by themselves then."
            }
            Self::Forbidden => {
                "Have the scopes scan_performer and scan_creator, and the facility's consent, given to this `client_id`."
            }
            Self::WrongUrl => "Check `base_url` and `dialect` in [cloud]: a server answers there, but not this API.",
            Self::CaptivePortal => {
                "Log this machine in to the network (or set `proxy`): a web page answers in the cloud's place."
            }
            Self::UntrustedServer => "Check the clock of this machine, the host name in `base_url`, and `ca_file`.",
            Self::Rejecting => {
                "The server refuses one thing after the other for the same reason, which the error names; until it takes one again, nothing more is set aside."
            }
            Self::ClonedIdentity => {
                "Another machine runs with this installation's identity: give the copied one a data directory of its own."
            }
        }
    }
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A page or redirect in place of a success comes from somebody in between; in place of an error, from a server that is
/// not the API.
pub(crate) fn of_foreign(status: StatusCode, what: NotOurs) -> Remedy {
    Remedy::Pause(match what {
        NotOurs::RedirectAway => Pause::CaptivePortal,
        NotOurs::Html if status.is_success() => Pause::CaptivePortal,
        NotOurs::Html | NotOurs::RedirectWithin | NotOurs::ContentType | NotOurs::TooLarge => Pause::WrongUrl,
    })
}

pub(crate) fn of_refusal(call: Call, refusal: &Refusal) -> Remedy {
    let code: Option<ErrorCode> = refusal.code.as_deref().and_then(|word| word.parse().ok());
    if code == Some(ErrorCode::PerformerTaken) {
        return Remedy::Pause(Pause::ClonedIdentity);
    }
    match refusal.status.as_u16() {
        511 => Remedy::Pause(Pause::CaptivePortal),
        408 | 425 | 429 | 500..=599 => Remedy::RetryLater {
            after: refusal.retry_after,
        },
        400 if call == Call::Authenticate => Remedy::Pause(of_oauth_code(refusal.code.as_deref())),
        401 | 407 => Remedy::Pause(Pause::Unauthorised),
        402 => Remedy::Pause(Pause::AwaitingLicence),
        403 => Remedy::Pause(Pause::Forbidden),
        404 if matches!(code, Some(ErrorCode::UnknownCollection | ErrorCode::UnknownVersion)) => {
            Remedy::Pause(Pause::WrongUrl)
        }
        404 | 410 if call == Call::Heartbeat => Remedy::Register,
        404 if call.names_reading() => Remedy::SetAside,
        400 | 404 | 409 | 422
            if call.carries_reading() && refusal.field.as_deref() == Some("scanperformer") && !is_claim(code) =>
        {
            Remedy::Register
        }
        404 | 405 => Remedy::Pause(Pause::WrongUrl),
        409 if matches!(code, Some(ErrorCode::MeasurementConflict | ErrorCode::DuplicateMember)) => Remedy::SetAside,
        409 | 412 if call.carries_reading() => Remedy::Ask,
        409 | 412 => Remedy::RetryLater {
            after: refusal.retry_after,
        },
        // A server that does not understand the question cannot be asked.
        400 | 422 if call == Call::FindReading => Remedy::Uncertain,
        422 if code == Some(ErrorCode::IdempotencyMismatch) => Remedy::Ask,
        422 if code == Some(ErrorCode::WalkupNotOffered) => Remedy::UseSteps,
        _ if call.carries_reading() => Remedy::SetAside,
        // The server understands the call and does not want it, and no reading is to blame.
        _ => Remedy::Pause(Pause::Rejecting),
    }
}

/// `already_claimed` names the performer too, but is about the reading's state.
fn is_claim(code: Option<ErrorCode>) -> bool {
    matches!(code, Some(ErrorCode::AlreadyClaimed | ErrorCode::InvalidTransition))
}

fn of_oauth_code(code: Option<&str>) -> Pause {
    match code {
        Some("invalid_scope" | "unauthorized_client" | "unsupported_grant_type") => Pause::Forbidden,
        _ => Pause::Unauthorised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy(call: Call, status: u16, code: Option<&str>, field: Option<&str>) -> Remedy {
        let refusal = Refusal {
            status: StatusCode::from_u16(status).unwrap(),
            code: code.map(str::to_owned),
            field: field.map(str::to_owned),
            retry_after: Some(Duration::from_secs(7)),
            request_id: None,
            text: String::new(),
        };
        of_refusal(call, &refusal)
    }

    #[test]
    fn the_names_of_pauses_are_those_of_the_contract() {
        use Pause::*;
        let pauses = [
            Unauthorised,
            AwaitingLicence,
            Forbidden,
            WrongUrl,
            CaptivePortal,
            UntrustedServer,
            Rejecting,
            ClonedIdentity,
        ];
        assert_eq!(
            pauses.map(Pause::as_str).join(" "),
            "unauthorised awaiting_licence forbidden wrong_url captive_portal untrusted_server rejecting cloned_identity"
        );
    }

    #[test]
    fn a_fault_of_the_set_up_never_sets_a_reading_aside() {
        for call in [Call::CreateReading, Call::AddMeasurements, Call::CompleteReading] {
            for status in [401, 402, 403, 405, 407, 408, 425, 429, 500, 502, 503, 504, 511] {
                assert_ne!(remedy(call, status, None, None), Remedy::SetAside, "{call:?} {status}");
            }
        }
        assert_ne!(remedy(Call::CreateReading, 404, None, None), Remedy::SetAside);
        assert_ne!(
            remedy(Call::AddMeasurements, 404, Some("unknown_version"), None),
            Remedy::SetAside
        );
    }

    #[test]
    fn only_calls_that_carry_a_reading_can_set_one_aside() {
        let others = [
            Call::Authenticate,
            Call::Index,
            Call::RegisterPerformer,
            Call::Heartbeat,
            Call::FindReading,
        ];
        for call in others {
            for status in 400..500 {
                assert_ne!(remedy(call, status, None, None), Remedy::SetAside, "{call:?} {status}");
            }
        }
    }

    #[test]
    fn a_performer_the_server_forgot_is_registered_again_and_a_lost_race_is_asked_about() {
        assert_eq!(remedy(Call::Heartbeat, 404, Some("not_found"), None), Remedy::Register);
        assert_eq!(
            remedy(
                Call::CreateReading,
                422,
                Some("validation_failed"),
                Some("scanperformer")
            ),
            Remedy::Register
        );
        assert_eq!(
            remedy(
                Call::CompleteReading,
                409,
                Some("already_claimed"),
                Some("scanperformer")
            ),
            Remedy::Ask
        );
        assert_eq!(
            remedy(Call::Heartbeat, 409, Some("performer_taken"), None),
            Remedy::Pause(Pause::ClonedIdentity)
        );
    }

    #[test]
    fn the_wait_a_server_asks_for_is_handed_on() {
        let after = Some(Duration::from_secs(7));
        for status in [429, 503] {
            assert_eq!(
                remedy(Call::CreateReading, status, None, None),
                Remedy::RetryLater { after }
            );
        }
    }
}
