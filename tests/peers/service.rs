//! The service of the examples with real databases: asked as clients ask it, shown in a browser, robbed
//! of its databases, and told to end under load.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use eventlet::http::Client;
use eventlet::http::client::Form;
use eventlet::testing::run_clean;
use eventlet::{GreenPool, green, sleep, websocket, with_timeout};
use eventlet_peer_tests::browser::Browser;
use eventlet_peer_tests::databases::{init_postgres, start_postgres, start_redis};
use eventlet_peer_tests::{Files, LIMIT, Program, free_port};
use eventlet_web_tests::MS;
use serde_json::{Value, json};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGCONT: i32 = 18;
const SIGSTOP: i32 = 19;

/// The databases, and what the services are told of them.
struct Databases {
    files: Files,
    postgres: Program,
    postgres_port: u16,
    redis: Program,
    redis_port: u16,
}

impl Databases {
    #[green]
    fn start(name: &str) -> Databases {
        let files = Files::new(name).unwrap();
        init_postgres(&files);
        let (postgres_port, redis_port) = (free_port(), free_port());
        let postgres = start_postgres(&files, postgres_port);
        let redis = start_redis(&files, redis_port, &[]);
        Databases { files, postgres, postgres_port, redis, redis_port }
    }

    fn database(&self) -> String {
        format!("postgres://anna@127.0.0.1:{}/postgres", self.postgres_port)
    }

    /// Starts a process of the service, with these variables besides.
    #[green]
    fn service(&self, more: &[&str]) -> Service {
        let database = format!("DATABASE_URL={}", self.database());
        let redis = format!("REDIS_URL=redis://127.0.0.1:{}/", self.redis_port);
        let mut arguments = vec!["LISTEN=127.0.0.1:0", &database, &redis];
        arguments.extend(more);
        arguments.push(env!("CARGO_BIN_EXE_service"));
        let mut program = Program::start("env", &arguments);
        let line = program.line("listening at ");
        let (_, address) = line.split_once("listening at ").unwrap();
        let (address, client) = (address.to_owned(), Client::new());
        Service { program, address, client }
    }

    #[green]
    fn end(self) {
        self.postgres.end(SIGINT);
        self.redis.end(SIGTERM);
    }
}

/// A process of the service.
struct Service {
    program: Program,
    address: String,
    client: Client,
}

impl Service {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The status and the JSON of an answer.
    #[green]
    fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.client.get(self.url(path)).send().unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().unwrap())
    }

    #[green]
    fn post(&self, note: &Value) -> (u16, Value) {
        let answer = self.client.post(self.url("/notes")).json(note).send().unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().unwrap())
    }

    /// Waits until it says that it is well, or that it is not.
    #[green]
    fn until_health_is(&self, status: u16) {
        let becomes = with_timeout(
            LIMIT,
            #[green]
            || {
                while self.get("/health").0 != status {
                    sleep(50 * MS);
                }
            },
        );
        becomes.expect("its health changes");
    }
}

fn note(text: &str) -> Value {
    json!({"author": "anna", "text": text})
}

