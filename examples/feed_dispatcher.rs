//! eventlet's `feedscraper.py`, and its test client: a server that is sent a list of feeds, fetches all
//! of them at the same time, and answers with their titles in the order of the list.
//!
//! With an address (`-- 127.0.0.1:9010`) it serves there until SIGTERM or SIGINT; `curl --data-binary
//! @list` sends it one URL a line. Without, it starts on a free port beside a server of feeds, sends
//! itself a list of theirs, and ends.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use eventlet::http::{Client, IntoResponse, Request, Response, StatusCode};
use eventlet::lock::Barrier;
use eventlet::{GreenIterator, GreenPile, GreenPool, green, listen, spawn, with_timeout, wsgi};

/// So many feeds are fetched at once for all who ask together.
const FETCHERS: usize = 200;

/// A list has at most so many.
const LONGEST_LIST: usize = 1000;

/// How long a feed may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The title of a feed, or why it has none.
#[green]
fn fetch_title(client: Client, url: String) -> String {
    match with_timeout(PATIENCE, || page(&client, &url)) {
        Ok(Ok(page)) => title_in(&page).unwrap_or("no title").to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(timeout) => format!("{url}: {timeout}"),
    }
}

#[green]
fn page(client: &Client, url: &str) -> io::Result<String> {
    Ok(client.get(url).send()?.error_for_status()?.text()?)
}

fn title_in(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<title>")?;
    rest.split_once("</title>").map(|(title, _)| title.trim())
}

#[green]
fn app(request: Request, pool: GreenPool, client: Client) -> io::Result<Response> {
    if request.method() != "POST" {
        return Ok((StatusCode::FORBIDDEN, "send a list of feeds\n").into_response());
    }
    let list = request.into_body().text()?;
    let urls: Vec<&str> = list.lines().map(str::trim).filter(|url| !url.is_empty()).collect();
    if urls.len() > LONGEST_LIST {
        return Ok((StatusCode::PAYLOAD_TOO_LARGE, "the list is too long\n").into_response());
    }
    let mut pile = GreenPile::with_pool(pool);
    for url in urls {
        let (client, url) = (client.clone(), url.to_owned());
        pile.spawn(move || fetch_title(client, url));
    }
    let mut titles = String::new();
    while let Some(title) = pile.next() {
        titles += &title;
        titles.push('\n');
    }
    Ok(titles.into_response())
}

/// A server of sixteen feeds, which answers when it was asked for all of them.
#[green]
fn feed(request: Request, all: Rc<Barrier>) -> Response {
    let number = request.uri().path()[1..].parse::<u64>().ok();
    let Some(number @ 1..=16) = number else { return (StatusCode::NOT_FOUND, "no feed\n").into_response() };
    all.wait();
    format!("<rss><channel><title>Feed {number}</title><item/></channel></rss>").into_response()
}

#[green]
fn main() -> io::Result<()> {
    let (pool, client) = (GreenPool::new(FETCHERS), Client::new());
    let app = move |request| app(request, pool.clone(), client.clone());
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, app);
    }
    let (feeds, dispatcher) = (listen("127.0.0.1:0")?, listen("127.0.0.1:0")?);
    let (site, url) = (feeds.local_addr()?, format!("http://{}/", dispatcher.local_addr()?));
    let all = Rc::new(Barrier::new(16));
    let feeding = spawn(move || wsgi::Server::new().serve(feeds, move |request| feed(request, all.clone())));
    let dispatching = spawn(move || wsgi::Server::new().serve(dispatcher, app));

    // The test client: seventeen feeds, of which the last is none.
    let list: String = (1..=17).map(|number| format!("http://{site}/{number}\n")).collect();
    let client = Client::new();
    let titles = client.post(&url).body(list).send()?.text()?;
    print!("{titles}");
    println!("GET: {}", client.get(&url).send()?.status());
    feeding.kill();
    dispatching.kill();
    Ok(())
}
