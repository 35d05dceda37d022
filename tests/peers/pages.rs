//! The examples that talk with a browser, and a browser that talks with them.

use eventlet::testing::run_clean;
use eventlet::{connect, green, sleep, with_timeout};
use eventlet_peer_tests::browser::Browser;
use eventlet_peer_tests::{LIMIT, Program, free_port};
use eventlet_web_tests::MS;
use serde_json::json;

const SIGTERM: i32 = 15;

/// Starts an example that serves at the address that it is given, and gives its URL.
#[green]
fn example(program: &str) -> (Program, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let started = Program::start(program, &[&address]);
    let listens = with_timeout(
        LIMIT,
        #[green]
        || {
            while connect(&*address).is_err() {
                sleep(10 * MS);
            }
        },
    );
    listens.expect("it listens");
    (started, format!("http://{address}/"))
}

#[test]
fn the_page_of_the_echo_shows_its_answer_and_draws_the_data() {
    #[green]
    fn scenario() {
        let (server, url) = example(env!("CARGO_BIN_EXE_websocket_echo"));
        let browser = Browser::start("pages-echo");
        let page = browser.open(&url);
        page.until("document.getElementById('answer').textContent == 'hello'");
        page.evaluate("document.getElementById('text').value = 'Gr\u{fc}\u{df}e'; document.getElementById('form').requestSubmit()");
        page.until("document.getElementById('answer').textContent == 'Gr\u{fc}\u{df}e'");
        page.until("parseInt(document.getElementById('state').textContent) >= 20");
        let drawn = "{ const graph = document.getElementById('graph'); \
            graph.getContext('2d').getImageData(0, 0, graph.width, graph.height).data.filter(value => value).length }";
        assert!(page.evaluate(drawn).as_u64().unwrap() > 50);
        assert!(browser.screenshot(&page, "websocket_echo.png") > 3000);
        server.end(SIGTERM);
        page.until("document.getElementById('state').textContent == 'closed'");
        drop((page, browser));
    }
    run_clean(scenario);
}

#[test]
fn what_one_page_of_the_chat_says_all_pages_show() {
    #[green]
    fn scenario() {
        let (server, url) = example(env!("CARGO_BIN_EXE_websocket_chat"));
        let browser = Browser::start("pages-chat");
        let connected = "document.getElementById('state').textContent == 'connected'";
        let anna = browser.open(&url);
        anna.until(connected);
        let ben = browser.open(&url);
        ben.until(connected);
        for (page, name, text) in [(&anna, "anna", "<i>hello</i>"), (&ben, "ben", "good morning")] {
            page.evaluate(&format!(
                "document.getElementById('name').value = '{name}'; document.getElementById('text').value = '{text}'; \
                 document.getElementById('form').requestSubmit()"
            ));
            for page in [&anna, &ben] {
                page.until(&format!(
                    "document.querySelector('#lines p:last-child')?.textContent == '{name}: {text}'"
                ));
            }
        }
        let lines = "[...document.querySelectorAll('#lines p')].map(line => line.textContent)";
        assert_eq!(anna.evaluate(lines), json!(["anna: <i>hello</i>", "ben: good morning"]));
        assert!(browser.screenshot(&ben, "websocket_chat.png") > 3000);
        server.end(SIGTERM);
        anna.until("document.getElementById('state').textContent == 'closed'");
        drop((anna, ben, browser));
    }
    run_clean(scenario);
}

#[test]
fn the_page_of_events_shows_them_as_they_come() {
    #[green]
    fn scenario() {
        let (server, url) = example(env!("CARGO_BIN_EXE_server_sent_events"));
        let browser = Browser::start("pages-events");
        let page = browser.open(&url);
        page.until("document.querySelectorAll('li').length >= 3");
        let texts =
            page.evaluate("[...document.querySelectorAll('li')].slice(0, 3).map(line => line.textContent)");
        let texts: Vec<&str> = texts.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        let first: u64 = texts[0].strip_prefix("tick ").unwrap().parse().unwrap();
        assert_eq!(texts, [first, first + 1, first + 2].map(|number| format!("tick {number}")));
        assert!(browser.screenshot(&page, "server_sent_events.png") > 1000);
        drop((page, browser));
        server.end(SIGTERM);
    }
    run_clean(scenario);
}

#[test]
fn pages_that_wait_for_news_hear_each_other() {
    #[green]
    fn scenario() {
        let (server, url) = example(env!("CARGO_BIN_EXE_long_polling_chat"));
        let browser = Browser::start("pages-polling");
        let (anna, ben) = (browser.open(&url), browser.open(&url));
        for (page, text) in [(&anna, "<i>hello</i>"), (&ben, "good morning")] {
            page.until("document.readyState == 'complete' && document.forms.length == 1");
            page.evaluate(&format!(
                "document.getElementById('text').value = '{text}'; document.getElementById('form').requestSubmit()"
            ));
            for page in [&anna, &ben] {
                page.until(&format!(
                    "document.querySelector('#lines p:last-child')?.textContent == '{text}'"
                ));
            }
        }
        let lines = "[...document.querySelectorAll('#lines p')].map(line => line.textContent)";
        assert_eq!(anna.evaluate(lines), json!(["<i>hello</i>", "good morning"]));
        assert!(browser.screenshot(&anna, "long_polling_chat.png") > 3000);
        drop((anna, ben, browser));
        server.end(SIGTERM);
    }
    run_clean(scenario);
}

#[test]
fn a_page_that_is_sent_in_pieces_is_whole() {
    #[green]
    fn scenario() {
        let (server, url) = example(env!("CARGO_BIN_EXE_streaming"));
        let browser = Browser::start("pages-streaming");
        let page = browser.open(&url);
        page.until("document.readyState == 'complete' && document.body.textContent == 'Hello World'");
        // Its other answer goes on; the page has what has come.
        let first = "fetch('/poll').then(answer => answer.body.getReader().read()).then(read => new TextDecoder().decode(read.value))";
        assert!(page.evaluate(first).as_str().unwrap().starts_with("\"Hello World "));
        drop((page, browser));
        server.end(SIGTERM);
    }
    run_clean(scenario);
}
