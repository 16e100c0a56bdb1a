//! Scales of other makers that send weights as text or short binary frames. `docs/supported-scanners.md` names the manuals.

pub(crate) mod adam;
pub(crate) mod and;
pub(crate) mod cas;
pub(crate) mod doran;
pub(crate) mod labelled;
pub(crate) mod rice_lake;
pub(crate) mod seca_460;
pub(crate) mod settle;
pub(crate) mod toledo;
pub(crate) mod toledo_8217;

use scan_model::Decimal;

/// A number as scales print it: blanks before it, leading zeros, a point, no sign. `None` for any other text.
pub(crate) fn unsigned(text: &[u8]) -> Option<Decimal> {
    let digits = text.trim_ascii_start();
    let number = Decimal::parse(digits).ok()?;
    (!digits.starts_with(b"-")).then_some(number)
}

/// The same with the sign that stood elsewhere.
pub(crate) fn signed(negative: bool, number: Decimal) -> Decimal {
    if negative {
        Decimal::new(-number.mantissa(), number.scale())
    } else {
        number
    }
}
