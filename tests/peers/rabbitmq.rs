//! A real RabbitMQ at the other end, by way of `lapin`, whose I/O happens on OS threads of its own.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use eventlet::green::net::TcpStream;
use eventlet::green::process::Command;
use eventlet::{green, sleep, spawn, with_timeout};
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};

const SIGTERM: i32 = 15;
const MS: Duration = Duration::from_millis(1);
/// Erlang takes its time where others are at work, too.
const START: Duration = Duration::from_secs(180);
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

struct RabbitMq {
    program: Program,
    port: u16,
    /// Where the daemon listens that Erlang starts beside it, and leaves behind.
    names: String,
    #[expect(dead_code, reason = "it is held")]
    files: Files,
}

impl RabbitMq {
    #[green]
    fn start(name: &str) -> RabbitMq {
        let (files, port, names) = (Files::new(name).unwrap(), free_port(), free_port().to_string());
        let mut settings: Vec<String> = [
            ("HOME", "home"),
            ("RABBITMQ_MNESIA_BASE", "data"),
            ("RABBITMQ_LOG_BASE", "log"),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
            ("RABBITMQ_CONFIG_FILE", "none"),
            ("RABBITMQ_CONF_ENV_FILE", "none"),
        ]
        .iter()
        .map(|(variable, file)| format!("{variable}={}", files.path(file)))
        .collect();
        std::fs::create_dir(files.path("home")).unwrap();
        settings.extend([
            format!("RABBITMQ_NODENAME=tests-{port}@localhost"),
            "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1".to_owned(),
            format!("RABBITMQ_NODE_PORT={port}"),
            format!("RABBITMQ_DIST_PORT={}", free_port()),
            format!("ERL_EPMD_PORT={names}"),
            "RABBITMQ_LOGS=-".to_owned(),
        ]);
        let arguments: Vec<&str> = settings.iter().map(|setting| &**setting).chain([SERVER]).collect();
        let server = RabbitMq { program: Program::start("env", &arguments), port, names, files };
        let is_up = with_timeout(
            START,
            #[green]
            || {
                while TcpStream::connect(("127.0.0.1", port)).is_err() {
                    sleep(50 * MS);
                }
            },
        );
        is_up.expect("RabbitMQ starts");
        server
    }

    #[green]
    fn end(self) {
        self.program.end(SIGTERM);
        let ended = Command::new("epmd").env("ERL_EPMD_PORT", self.names).arg("-kill").output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
}

#[green]
fn consume(mut consumer: Consumer, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let delivery = consumer.next().await.expect("the channel is open").unwrap();
        seen.push(String::from_utf8(delivery.data.clone()).unwrap());
        delivery.ack(BasicAckOptions::default()).await.unwrap();
    }
    seen
}

#[green]
fn publish(channel: &Channel, text: &str) {
    let options = BasicPublishOptions::default();
    let sent =
        channel.basic_publish("".into(), "jobs".into(), options, text.as_bytes(), BasicProperties::default());
    sent.await.unwrap().await.unwrap();
}

#[eventlet::test(real_time)]
fn messages_go_through_a_driver_with_os_threads_of_its_own_while_the_hub_goes_on() {
    let server = RabbitMq::start("rabbitmq");
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", server.port);
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue = QueueDeclareOptions::default();
    channel.queue_declare("jobs".into(), queue, FieldTable::default()).await.unwrap();
    let options = BasicConsumeOptions::default();
    let consumer = channel.basic_consume("jobs".into(), "".into(), options, FieldTable::default()).await;
    let consumer = consumer.unwrap();

    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    let ticker = spawn(
        #[green]
        move || loop {
            sleep(MS);
            counted.set(counted.get() + 1);
        },
    )
    .kill_on_drop();
    let consuming = spawn(move || consume(consumer, 100));
    for n in 0..100 {
        publish(&channel, &format!("job {n}"));
    }
    let seen = with_timeout(LIMIT, || consuming.wait()).unwrap();
    assert_eq!(seen, (0..100).map(|n| format!("job {n}")).collect::<Vec<_>>());
    drop(ticker);
    assert!(turns.get() > 0);
    connection.close(200, "goodbye".into()).await.unwrap();
    server.end();
}
