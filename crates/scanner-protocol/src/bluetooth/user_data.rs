//! User Data Service: a scale with several users is silent until one has consented.

use crate::Message;

const REGISTER: u8 = 0x01;
const CONSENT: u8 = 0x02;
const DELETE: u8 = 0x03;
const RESPONSE: u8 = 0x20;

/// What is written to the User Control Point (2A9F) so that the scale sends the values of this user: `user` is the scale's own number
/// of the person, `code` the one it was given when the user was registered, 0 to 9999.
pub fn consent(user: u8, code: u16) -> [u8; 4] {
    let [low, high] = code.to_le_bytes();
    [CONSENT, user, low, high]
}

/// What a value of the User Control Point says; `None` if it is no procedure of User Data Service 1.0.
pub(crate) fn control_point(value: &[u8]) -> Option<Message> {
    let code = |low: u8, high: u8| ("consent_code", u16::from_le_bytes([low, high]).to_string());
    let fields = match *value {
        [REGISTER, low, high] => vec![("opcode", "register".to_owned()), code(low, high)],
        [CONSENT, user, low, high] => vec![
            ("opcode", "consent".to_owned()),
            ("user_index", user.to_string()),
            code(low, high),
        ],
        [DELETE] => vec![("opcode", "delete".to_owned())],
        [RESPONSE, request, result, ..] => vec![
            ("opcode", "response".to_owned()),
            ("to", request.to_string()),
            ("result", result.to_string()),
        ],
        _ => return None,
    };
    Some(Message { fields })
}
