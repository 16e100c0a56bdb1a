//! Windows' security descriptors as text, the same in every language ("Security Descriptor Definition Language", Microsoft).

/// Groups in which everybody is who has an account on the machine or stands before it: everyone, authenticated users, users,
/// interactive users, guests, anonymous; by their two letters and, where a system writes those instead, by their numbers.
const EVERYBODY: [&str; 12] = [
    "WD",
    "S-1-1-0",
    "AU",
    "S-1-5-11",
    "BU",
    "S-1-5-32-545",
    "IU",
    "S-1-5-4",
    "BG",
    "S-1-5-32-546",
    "AN",
    "S-1-5-7",
];

/// Whether a descriptor allows anything to one of these. Without a list of rights everything is allowed to all.
pub(super) fn lets_everybody_in(descriptor: &str) -> bool {
    let Some((_, list)) = descriptor.split_once("D:") else {
        return true;
    };
    // The list for auditing allows nothing.
    let list = list.split("S:").next().unwrap_or_default();
    list.contains("NO_ACCESS_CONTROL")
        || list.split('(').skip(1).any(|entry| {
            let mut fields = entry.trim_end().trim_end_matches(')').split(';');
            fields.next() == Some("A") && fields.nth(4).is_some_and(|who| EVERYBODY.contains(&who))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_open_that_any_group_of_everybody_has_a_right_in() {
        for (descriptor, open) in [
            // As %ProgramData% hands it down.
            (
                "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)",
                true,
            ),
            // After the line with `icacls`.
            ("O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", false),
            ("O:BAD:PAI(A;OICI;FA;;;S-1-5-21-1-2-3-1001)", false),
            ("O:BAD:PAI(D;OICI;FA;;;WD)(A;OICI;FA;;;BA)", false),
            ("O:BAD:PAI(A;OICI;FA;;;BA)S:AI(AU;OICISAFA;FA;;;WD)", false),
            ("O:BAD:PAI(A;OICI;FA;;;BA)(A;;FR;;;S-1-1-0)", true),
            ("O:BAD:NO_ACCESS_CONTROL", true),
            ("O:BAG:SY", true),
        ] {
            assert_eq!(lets_everybody_in(descriptor), open, "{descriptor}");
        }
    }
}
