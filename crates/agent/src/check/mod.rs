//! `scanbridge check`: reaches every leg once and says what to do about those that do not work.
//!
//! It may run while an agent does: what that agent holds, the data directory and the ports, then works.

mod broker;
mod cloud;
mod disk;
mod finding;
mod rights;
mod scanner;

use std::path::Path;

use agent_config::Config;

use crate::exit::Exit;
use finding::Finding;

/// Checks leg after leg and prints a line for each as soon as it is known.
pub(crate) async fn check(config: &Config, path: &Path) -> Exit {
    let mut all_work = true;
    let mut print = |finding: Finding| {
        all_work &= finding.works();
        finding.print();
    };
    print(Finding::ok("configuration", format!("`{}` is valid", path.display())));
    for warning in config.warnings() {
        print(Finding::warning("configuration", warning));
    }
    print(disk::check(config).await);
    // Where no agent has worked yet, what the directory will inherit.
    let place = disk::existing_part(&config.agent.data_dir);
    if let Some(doubt) = place.ok().and_then(|place| rights::doubt(&place)) {
        print(Finding::warning("disk", doubt));
    }
    for scanner in &config.scanners {
        print(scanner::check(scanner).await);
    }
    match &config.cloud {
        Some(cloud) => cloud::check(cloud).await.into_iter().for_each(&mut print),
        None => print(Finding::skipped(
            "cloud",
            "no [cloud] in the configuration: readings stay on this machine",
        )),
    }
    match &config.mqtt {
        Some(mqtt) => print(broker::check(mqtt, &config.agent).await),
        None => print(Finding::skipped(
            "broker",
            "no [mqtt] in the configuration: nobody is shown any progress",
        )),
    }
    if all_work { Exit::Ok } else { Exit::LegFailed }
}
