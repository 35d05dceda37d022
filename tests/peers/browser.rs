//! A browser without a screen, which is asked over the DevTools protocol: JSON on a WebSocket.

use std::cell::Cell;
use std::path::PathBuf;

use eventlet::http::Client;
use eventlet::websocket::{self, Message, Options, WebSocket};
use eventlet::{green, sleep, with_timeout};
use eventlet_web_tests::MS;
use serde_json::{Value, json};

use crate::{Files, LIMIT, Program};

/// Chromium, which ends when this is dropped.
pub struct Browser {
    _program: Program,
    address: String,
    files: Files,
}

/// One of its pages.
pub struct Page {
    ws: WebSocket,
    asked: Cell<u64>,
}

impl Browser {
    /// Starts it, with a profile of its own.
    #[green]
    pub fn start(name: &str) -> Browser {
        let files = Files::new(name).expect("there is room for a folder");
        let data = format!("--user-data-dir={}", files.path("profile"));
        let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        let mut arguments = flags.to_vec();
        arguments.extend(["--window-size=800,600", "--remote-debugging-port=0", &data, "about:blank"]);
        let mut program = Program::start("chromium", &arguments);
        let line = program.line("DevTools listening on");
        let (_, url) = line.split_once("ws://").expect("a URL");
        let (address, _) = url.split_once('/').expect("a path");
        Browser { _program: program, address: address.to_owned(), files }
    }

    /// Opens a page.
    #[green]
    pub fn open(&self, url: &str) -> Page {
        let new = format!("http://{}/json/new?{}", self.address, url.replace('&', "%26"));
        let made = Client::new().put(new).send().expect("it answers").text().expect("a text");
        let made: Value = serde_json::from_str(&made).expect("a target");
        let url = made["webSocketDebuggerUrl"].as_str().expect("a target's URL");
        let options = Options::new().max_message(64 << 20).deflate(None);
        let ws = websocket::Client::new().options(options).connect(url).expect("it takes WebSockets");
        Page { ws, asked: Cell::new(0) }
    }

    /// Where a picture goes: into the folder that `EVENTLET_SCREENSHOTS` names, for whoever wants to look
    /// at it, or into one that is gone at the end.
    fn picture(&self, name: &str) -> PathBuf {
        match std::env::var_os("EVENTLET_SCREENSHOTS") {
            Some(folder) => PathBuf::from(folder).join(name),
            None => self.files.path(name).into(),
        }
    }

    /// Takes a picture of a page, and gives how many bytes it has.
    #[green]
    pub fn screenshot(&self, page: &Page, name: &str) -> usize {
        let taken = page.ask("Page.captureScreenshot", json!({"format": "png"}));
        let picture = unpacked(taken["data"].as_str().expect("a picture"));
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
        std::fs::write(self.picture(name), &picture).expect("there is room for a picture");
        picture.len()
    }
}

impl Page {
    #[green]
    fn ask(&self, method: &str, parameters: Value) -> Value {
        let id = self.asked.get() + 1;
        self.asked.set(id);
        let question = json!({"id": id, "method": method, "params": parameters});
        self.ws.send(question.to_string()).expect("it is there");
        loop {
            let message = with_timeout(LIMIT, || self.ws.recv()).expect("an answer in time");
            let text = message.expect("it is there").and_then(Message::into_text).expect("an answer");
            let mut answer: Value = serde_json::from_str(&text).expect("JSON");
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    /// What this comes to in the page; if it is a promise, what that comes to.
    #[green]
    pub fn evaluate(&self, expression: &str) -> Value {
        let answer = self.try_evaluate(expression);
        answer.unwrap_or_else(|thrown| panic!("{expression}: {thrown}"))
    }

    #[green]
    fn try_evaluate(&self, expression: &str) -> Result<Value, Value> {
        let how = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", how);
        match answer["exceptionDetails"].take() {
            Value::Null => Ok(answer["result"]["value"].take()),
            thrown => Err(thrown),
        }
    }

    /// Waits until this is true in the page. What throws is not, since the page may not be there yet.
    #[green]
    pub fn until(&self, expression: &str) {
        let becomes_true = with_timeout(
            LIMIT,
            #[green]
            || {
                while self.try_evaluate(expression) != Ok(Value::Bool(true)) {
                    sleep(20 * MS);
                }
            },
        );
        if becomes_true.is_err() {
            panic!("never: {expression}\n{}", self.evaluate("document.documentElement.outerHTML"));
        }
    }
}

/// What base64 stands for.
fn unpacked(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = four.iter().fold(0, |bits, &byte| bits << 6 | u32::from(value(byte)));
        let whole = bits << (6 * (4 - four.len()));
        bytes.extend_from_slice(&whole.to_be_bytes()[1..four.len()]);
    }
    bytes
}