#[test]
fn notes_are_made_listed_imported_and_removed_and_what_is_wrong_is_told() {
    #[green]
    fn scenario() {
        let databases = Databases::start("service-notes");
        let mut service = databases.service(&["NOTES_PER_MINUTE=8"]);
        assert_eq!(service.get("/health"), (200, json!({"postgres": true, "redis": true})));
        assert_eq!(service.get("/notes"), (200, json!([])));

        let (status, made) = service.post(&note("Gr\u{fc}\u{df}e"));
        let shown = json!({"id": 1, "author": "anna", "text": "Gr\u{fc}\u{df}e", "created": made["created"]});
        assert_eq!((status, &made), (201, &shown));
        assert_eq!(made["created"].as_str().unwrap().len(), "2026-11-29T02:00:00Z".len());
        assert_eq!(service.get("/notes/1"), (200, shown.clone()));
        assert_eq!(service.get("/notes"), (200, json!([shown])));

        let form =
            Form::new().text("author", "ben").file("notes", "n.txt", "text/plain", "one\n\ntwo\r\nthree\n");
        let answer = service.client.post(service.url("/notes/import")).multipart(form).send().unwrap();
        assert_eq!(answer.status(), 201);
        let imported: Value = answer.json().unwrap();
        let texts: Vec<&str> =
            imported.as_array().unwrap().iter().map(|note| note["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["one", "two", "three"]);
        let ids = |notes: Value| -> Vec<i64> {
            notes.as_array().unwrap().iter().map(|note| note["id"].as_i64().unwrap()).collect()
        };
        assert_eq!(ids(service.get("/notes?limit=2").1), [4, 3]);
        assert_eq!(ids(service.get("/notes?before=3").1), [2, 1]);

        let removed = service.client.delete(service.url("/notes/2")).send().unwrap();
        assert_eq!(removed.status(), 204);
        let again = service.client.delete(service.url("/notes/2")).send().unwrap();
        assert_eq!(again.status(), 404);
        drop(again);

        let error = |text: &str| json!({ "error": text });
        assert_eq!(service.get("/notes/2"), (404, error("there is no such note")));
        assert_eq!(service.get("/notes/none"), (404, error("there is no such note")));
        assert_eq!(service.get("/elsewhere"), (404, error("not found")));
        assert_eq!(service.get("/notes?limit=all"), (400, error("`limit` is no number")));
        let put = service.client.put(service.url("/notes")).send().unwrap();
        assert_eq!((put.status().as_u16(), put.header("allow")), (405, Some("GET, POST, HEAD, OPTIONS")));
        assert_eq!(put.json::<Value>().unwrap(), error("method not allowed"));
        let plain = service.client.post(service.url("/notes")).body("x").send().unwrap();
        assert_eq!(plain.status(), 415);
        drop(plain);
        assert_eq!(service.post(&note("")), (422, error("`text` has 1 to 1000 characters")));
        assert_eq!(service.post(&json!({"author": "anna"})).0, 400);

        // Six were counted, and two more fit into this minute; into the next one, if it begins here, eight.
        let mut statuses = vec![];
        for _ in 0..20 {
            statuses.push(service.post(&note("again")).0);
        }
        assert!(statuses.contains(&201) && statuses.contains(&429), "{statuses:?}");

        let asked =
            service.client.get(service.url("/notes/1")).header("X-Request-Id", "abc-1").send().unwrap();
        assert_eq!(asked.header("x-request-id"), Some("abc-1"));
        drop(asked);
        service.program.until("request=abc-1 method=GET path=\"/notes/1\" status=200 ms=");
        let forged =
            service.client.get(service.url("/notes/1")).header("X-Request-Id", "a b").send().unwrap();
        assert_eq!(forged.header("x-request-id").unwrap().len(), 16);
        drop(forged);

        drop(service.client);
        service.program.end(SIGTERM);
        databases.end();
    }
    run_clean(scenario);
}

#[test]
fn pages_of_every_process_are_told_of_each_change() {
    #[green]
    fn scenario() {
        let databases = Databases::start("service-told");
        // At once, so that both want to make the tables.
        let start = || databases.service(&["NOTES_PER_MINUTE=1000"]);
        let (one, other) = eventlet::join(start, start);
        let listen = |service: &Service| format!("ws://{}/notifications", service.address);
        let pages =
            [websocket::connect(&listen(&one)).unwrap(), websocket::connect(&listen(&other)).unwrap()];
        // Nothing is told before the process listens to Redis.
        let mut redis = eventlet_redis::Client::open(&format!("redis://127.0.0.1:{}/", databases.redis_port))
            .unwrap()
            .connect()
            .unwrap();
        let mut counted = eventlet_redis::cmd("PUBSUB");
        counted.arg("NUMSUB").arg("notes:changes");
        with_timeout(
            LIMIT,
            #[green]
            || {
                while redis.query::<(String, u32)>(&counted).unwrap().1 < 2 {
                    sleep(10 * MS);
                }
            },
        )
        .expect("both listen");
        let (_, made) = one.post(&note("hello"));
        let removed = other.client.delete(other.url("/notes/1")).send().unwrap();
        assert_eq!(removed.status(), 204);
        drop(removed);
        // Many at once are told one by one.
        let lines: String = (0..300).map(|number| format!("note {number}\n")).collect();
        let form = Form::new().text("author", "ben").file("notes", "n.txt", "text/plain", lines);
        let imported = one.client.post(one.url("/notes/import")).multipart(form).send().unwrap();
        assert_eq!(imported.status(), 201);
        let imported: Vec<Value> = imported.json().unwrap();
        let changes = [json!({"added": made}), json!({"removed": 1})].into_iter();
        let changes: Vec<Value> =
            changes.chain(imported.into_iter().map(|note| json!({"added": note}))).collect();
        assert_eq!(changes.len(), 302);
        for page in pages {
            for change in &changes {
                let told = with_timeout(LIMIT, || page.recv()).expect("it is told in time").unwrap().unwrap();
                assert_eq!(serde_json::from_str::<Value>(told.as_text().unwrap()).unwrap(), *change);
            }
            page.close().unwrap();
        }
        for service in [one, other] {
            drop(service.client);
            service.program.end(SIGTERM);
        }
        drop(redis);
        databases.end();
    }
    run_clean(scenario);
}

#[test]
fn a_browser_shows_notes_as_they_come() {
    #[green]
    fn scenario() {
        let databases = Databases::start("service-browser");
        let service = databases.service(&[]);
        service.post(&note("was here before"));
        let browser = Browser::start("service-browser-profile");
        let page = browser.open(&service.url("/"));
        page.until("document.getElementById('state').textContent == 'live'");
        page.until("document.querySelectorAll('li').length == 1");
        // Somebody else's.
        service.post(&note("<b>from elsewhere</b>"));
        page.until("document.querySelector('li p').textContent == '<b>from elsewhere</b>'");
        // Its own, by the form.
        page.evaluate(
            "document.getElementById('author').value = 'ben'; document.getElementById('text').value = 'from the page'; \
             document.getElementById('form').requestSubmit()",
        );
        page.until("document.querySelector('li p').textContent == 'from the page'");
        assert_eq!(page.evaluate("document.getElementById('text').value"), json!(""));
        let texts = page.evaluate("[...document.querySelectorAll('li p')].map(text => text.textContent)");
        assert_eq!(texts, json!(["from the page", "<b>from elsewhere</b>", "was here before"]));
        assert!(browser.screenshot(&page, "service.png") > 5000);
        page.evaluate("document.querySelectorAll('li button')[1].click()");
        page.until("document.querySelectorAll('li').length == 2");
        assert_eq!(service.get("/notes/2").0, 404);

        drop(service.client);
        service.program.end(SIGTERM);
        page.until("document.getElementById('state').textContent == 'connecting'");
        drop((page, browser));
        databases.end();
    }
    run_clean(scenario);
}

#[test]
fn an_end_under_load_loses_no_note_that_was_taken() {
    #[green]
    fn load(client: Client, url: String, kept: Rc<RefCell<Vec<i64>>>, is_over: Rc<Cell<bool>>) {
        while !is_over.get() {
            let Ok(answer) = client.post(&url).json(&note("load")).send() else { return };
            assert_eq!(answer.status(), 201);
            let made: Value = answer.json().expect("an answer that has begun is whole");
            kept.borrow_mut().push(made["id"].as_i64().unwrap());
        }
    }
    #[green]
    fn scenario() {
        let databases = Databases::start("service-load");
        let service = databases.service(&["NOTES_PER_MINUTE=1000000", "GRACE_SECONDS=20"]);
        let (kept, is_over) = (Rc::new(RefCell::new(vec![])), Rc::new(Cell::new(false)));
        let clients = GreenPool::new(50);
        for _ in 0..50 {
            let (client, url) = (service.client.clone(), service.url("/notes"));
            let (kept, is_over) = (kept.clone(), is_over.clone());
            clients.spawn_n(move || load(client, url, kept, is_over));
        }
        with_timeout(
            LIMIT,
            #[green]
            || {
                while kept.borrow().len() < 500 {
                    sleep(5 * MS);
                }
            },
        )
        .expect("there is load");
        drop(service.client);
        let printed = service.program.end(SIGTERM);
        assert!(printed.ends_with("request=- ended\n"), "{printed}");
        is_over.set(true);
        clients.waitall();

        // What was answered is there, and nothing else is.
        let mut database = eventlet_postgres::Client::open(&databases.database()).unwrap().connect().unwrap();
        let rows = database.query("SELECT id FROM notes ORDER BY id", &[]).unwrap();
        let stored: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let mut kept = kept.take();
        kept.sort_unstable();
        assert!(kept == stored, "{} were answered, {} are stored", kept.len(), stored.len());
        drop(database);
        databases.end();
    }
    run_clean(scenario);
}

#[test]
fn without_its_databases_it_says_so_and_with_them_it_goes_on() {
    #[green]
    fn scenario() {
        let mut databases = Databases::start("service-robbed");
        let service = databases.service(&[]);
        assert_eq!(service.post(&note("one")).0, 201);

        // A Redis that hangs holds nobody up.
        databases.redis.signal(SIGSTOP);
        assert_eq!(service.post(&note("hanging")).0, 201);
        assert_eq!(service.get("/health"), (503, json!({"postgres": true, "redis": false})));
        databases.redis.signal(SIGCONT);
        service.until_health_is(200);

        // Without Redis there are no limits and no notifications.
        databases.redis.end(SIGTERM);
        assert_eq!(service.get("/health"), (503, json!({"postgres": true, "redis": false})));
        assert_eq!(service.post(&note("two")).0, 201);
        databases.redis = start_redis(&databases.files, databases.redis_port, &[]);
        service.until_health_is(200);

        databases.postgres.end(SIGINT);
        let (status, told) = service.post(&note("lost"));
        assert_eq!((status, told), (503, json!({"error": "try again later"})));
        assert_eq!(service.get("/health"), (503, json!({"postgres": false, "redis": true})));
        databases.postgres = start_postgres(&databases.files, databases.postgres_port);
        service.until_health_is(200);
        assert_eq!(service.post(&note("three")).0, 201);

        // What is told afterwards is told.
        let page = websocket::connect(&format!("ws://{}/notifications", service.address)).unwrap();
        let told = with_timeout(
            LIMIT,
            #[green]
            || {
                loop {
                    service.post(&note("four"));
                    if let Ok(Ok(Some(change))) = with_timeout(200 * MS, || page.recv()) {
                        break change;
                    }
                }
            },
        );
        assert!(told.expect("it is told again").as_text().unwrap().contains("four"));
        page.close().unwrap();
        drop(service.client);
        service.program.end(SIGTERM);
        databases.end();
    }
    run_clean(scenario);
}

#[test]
fn a_variable_that_is_missing_or_wrong_is_named() {
    #[green]
    fn said(variables: &[&str]) -> String {
        let mut arguments = vec!["-u", "DATABASE_URL", "-u", "REDIS_URL"];
        arguments.extend(variables);
        arguments.push(env!("CARGO_BIN_EXE_service"));
        let (has_succeeded, printed) = Program::start("env", &arguments).finish();
        assert!(!has_succeeded);
        printed
    }
    #[green]
    fn scenario() {
        assert_eq!(said(&[]), "Error: \"the variable DATABASE_URL is not set\"\n");
        let wrong = said(&["DATABASE_URL=x", "REDIS_URL=x", "CONNECTIONS=many"]);
        assert_eq!(wrong, "Error: \"the variable CONNECTIONS is not what it should be\"\n");
    }
    run_clean(scenario);
}
