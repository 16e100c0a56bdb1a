//! How much of the line a full result uses, and how long it takes to get going again.

use crate::{
    line::SECOND,
    sample,
    world::{Happening, World},
};

/// Bytes per second at 115,200 bits per second, 8N1.
const LIMIT: f64 = 11_520.0;

#[test]
fn a_full_result_uses_nine_tenths_of_the_line() {
    let mut world = World::new(1);
    assert!(world.run_to(SECOND, |world| world.host_connected));
    // Let the identity and its answer pass.
    world.run_until(world.now + SECOND / 10);
    let (began, sent) = (world.now, world.to_host.bytes_sent);
    let key = world.measure(sample::full_record);
    let record = world.measured[0].1.len();
    assert!(world.run_to(2 * SECOND, |world| world.to_host.bytes_sent > sent
        && world.is_given_out(key)));
    let seconds = (world.now - began) as f64 / 1e6;
    let goodput = record as f64 / seconds;
    println!(
        "{record} bytes of record in {:.1} ms: {goodput:.0} bytes/s, {:.1} % of the line; {} bytes on the wire",
        seconds * 1e3,
        goodput / LIMIT * 100.0,
        world.to_host.bytes_sent - sent
    );
    assert!(goodput >= 0.9 * LIMIT);
}

#[test]
fn results_in_a_row_use_nine_tenths_of_the_line_but_for_the_disk() {
    let mut world = World::new(2);
    world.fsync = 0;
    assert!(world.run_to(SECOND, |world| world.host_connected));
    world.run_until(world.now + SECOND / 10);
    let began = world.now;
    for _ in 0..20 {
        world.measure(sample::full_record);
    }
    assert!(world.run_to(60 * SECOND, |world| world.stored.len() == 20));
    let bytes: usize = world.measured.iter().map(|(_, record)| record.len()).sum();
    let share = bytes as f64 / ((world.now - began) as f64 / 1e6) / LIMIT;
    println!(
        "20 full results, each confirmed before the next: {:.1} % of the line",
        share * 100.0
    );
    assert!(share >= 0.9);
}

#[test]
fn after_a_pulled_cable_results_flow_again_within_a_second() {
    let mut longest = 0;
    for (seed, out) in [SECOND / 2, 2 * SECOND, 3 * SECOND, 5 * SECOND, 60 * SECOND]
        .into_iter()
        .enumerate()
    {
        for moment in 0..40 {
            let mut world = World::new(1000 * seed as u64 + moment);
            assert!(world.run_to(SECOND, |world| world.host_connected));
            world.measure(sample::full_record);
            // At any byte of the transfer.
            world.run_until(world.now + moment * 3001);
            world.happen(Happening::PullCable { micros: out });
            world.run_until(world.now + out);
            let plugged = world.now;
            assert!(world.run_to(plugged + 10 * SECOND, |world| !world.stored.is_empty()));
            longest = longest.max(world.now - plugged);
        }
    }
    println!(
        "longest time from the plug going in to a result on disk: {:.0} ms",
        longest as f64 / 1e3
    );
    assert!(longest < SECOND);
}
