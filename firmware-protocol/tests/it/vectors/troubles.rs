//! Conversations in which something goes wrong, as the scanner sees them. The bridge is played by hand: an endpoint that does what
//! it should would not lose, repeat or misspell anything.

use firmware_protocol::{
    frame::{self, Frame},
    *,
};

use super::{
    cases,
    conversation::NOW,
    script::{RESULT, Script, Trouble, encoded},
};
use crate::sample;

pub(super) fn troubles() -> Vec<Trouble> {
    vec![
        a_part_is_lost(),
        a_gap_in_a_message_of_the_bridge(),
        answers_are_lost(),
        the_bridge_starts_anew(),
        no_common_version(),
        a_result_is_confirmed_early_and_twice(),
        a_message_of_exactly_one_part(),
        results_and_messages_take_turns(),
        messages_that_are_not_understood(),
        bytes_that_are_no_frames(),
        every_message(),
        an_uptime_that_has_come_to_its_end(),
    ]
}

fn a_part_is_lost() -> Trouble {
    let mut script = Script::met(NOW);
    script.keeps_result();
    // Its first part did not arrive.
    script.arrives(Frame::Want {
        session: script.session(),
        seq: script.sent,
        index: 0,
    });
    script.done();
    script.says(HostMessage::Stored(RESULT));
    script.end("a part is lost, and the bridge wants it")
}

fn a_gap_in_a_message_of_the_bridge() -> Trouble {
    let mut script = Script::met(NOW);
    // Of a later version: no message of this one is longer than a part.
    let part = [99; frame::MAX_PAYLOAD];
    for index in [0, 2, 3, 4, 1, 2, 3, 4] {
        script.says_part(index, index == 4, &part);
    }
    script.seq += 1;
    script.says(HostMessage::Cancel(9));
    script.end("a gap in a long message is asked for once, and once more behind its last part")
}

fn answers_are_lost() -> Trouble {
    let mut script = Script::met(NOW);
    script.faults();
    // The first repeat comes after 100 ms and two frame times, the second after twice that, but 250 ms and two frame times at most.
    script.waits_until(NOW + 143_922);
    script.waits_until(NOW + 143_922 + 287_844);
    script.done();
    script.says(HostMessage::Cancel(9));
    script.seq -= 1;
    script.says(HostMessage::Cancel(9));
    script.end("answers are lost, and what they answer is repeated")
}

fn the_bridge_starts_anew() -> Trouble {
    let mut script = Script::met(NOW);
    script.keeps_result();
    script.done();
    script.nonce = 5;
    script.scanner = 0;
    script.greets();
    script.greets();
    script.done();
    script.done();
    script.says(HostMessage::Stored(RESULT));
    script.end("the bridge starts anew and gets the result again")
}

fn no_common_version() -> Trouble {
    let mut script = Script::new(NOW);
    script.versions.oldest = 4;
    script.greets();
    script.waits_until(NOW + 5_000_000);
    script.versions.oldest = 1;
    script.greets();
    script.done();
    script.end("a bridge without a common version is updated")
}

fn a_result_is_confirmed_early_and_twice() -> Trouble {
    let mut script = Script::met(NOW);
    script.keeps_result();
    // The bridge has the record from an earlier session; its "done" is lost, and the scanner repeats what it has forgotten: zeros.
    script.says(HostMessage::Stored(RESULT));
    script.waits_until(NOW + 143_922);
    script.done();
    script.says(HostMessage::Stored(RESULT));
    script.end("a result is confirmed while it is sent, and once more")
}

fn a_message_of_exactly_one_part() -> Trouble {
    let mut script = Script::met(NOW);
    script.does("keep 235 bytes as result 7-1", |device| {
        device.store_mut().append(RESULT, &[5; 235]).unwrap();
    });
    script.done();
    script.says(HostMessage::Stored(RESULT));
    script.end("a message of exactly 240 bytes is one full last part")
}

fn results_and_messages_take_turns() -> Trouble {
    let mut script = Script::met(NOW);
    script.acts("log that the load cells are warm", |device| {
        device.log(LogLevel::Info, "load cells warm").unwrap();
    });
    script.faults();
    script.does("end asked 9 as cancelled", |device| {
        device.ended(ScanRef::Asked(9), Ending::Cancelled).unwrap();
    });
    script.keeps_result();
    // The log is under way. The fault goes before the record, the end behind it.
    for _ in 0..4 {
        script.done();
    }
    script.says(HostMessage::Stored(RESULT));
    script.end("a result lets one of the messages that wait go first")
}

fn messages_that_are_not_understood() -> Trouble {
    let mut script = Script::met(NOW);
    let unreadable = cases::unreadable();
    let bridge = unreadable.iter().filter(|(from, ..)| *from == Side::Host);
    let mut count = 0;
    for (_, _, bytes) in bridge {
        script.says_bytes(bytes);
        count += 1;
    }
    // A message of a later version, as long as a part can be.
    script.says_bytes(&[99; frame::MAX_PAYLOAD]);
    script.counts("unknown_messages", count + 1, |counters| counters.unknown_messages);
    script.says_bytes(&[3, 42, 1, 2, 3]);
    script.end("messages that are unknown or cannot be read are answered and dropped, bytes behind one are skipped")
}

fn bytes_that_are_no_frames() -> Trouble {
    let mut script = Script::met(NOW);
    for wire in cases::not_frames() {
        script.arrive(wire);
    }
    let session = script.session();
    script.arrives(Frame::Alive { session: session ^ 1 });
    script.arrive(encoded(Side::Device, &Frame::Alive { session }));
    script.counts("not_frames", 2, |counters| counters.not_frames);
    script.counts("bad_checksums", 2, |counters| counters.bad_checksums);
    script.counts("strangers", 1, |counters| counters.strangers);
    script.counts("echoes", 1, |counters| counters.echoes);
    script.says(HostMessage::Cancel(9));
    script.end("what is no frame of the session is dropped and counted")
}

fn every_message() -> Trouble {
    let mut script = Script::met(NOW);
    for message in sample::host_messages() {
        script.says(message);
    }
    script.faults();
    script.done();
    let (walk_up, asked) = (ScanRef::WalkUp(1), ScanRef::Asked(9));
    let report: [(&'static str, ScanRef, Ending); 3] = [
        ("end walk-up 1 with result 7-1", walk_up, Ending::Completed(RESULT)),
        (
            "end walk-up 1 as person moved",
            walk_up,
            Ending::Failed(Fault::PersonMoved),
        ),
        (
            "end asked 9 as not screened",
            asked,
            Ending::Refused(Refusal::NotScreened),
        ),
    ];
    for (action, scan, ending) in report {
        script.does(action, |device| device.ended(scan, ending).unwrap());
        script.done();
    }
    script.end("every message of the bridge, with its fields at their longest, and every end of a scan")
}

fn an_uptime_that_has_come_to_its_end() -> Trouble {
    Script::met((1 << 32) * 1000 + NOW).end("an uptime of more than 49.7 days stays at its end")
}
