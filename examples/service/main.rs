//! A JSON service to start from: notes, which are kept in PostgreSQL, and of which every open page is
//! told through Redis, whichever process it is connected to.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | a page that shows the notes as they come |
//! | `GET /notes?before=ID&limit=N` | the newest notes, or those before one |
//! | `POST /notes` | makes one of `{"author": …, "text": …}`: 201 |
//! | `GET /notes/ID`, `DELETE /notes/ID` | one note |
//! | `POST /notes/import` | makes many, of a form with a file that has one in each line |
//! | `GET /notifications` | a WebSocket on which each change is told |
//! | `GET /health` | 200 if PostgreSQL and Redis answer, else 503 |
//!
//! What goes wrong is `{"error": …}`. Each request has an id, which is in the answer's `X-Request-Id`
//! and in each of its lines in the log. On SIGTERM nothing new is accepted, and requests that are being
//! answered have `GRACE_SECONDS`.
//!
//! | variable | if it is not set |
//! |---|---|
//! | `DATABASE_URL` | has to be (`postgres://anna@127.0.0.1/notes`) |
//! | `REDIS_URL` | has to be (`redis://127.0.0.1/`) |
//! | `LISTEN` | `127.0.0.1:8080` |
//! | `CONNECTIONS`, to each of the two | 10 |
//! | `NOTES_PER_MINUTE`, of one client | 60 |
//! | `GRACE_SECONDS` | 20 |
//!
//! `cargo run -p eventlet-examples --example service`. The book builds it step by step: `docs/service.md`.

mod api;
mod config;
mod failure;
mod limiter;
mod log;
mod notes;
mod notifications;

use std::error::Error;
use std::rc::Rc;

use eventlet::db_pool::Builder;
use eventlet::{green, listen, spawn, wsgi};

use crate::config::Config;
use crate::limiter::Limiter;
use crate::notes::Notes;
use crate::notifications::Notifications;

/// What all requests share. Green threads share it without a lock.
struct Service {
    notes: Notes,
    notifications: Rc<Notifications>,
    limiter: Limiter,
}

impl Service {
    /// Connects, and brings the database up to date.
    #[green]
    fn start(config: &Config) -> Result<Service, Box<dyn Error>> {
        let redis = eventlet_redis::Client::open(&config.redis)?.timeout(Some(config.patience));
        let redis_pool = redis.pool(Builder::new().max_size(config.connections));
        let notes = Notes::open(config)?;
        notes.migrate()?;
        redis_pool.fill()?;
        Ok(Service {
            notes,
            notifications: Rc::new(Notifications::new(redis, redis_pool.clone())),
            limiter: Limiter::new(redis_pool, config.notes_per_minute),
        })
    }
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::from_env()?;
    let service = Rc::new(Service::start(&config)?);
    let listener = listen(config.listen.as_str())?;
    log::line(format_args!("listening at {}", listener.local_addr()?));

    let notifications = service.notifications.clone();
    // It ends with this function.
    let _relay = spawn(move || notifications.relay()).kill_on_drop();
    let server = wsgi::Server::new().max_body(config.max_body).grace(config.grace).signals(true);
    server.serve(listener, api::application(service))?;
    log::line("ended");
    Ok(())
}
