//! gevent's `webproxy.py`: pages of other servers, whose links lead through this one.
//!
//! With an address (`-- 127.0.0.1:8088`) it serves there until SIGTERM or SIGINT: `/` asks for a URL,
//! and `/http://example.com/` shows that page. Whoever can connect can reach what this machine can, so
//! the address should be one of its own. Without, it starts on a free port beside a small site, shows
//! what becomes of its pages, and ends.

use std::io;

use eventlet::http::{self, Client, IntoResponse, Request, Response, StatusCode};
use eventlet::wsgi::{self, RequestExt, Router};
use eventlet::{green, listen, spawn};

const FORM: &str = "<!DOCTYPE html><title>Proxy</title>\
    <form action=/><input name=url size=60 value=\"http://example.com/\"> <button>Go</button></form>\n";

#[green]
fn app(request: Request, client: Client) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let url = &target[1..];
    if is_url(url) {
        return proxy(&client, url);
    }
    match (request.uri().path(), request.query("url")) {
        ("/", Some(url)) if is_url(&url) => http::redirect(&format!("/{url}")),
        ("/", _) => http::html(FORM),
        _ => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
    }
}

/// Fetches a page. What is no HTML is handed on as it comes.
#[green]
fn proxy(client: &Client, url: &str) -> Response {
    let answer = match client.get(url).send() {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    };
    let (status, url) = (answer.status(), answer.url().to_owned());
    let kind = answer.header("content-type").unwrap_or("application/octet-stream").to_owned();
    if !kind.starts_with("text/html") {
        return (status, [("content-type", kind)], answer.into_body()).into_response();
    }
    match answer.text() {
        Ok(page) => (status, http::html(with_links(&page, &url))).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error}\n")).into_response(),
    }
}

/// The page with its links leading through this server.
fn with_links(page: &str, url: &str) -> String {
    let mut fixed = String::with_capacity(page.len());
    let mut rest = page;
    while let Some(begin) = [" href=\"", " src=\"", " action=\""]
        .iter()
        .filter_map(|attribute| rest.find(attribute).map(|at| at + attribute.len()))
        .min()
    {
        let (before, after) = rest.split_at(begin);
        let (link, after) = after.split_at(after.find('"').unwrap_or(after.len()));
        fixed += before;
        match absolute(link, url) {
            Some(target) => fixed += &format!("/{target}"),
            None => fixed += link,
        }
        rest = after;
    }
    fixed + rest
}

/// Where a link on the page at `url` leads; `None` if that is nothing to fetch.
fn absolute(link: &str, url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    if is_url(link) {
        return Some(link.to_owned());
    }
    if link.starts_with("//") {
        return Some(format!("{scheme}:{link}"));
    }
    if link.starts_with('/') {
        return Some(format!("{scheme}://{host}{link}"));
    }
    // A fragment, or a scheme such as `mailto:`.
    let first = link.split('/').next()?;
    if link.starts_with('#') || first.contains(':') {
        return None;
    }
    let path = rest[host.len()..].split(['?', '#']).next()?;
    let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
    Some(format!("{scheme}://{host}{folder}{link}"))
}

fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// A page of the demonstration.
#[green]
fn page(_request: Request) -> Response {
    http::html(
        "<a href=\"/news\"><a href=\"more/one.html\"><img src=\"dot.bin\"><a href=\"#top\">\
         <a href=\"mailto:anna@example.com\"><a href=\"https://example.com/\"><form action=\"//example.com/find\">",
    )
}

#[green]
fn dot(_request: Request) -> &'static [u8] {
    &[7; 1000]
}

#[green]
fn main() -> io::Result<()> {
    let client = Client::new();
    let app = move |request| app(request, client.clone());
    if let Some(address) = std::env::args().nth(1) {
        return wsgi::server(listen(address.as_str())?, app);
    }
    let (site, proxy) = (listen("127.0.0.1:0")?, listen("127.0.0.1:0")?);
    let (site_url, proxy_url) =
        (format!("http://{}", site.local_addr()?), format!("http://{}", proxy.local_addr()?));
    let pages = Router::new().get("/folder/", page).get("/folder/dot.bin", dot);
    let pages = spawn(move || wsgi::Server::new().serve(site, pages));
    let proxying = spawn(move || wsgi::Server::new().serve(proxy, app));

    let shown = http::get(format!("{proxy_url}/?url={site_url}/folder/"))?;
    println!("{}:", &shown.url()[proxy_url.len()..]);
    println!("  {}", shown.text()?.replace("><", ">\n  <"));
    for path in ["folder/dot.bin", "elsewhere"] {
        let answer = http::get(format!("{proxy_url}/{site_url}/{path}"))?;
        println!("/{site_url}/{path}: {}, {} bytes", answer.status(), answer.bytes()?.len());
    }
    pages.kill();
    proxying.kill();
    Ok(())
}
