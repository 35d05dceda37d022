//! Files, served as they lie.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use ::http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use ::http::{Method, StatusCode};
use bytes::Bytes;

use super::router::{decoded, with_slash};
use super::server::Application;
use crate::Green;
use crate::green;
use crate::green::fs::File;
use crate::green::io::{Read, Seek};
use crate::http::{Body, IntoResponse, Out, Request, Response};

/// The files below a folder, as an application: with types by their names, `ETag` and
/// `Last-Modified`, and one range of a file if that is asked for.
///
/// A path that leaves the folder, names a hidden file (one that begins with a dot) or is none is
/// 404. A folder is its `index.html`, at the path that ends in a slash; without one it sends there.
/// Files are read on other OS threads, a piece of 64 KiB at a time. Symbolic links are followed.
#[derive(Clone, Debug)]
pub struct StaticFiles {
    folder: Rc<PathBuf>,
}

/// The last second that a date of HTTP can name: that of the year 9999.
const LATEST: Duration = Duration::from_secs(253_402_300_799);

/// How much is read at once.
const PIECE: usize = 64 * 1024;

impl StaticFiles {
    /// The files below `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> StaticFiles {
        StaticFiles { folder: Rc::new(folder.into()) }
    }

    /// Where a path of the web lies in the folder.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let path = decoded(path);
        let relative = Path::new(path.trim_start_matches('/'));
        let mut place = (*self.folder).clone();
        for component in relative.components() {
            match component {
                Component::Normal(name) if !name.as_encoded_bytes().starts_with(b".") => place.push(name),
                _ => return None,
            }
        }
        // Neither a NUL nor, on Windows, a second separator or a stream may hide in a name.
        let is_odd = path.contains(['\0', '\\']) || (cfg!(windows) && path.contains(':'));
        (!is_odd).then_some(place)
    }
}

impl Application for StaticFiles {
    #[green(by_hand = "it captures no more than it says")]
    fn respond(&self, request: Request) -> Green<impl Future<Output = Response> + 'static + use<>> {
        let place = self.locate(request.uri().path());
        Green::new(async move {
            if request.method() != Method::GET && request.method() != Method::HEAD {
                let body = "Method Not Allowed\n";
                return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], body).into_response();
            }
            let answer = match place {
                Some(place) => answer(&request, place).await,
                None => Ok(None),
            };
            match answer {
                Ok(Some(response)) => response,
                Ok(None) => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
                Err(error) => error.into_response(),
            }
        })
    }
}

/// `None`: there is no such file.
#[green(crate = crate)]
fn answer(request: &Request, mut place: PathBuf) -> io::Result<Option<Response>> {
    let Some(mut metadata) = found(crate::green::fs::metadata(&place))? else { return Ok(None) };
    let is_folder = request.uri().path().ends_with('/');
    if !is_folder && metadata.is_dir() {
        // From here, the links of its `index.html` would be those of the folder above.
        place.push("index.html");
        let index = found(crate::green::fs::metadata(&place))?;
        return Ok(index.filter(|index| index.is_file()).map(|_| with_slash(request.uri())));
    }
    if is_folder && metadata.is_file() {
        return Ok(None);
    }
    if metadata.is_dir() {
        place.push("index.html");
        match found(crate::green::fs::metadata(&place))? {
            Some(index) => metadata = index,
            None => return Ok(None),
        }
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let length = metadata.len();
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    // A file may be of any time, and a date of HTTP may not.
    let modified = modified.clamp(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + LATEST);
    let date = httpdate::fmt_http_date(modified);
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", since.as_nanos(), length);

    if is_other(request, &tag, modified) {
        return Ok(Some(StatusCode::PRECONDITION_FAILED.into_response()));
    }
    let mut response = if is_unchanged(request, &tag, modified) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match range(request, &tag, &date, length) {
            Range::Beyond => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                insert(&mut response, CONTENT_RANGE, &format!("bytes */{length}"));
                return Ok(Some(response));
            }
            range => {
                let (first, count) = match range {
                    Range::Part(first, count) => (first, count),
                    _ => (0, length),
                };
                let Some(mut file) = found(File::open(&place))? else { return Ok(None) };
                if first > 0 {
                    file.seek(SeekFrom::Start(first))?;
                }
                let mut response = Response::new(contents(file, count));
                insert(&mut response, CONTENT_LENGTH, &count.to_string());
                let guess = mime_guess::from_path(&place).first_raw().unwrap_or("application/octet-stream");
                let is_text = guess.starts_with("text/");
                let content_type = if is_text { format!("{guess}; charset=utf-8") } else { guess.to_owned() };
                insert(&mut response, CONTENT_TYPE, &content_type);
                if let Range::Part(first, count) = range {
                    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                    let last = first + count - 1;
                    insert(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
                }
                response
            }
        }
    };
    insert(&mut response, ETAG, &tag);
    insert(&mut response, LAST_MODIFIED, &date);
    insert(&mut response, ACCEPT_RANGES, "bytes");
    Ok(Some(response))
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::PermissionDenied => Ok(None),
            _ => Err(error),
        },
    }
}

fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// So much of a file, read while it is sent.
fn contents(file: File, count: u64) -> Body {
    if count == 0 {
        return Body::empty();
    }
    Body::stream(move |out| send(file, count, out))
}

#[green(crate = crate)]
fn send(mut file: File, mut left: u64, out: Out) -> io::Result<()> {
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let mut piece = vec![0; room];
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was sent",
            ));
        }
        piece.truncate(count);
        left -= count as u64;
        out.write(Bytes::from(piece))?;
    }
    Ok(())
}

fn header<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The tags of a list in which this is one; `None` without the header.
fn lists(request: &Request, name: &HeaderName, is_it: impl Fn(&str) -> bool) -> Option<bool> {
    let mut lists = request.headers().get_all(name).iter().filter_map(|list| list.to_str().ok()).peekable();
    lists.peek()?;
    Some(lists.flat_map(|list| list.split(',')).map(str::trim).any(|tag| tag == "*" || is_it(tag)))
}

/// Was it changed after this header's date? A date has whole seconds. `None` without a date.
fn is_newer(request: &Request, name: &HeaderName, modified: SystemTime) -> Option<bool> {
    let since = httpdate::parse_http_date(header(request, name)?).ok()?;
    Some(modified >= since + Duration::from_secs(1))
}

/// Does the client insist on a version that this is not?
fn is_other(request: &Request, tag: &str, modified: SystemTime) -> bool {
    match lists(request, &IF_MATCH, |known| known == tag) {
        Some(is_listed) => !is_listed,
        None => is_newer(request, &IF_UNMODIFIED_SINCE, modified).unwrap_or(false),
    }
}

/// Does the client have this version?
fn is_unchanged(request: &Request, tag: &str, modified: SystemTime) -> bool {
    let weak = |known: &str| known.strip_prefix("W/").unwrap_or(known) == tag;
    let is_newer = || is_newer(request, &IF_MODIFIED_SINCE, modified).unwrap_or(true);
    lists(request, &IF_NONE_MATCH, weak).unwrap_or_else(|| !is_newer())
}

/// What of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    All,
    /// From where, and how many bytes.
    Part(u64, u64),
    Beyond,
}

fn range(request: &Request, tag: &str, date: &str, length: u64) -> Range {
    // It means nothing for other methods (RFC 9110, 14.2).
    let asked = header(request, &RANGE).filter(|_| request.method() == Method::GET);
    let is_of_bytes = |unit: &&str| unit.eq_ignore_ascii_case("bytes");
    let Some((_, ranges)) =
        asked.and_then(|asked| asked.split_once('=')).filter(|(unit, _)| is_of_bytes(unit))
    else {
        return Range::All;
    };
    if header(request, &IF_RANGE).is_some_and(|condition| condition != tag && condition != date) {
        return Range::All;
    }
    parse_range(ranges, length)
}

/// One range; several, or what is none, are answered with the whole file, as RFC 9110 allows.
fn parse_range(ranges: &str, length: u64) -> Range {
    let Some((first, last)) = ranges.split_once('-') else { return Range::All };
    let (first, last) = (first.trim(), last.trim());
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return Range::All;
    }
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let (first, end) = match (first.is_empty(), last.is_empty()) {
        (true, true) => return Range::All,
        // A number of bytes at the end.
        (true, false) => match number(last) {
            0 => return Range::Beyond,
            count => (length.saturating_sub(count), length),
        },
        (false, true) => (number(first), length),
        (false, false) if number(last) < number(first) => return Range::All,
        (false, false) => (number(first), number(last).saturating_add(1).min(length)),
    };
    if first >= length { Range::Beyond } else { Range::Part(first, end - first) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_rfc_9110() {
        let cases = [
            ("0-0", Range::Part(0, 1)),
            ("0-99", Range::Part(0, 10)),
            ("3-", Range::Part(3, 7)),
            ("-4", Range::Part(6, 4)),
            ("-40", Range::Part(0, 10)),
            ("10-", Range::Beyond),
            ("-0", Range::Beyond),
            ("99999999999999999999-", Range::Beyond),
            ("5-3", Range::All),
            ("-", Range::All),
            ("a-b", Range::All),
            ("0-1,3-4", Range::All),
            ("+1-2", Range::All),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("0-", 0), Range::Beyond);
    }

    #[test]
    fn no_path_leaves_the_folder() {
        let files = StaticFiles::new("/srv");
        let place = |path: &str| files.locate(path);
        assert_eq!(place("/a/b.txt"), Some(PathBuf::from("/srv/a/b.txt")));
        assert_eq!(place("/a%20b"), Some(PathBuf::from("/srv/a b")));
        assert_eq!(place("//etc/passwd"), Some(PathBuf::from("/srv/etc/passwd")));
        for path in ["/../etc", "/a/../../etc", "/%2e%2e/etc", "/.git/config", "/a/%00", "/a%5c..%5cb"] {
            assert_eq!(place(path), None, "{path}");
        }
    }
}
