//! User Data Service: a scale with several users is silent until one has consented.

/// What is written to the User Control Point (2A9F) so that the scale sends the values of this user: `user` is the scale's own number
/// of the person, `code` the one it was given when the user was registered, 0 to 9999.
pub fn consent(user: u8, code: u16) -> [u8; 4] {
    const CONSENT: u8 = 0x02;
    let [low, high] = code.to_le_bytes();
    [CONSENT, user, low, high]
}
