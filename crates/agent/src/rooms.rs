//! Which tasks the agent consists of, and what each gets.

use agent_config::Config;
use scanner_driver::Driver;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    house::House,
    identity::Identity,
    keeper::{BROKER, CLOUD, NOT_CONFIGURED},
    legs::{self, cloud::Cloud, disk::Disk},
    local_api,
    reception::{Reception, Store},
    supervisor::{Leg, Phase, Supervisor},
};

/// Starts a task for every room that the configuration asks for.
pub(crate) fn start(supervisor: &mut Supervisor, house: House, config: Config, identity: Identity) {
    let store = Store::new(house.outbox.clone(), house.key.clone());
    // What the cloud last said of the time: its leg writes, the others look.
    let cloud_clock = watch::Sender::new(None);

    for scanner in config.scanners {
        let (house, store, clock) = (house.clone(), store.clone(), cloud_clock.subscribe());
        let timezone = config.agent.timezone.clone();
        let (name, leg) = (format!("scanner {}", scanner.id), Leg::Scanner(scanner.id.clone()));
        supervisor.start(name, leg, Phase::Doors, move |stop| {
            let House { board, teller, .. } = house.clone();
            let reception = Reception::new(
                scanner.clone(),
                board,
                store.clone(),
                teller,
                clock.clone(),
                timezone.clone(),
                stop.clone(),
            );
            serve_scanner(scanner.clone(), reception, stop)
        });
    }
    match config.cloud {
        None => house.board.leg(CLOUD, NOT_CONFIGURED, None),
        Some(config) => {
            let cloud = Cloud {
                config,
                identity,
                house: house.clone(),
                clock: cloud_clock.clone(),
            };
            supervisor.start("cloud", Leg::Named(CLOUD), Phase::Doors, move |stop| {
                cloud.clone().run(stop)
            });
        }
    }
    if let Some(config) = config.local_api {
        let board = house.board.subscribe();
        supervisor.start("local API", Leg::Inner, Phase::Doors, move |stop| {
            local_api::serve(config.listen, board.clone(), stop)
        });
    }
    let disk = Disk {
        stats: house.outbox.stats(),
        refused: store.refused(),
        damage: house.damage.clone(),
        board: house.board.clone(),
    };
    supervisor.start("disk", Leg::Inner, Phase::Desks, move |stop| disk.clone().show(stop));
    let (clock, board) = (cloud_clock.subscribe(), house.board.clone());
    supervisor.start("clock", Leg::Inner, Phase::Desks, move |stop| {
        legs::clock::show(clock.clone(), board.clone(), stop)
    });
    match config.mqtt {
        None => house.board.leg(BROKER, NOT_CONFIGURED, None),
        Some(config) => {
            let house = house.clone();
            supervisor.start("broker", Leg::Named(BROKER), Phase::Window, move |stop| {
                legs::broker::run(config.clone(), house.clone(), stop)
            });
        }
    }
    supervisor.start("announcements", Leg::Inner, Phase::Books, move |stop| {
        house.teller.clone().remember(stop)
    });
}

/// Runs a scanner's driver and its reception; ends when both have.
async fn serve_scanner(config: scanner_driver::Config, reception: Reception, stop: CancellationToken) {
    let (driver, scanner) = Driver::new(&config);
    // A task of its own: if it panics, what it found before is still received.
    let mut task = JoinSet::new();
    task.spawn(driver.run(stop));
    reception.serve(scanner).await;
    if let Some(Err(error)) = task.join_next().await
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}
