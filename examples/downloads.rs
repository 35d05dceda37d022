//! Files that are downloaded at the same time, with one progress for all of them.
//!
//! With URLs as arguments it downloads those into the current folder. Without, it starts a web
//! server of its own, whose files come in pieces, and downloads into a temporary folder.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eventlet::green::fs::{self, File};
use eventlet::http::client::Response;
use eventlet::http::{self, Body, Client, Out, Request, StatusCode, header};
use eventlet::{GreenIterator, GreenPool, green, listen, scope, sleep, spawn, wsgi};

/// How much there is of all files together.
struct Bar {
    total: u64,
    done: Cell<u64>,
    quarters: Cell<u64>,
}

impl Bar {
    fn add(&self, bytes: u64) {
        self.done.set(self.done.get() + bytes);
        let quarters = (4 * self.done.get()).checked_div(self.total).unwrap_or(0);
        while self.quarters.get() < quarters.min(4) {
            self.quarters.set(self.quarters.get() + 1);
            println!("{} % of everything is here", 25 * self.quarters.get());
        }
    }
}

/// Asks for a file; its content is still to come.
#[green]
fn begin(client: Client, url: String) -> io::Result<Response> {
    Ok(client.get(url).send()?.error_for_status()?)
}

#[green]
fn download(answer: Response, path: &Path, bar: &Bar) -> io::Result<u64> {
    let mut file = File::create(path)?;
    let mut before = 0;
    answer.copy_to(&mut file, |progress| {
        bar.add(progress.done - before);
        before = progress.done;
    })
}

#[green]
fn download_all(urls: Vec<String>, folder: PathBuf) -> io::Result<()> {
    let client = Client::new();
    let asking = client.clone();
    let answers: io::Result<Vec<Response>> =
        GreenPool::new(100).imap(move |url| begin(asking.clone(), url), urls).try_collect();
    let answers = answers?;
    // What the servers do not say is not in it.
    let total = answers.iter().filter_map(Response::content_length).sum();
    let bar = Bar { total, done: Cell::new(0), quarters: Cell::new(0) };
    let paths: Vec<PathBuf> = answers.iter().map(|answer| folder.join(name(answer.url()))).collect();
    let (targets, shown) = (&paths, &bar);
    let lengths: Vec<io::Result<u64>> = scope(
        #[green]
        |s| {
            let mut downloads = vec![];
            for (answer, path) in answers.into_iter().zip(targets) {
                downloads.push(s.spawn(move || download(answer, path, shown)));
            }
            let mut lengths = vec![];
            for download in downloads {
                lengths.push(download.wait());
            }
            lengths
        },
    );
    for (path, length) in paths.iter().zip(lengths) {
        println!("{} has {} bytes", path.file_name().unwrap_or_default().display(), length?);
    }
    Ok(())
}

/// What the last part of a URL's path is called.
fn name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("index.html")
}

/// `/N.bin` has ten pieces of so many kilobytes.
#[green]
fn file(request: Request) -> http::Response {
    let name = request.uri().path().trim_start_matches('/').strip_suffix(".bin");
    let Some(kilobytes @ 1..=100) = name.and_then(|name| name.parse::<usize>().ok()) else {
        let mut missing = http::Response::new(Body::empty());
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    #[green]
    fn produce(out: Out, piece: usize) -> io::Result<()> {
        for _ in 0..10 {
            out.write(vec![b'x'; piece])?;
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
    let piece = kilobytes * 1000;
    let mut response = http::Response::new(Body::stream(move |out| produce(out, piece)));
    response.headers_mut().insert(header::CONTENT_LENGTH, (10 * piece).into());
    response
}

#[green]
fn main() -> io::Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if !urls.is_empty() {
        return download_all(urls, PathBuf::from("."));
    }
    let listener = listen("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = spawn(move || wsgi::Server::new().serve(listener, file));
    let folder = std::env::temp_dir().join(format!("eventlet-downloads-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let urls = [3, 20, 7].map(|kilobytes| format!("http://{address}/{kilobytes}.bin"));
    let result = download_all(urls.into(), folder.clone());
    fs::remove_dir_all(&folder)?;
    serving.kill();
    result
}
