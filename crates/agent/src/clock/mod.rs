//! How far the host's clock can be trusted.

use std::time::Duration;

use jiff::Timestamp;
use scan_model::reading::TimeQuality;
use uploader::ServerClock;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::kernel_is_synchronised;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other::kernel_is_synchronised;

/// Beyond this difference to the cloud's clock the host's is called wrong (MQTT contract, `time_quality`).
pub(crate) const TOLERANCE: Duration = Duration::from_secs(120);

/// How long the cloud's word on the time is worth something.
const FRESH: Duration = Duration::from_hours(1);

/// How far the host's clock can be trusted now.
pub(crate) fn quality(cloud: Option<ServerClock>) -> TimeQuality {
    judge(kernel_is_synchronised(), cloud, Timestamp::now())
}

/// Whether the host's clock is wrong for all that is known.
pub(crate) fn is_wrong(cloud: ServerClock) -> bool {
    u128::from(cloud.offset_ms.unsigned_abs()) > TOLERANCE.as_millis()
}

fn judge(kernel: Option<bool>, cloud: Option<ServerClock>, now: Timestamp) -> TimeQuality {
    let fresh = cloud.filter(|said| {
        let age = now.duration_since(said.at);
        !age.is_negative() && age.unsigned_abs() <= FRESH
    });
    match (kernel, fresh.map(is_wrong)) {
        (Some(true), _) | (_, Some(false)) => TimeQuality::Synced,
        (Some(false), None) | (_, Some(true)) => TimeQuality::Unsynced,
        (None, None) => TimeQuality::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_kernel_or_a_fresh_word_of_the_cloud_vouches_for_the_clock() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let said = |offset_ms, age| {
            Some(ServerClock {
                offset_ms,
                at: now - SignedDuration::from_secs(age),
            })
        };
        for (kernel, cloud, quality) in [
            (Some(true), None, TimeQuality::Synced),
            (Some(true), said(900_000, 1), TimeQuality::Synced),
            (Some(false), None, TimeQuality::Unsynced),
            (Some(false), said(-120_000, 3600), TimeQuality::Synced),
            (Some(false), said(120_001, 1), TimeQuality::Unsynced),
            (Some(false), said(0, 3601), TimeQuality::Unsynced),
            (None, said(-120_000, 3600), TimeQuality::Synced),
            (None, said(900_000, 1), TimeQuality::Unsynced),
            (None, said(-120_001, 3600), TimeQuality::Unsynced),
            (None, said(900_000, 3601), TimeQuality::Unknown),
            // The clock was set back since the cloud was heard.
            (None, said(900_000, -1), TimeQuality::Unknown),
            (None, said(0, 3601), TimeQuality::Unknown),
            (None, None, TimeQuality::Unknown),
        ] {
            assert_eq!(judge(kernel, cloud, now), quality, "{kernel:?} {cloud:?}");
        }
    }
}
