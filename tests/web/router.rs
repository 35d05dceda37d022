//! The router, and files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use eventlet::green;
use eventlet::http::{Request, Response};
use eventlet::testing::run_clean;
use eventlet::wsgi::{Application, Params, Router, StaticFiles};

/// What is asked, without a connection.
#[green]
fn ask(app: impl Application, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.respond(request.body(Default::default()).unwrap())
}

#[green]
fn show(request: Request) -> String {
    let params = request.extensions().get::<Params>().cloned().unwrap_or_default();
    let params: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} [{}]", request.method(), request.uri(), params.join(" "))
}

#[green]
fn other(_request: Request) -> &'static str {
    "other"
}

/// The status, and the text.
#[green]
fn said(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, response.into_body().text().unwrap())
}

#[test]
fn a_path_is_found_by_its_parts_and_its_parameters_are_decoded() {
    #[green]
    fn scenario() {
        let router =
            Router::new().get("/a/{x}", show).get("/a/b", other).get("/rest/{*x}", show).get("/s/", other);
        let router = router.get("/in/{x}/more", show);
        let cases = [
            ("/a/1", 200, "GET /a/1 [x=1]"),
            ("/a/b", 200, "other"),
            ("/a/a%2Fb%20c+d", 200, "GET /a/a%2Fb%20c+d [x=a/b c+d]"),
            ("/a/%C3%A9", 200, "GET /a/%C3%A9 [x=\u{e9}]"),
            ("/a/%ff%", 200, "GET /a/%ff% [x=%ff%]"),
            ("/a/%252e", 200, "GET /a/%252e [x=%2e]"),
            ("/rest/a//b/", 200, "GET /rest/a//b/ [x=a//b/]"),
            ("/s/", 200, "other"),
            ("/s", 404, "Not Found\n"),
            ("/a/", 404, "Not Found\n"),
            ("/a//", 404, "Not Found\n"),
            ("/in/1/more", 200, "GET /in/1/more [x=1]"),
            ("/in//more", 404, "Not Found\n"),
            ("//a/1", 404, "Not Found\n"),
            ("/a/1/", 404, "Not Found\n"),
            ("/A/1", 404, "Not Found\n"),
        ];
        for (target, status, text) in cases {
            let answer = said(ask(router.clone(), "GET", target, &[]));
            assert_eq!(answer, (status, text.to_owned()), "{target}");
        }
    }
    run_clean(scenario);
}

#[test]
fn methods_are_told_and_options_are_answered() {
    #[green]
    fn scenario() {
        let router = Router::new().get("/a", show).post("/a", show).any("/b", show).fallback(other);
        let allow = |response: &Response| {
            response.headers().get("allow").map(|methods| methods.to_str().unwrap().to_owned())
        };
        let all = Some("GET, POST, HEAD, OPTIONS".to_owned());
        let response = ask(router.clone(), "HEAD", "/a", &[]);
        assert_eq!((response.status().as_u16(), allow(&response)), (200, None));
        let response = ask(router.clone(), "DELETE", "/a", &[]);
        assert_eq!((response.status().as_u16(), allow(&response)), (405, all.clone()));
        let response = ask(router.clone(), "OPTIONS", "/a", &[]);
        assert_eq!((response.status().as_u16(), allow(&response)), (204, all));
        let response = ask(router.clone(), "OPTIONS", "*", &[]);
        assert_eq!((response.status().as_u16(), allow(&response)), (204, None));
        assert_eq!(said(ask(router.clone(), "OPTIONS", "/b", &[])).1, "OPTIONS /b []");
        assert_eq!(said(ask(router.clone(), "BREW", "/b", &[])).1, "BREW /b []");
        assert_eq!(said(ask(router, "OPTIONS", "/none", &[])).1, "other");
    }
    run_clean(scenario);
}

#[test]
fn what_is_mounted_sees_its_own_path_and_all_parameters() {
    #[green]
    fn scenario() {
        let inner = Router::new().get("/", show).get("/{y}", show).get("/z/{x}", show);
        let router = Router::new().mount("/m/{x}/", inner);
        let cases = [
            ("/m/1", "GET / [x=1]"),
            ("/m/1/", "GET / [x=1]"),
            ("/m/1/2?q=3", "GET /2?q=3 [y=2 x=1]"),
            ("/m/1/z/2", "GET /z/2 [x=2 x=1]"),
            ("http://h/m/1/2", "GET http://h/2 [y=2 x=1]"),
        ];
        for (target, text) in cases {
            assert_eq!(said(ask(router.clone(), "GET", target, &[])).1, text, "{target}");
        }
    }
    run_clean(scenario);
}

/// A folder of files, which goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("eventlet-web-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        for folder in ["files/sub", "files/bare", "files/odd.txt"] {
            std::fs::create_dir_all(path.join(folder)).unwrap();
        }
        for (file, text) in [
            ("secret", "secret"),
            ("files/a.txt", "0123456789"),
            ("files/empty", ""),
            ("files/.hidden", "secret"),
            ("files/sub/index.html", "index"),
            ("files/b c", "space"),
        ] {
            std::fs::write(path.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink(path.join("files/a.txt"), path.join("files/link")).unwrap();
        Folder(path)
    }

    fn files(&self) -> StaticFiles {
        StaticFiles::new(self.0.join("files"))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_may_be_of_any_time() {
    #[green]
    fn scenario() {
        let folder = Folder::new("times");
        let year = 366 * 24 * 3600;
        let (earlier, later) = (Duration::from_secs(9 * year), Duration::from_secs(8500 * year));
        let times = [
            (SystemTime::UNIX_EPOCH - earlier, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (SystemTime::UNIX_EPOCH + later, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ];
        for (time, date) in times {
            let file = File::options().write(true).open(folder.0.join("files/a.txt")).unwrap();
            // Not every file system knows such times.
            if file.set_modified(time).is_err() || file.metadata().unwrap().modified().unwrap() != time {
                continue;
            }
            let answer = ask(folder.files(), "GET", "/a.txt", &[]);
            assert_eq!(
                (answer.status().as_u16(), answer.headers()["last-modified"].as_bytes()),
                (200, date.as_bytes())
            );
            let answer = ask(folder.files(), "GET", "/a.txt", &[("if-modified-since", date)]);
            assert_eq!(answer.status().as_u16(), 304);
        }
    }
    run_clean(scenario);
}

#[test]
fn no_path_leaves_the_folder_or_shows_what_is_hidden() {
    #[green]
    fn scenario() {
        let folder = Folder::new("paths");
        let fine = ["/a.txt", "//a.txt", "/sub/.././a.txt", "/sub/../a.txt", "/link", "/b%20c", "/sub/"];
        let none = [
            "/../secret",
            "/..",
            "/./a.txt",
            "/sub/../../secret",
            "/%2e%2e/secret",
            "/%2e%2e%2fsecret",
            "/..%2fsecret",
            "/.%2e/secret",
            "/..%5csecret",
            "/%252e%252e/secret",
            "/.hidden",
            "/sub/../.hidden",
            "/a.txt%00",
            "/a.txt%00.png",
            "/a.txt/",
            "/a.txt/b",
            "/bare",
            "/bare/",
            "/",
            "/odd.txt",
            "/none",
            "/%ff",
            "/b+c",
            "/....//secret",
            "/%c0%ae%c0%ae/secret",
        ];
        for target in fine {
            let (status, text) = said(ask(folder.files(), "GET", target, &[]));
            // A path that goes up is none, even where it stays inside.
            let expected = if target.contains("..") { 404 } else { 200 };
            assert!(status == expected && text != "secret", "{target}: {status} {text}");
        }
        for target in none {
            let (status, text) = said(ask(folder.files(), "GET", target, &[]));
            assert!(status == 404 && text == "Not Found\n", "{target}: {status} {text}");
        }
        let absolute = format!("/{}", folder.path().join("secret").display());
        assert_eq!(said(ask(folder.files(), "GET", &absolute, &[])).0, 404);
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

#[test]
fn a_folder_is_its_index_at_the_path_with_a_slash() {
    #[green]
    fn scenario() {
        let folder = Folder::new("folders");
        let router = Router::new().files("/f", folder.path().join("files/sub")).mount("/g", folder.files());
        assert_eq!(said(ask(router.clone(), "GET", "/f/", &[])), (200, "index".to_owned()));
        assert_eq!(said(ask(router.clone(), "GET", "/g/sub/", &[])), (200, "index".to_owned()));
        for (target, location) in [("/f?q=1", "./f/?q=1"), ("/g/sub", "./sub/"), ("/g//sub", "./sub/")] {
            let response = ask(router.clone(), "GET", target, &[]);
            assert_eq!(response.status(), 301, "{target}");
            assert_eq!(response.headers()["location"], location, "{target}");
        }
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}

/// The headers, and the status and text of the answer.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

#[test]
fn conditions_and_ranges_are_those_of_rfc_9110() {
    #[green]
    fn scenario() {
        let folder = Folder::new("ranges");
        let response = ask(folder.files(), "GET", "/a.txt", &[]);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let (tag, date) = (header("etag"), header("last-modified"));
        let weak = format!("W/{tag}");
        let list = format!("\"a\", {tag}");
        let old = "Sun, 06 Nov 1994 08:49:37 GMT";
        let none = "\"none\"";
        let future = "Sun, 01 Jan 2090 00:00:00 GMT";
        let whole = "0123456789";
        let cases: &[Case<'_>] = &[
            (&[("range", "bytes=2-4")], 206, "234"),
            (&[("range", "BYTES=2-4")], 206, "234"),
            (&[("range", "bytes=-3")], 206, "789"),
            (&[("range", "bytes=-99")], 206, whole),
            (&[("range", "bytes=7-")], 206, "789"),
            (&[("range", "bytes=7-99")], 206, "789"),
            (&[("range", "bytes=10-")], 416, ""),
            (&[("range", "bytes=-0")], 416, ""),
            (&[("range", "bytes=5-2")], 200, whole),
            (&[("range", "bytes=0-1,3-4")], 200, whole),
            (&[("range", "bytes=a-")], 200, whole),
            (&[("range", "lines=0-1")], 200, whole),
            (&[("range", "bytes")], 200, whole),
            (&[("range", "bytes=0-0"), ("if-range", &tag)], 206, "0"),
            (&[("range", "bytes=0-0"), ("if-range", &date)], 206, "0"),
            (&[("range", "bytes=0-0"), ("if-range", &weak)], 200, whole),
            (&[("range", "bytes=0-0"), ("if-range", none)], 200, whole),
            (&[("range", "bytes=0-0"), ("if-range", old)], 200, whole),
            (&[("range", "bytes=99-"), ("if-range", none)], 200, whole),
            (&[("if-none-match", &tag)], 304, ""),
            (&[("if-none-match", &weak)], 304, ""),
            (&[("if-none-match", &list)], 304, ""),
            (&[("if-none-match", none), ("if-none-match", &tag)], 304, ""),
            (&[("if-none-match", "*")], 304, ""),
            (&[("if-none-match", none)], 200, whole),
            (&[("if-none-match", none), ("if-modified-since", &date)], 200, whole),
            (&[("if-modified-since", &date)], 304, ""),
            (&[("if-modified-since", future)], 304, ""),
            (&[("if-modified-since", old)], 200, whole),
            (&[("if-modified-since", "yesterday")], 200, whole),
            (&[("if-none-match", &tag), ("range", "bytes=0-0")], 304, ""),
            (&[("if-match", &tag)], 200, whole),
            (&[("if-match", "*")], 200, whole),
            (&[("if-match", &weak)], 412, ""),
            (&[("if-match", none)], 412, ""),
            (&[("if-unmodified-since", &date)], 200, whole),
            (&[("if-unmodified-since", old)], 412, ""),
            (&[("if-match", &tag), ("if-unmodified-since", old)], 200, whole),
        ];
        for (headers, status, text) in cases {
            let answer = said(ask(folder.files(), "GET", "/a.txt", headers));
            assert_eq!(answer, (*status, (*text).to_owned()), "{headers:?}");
        }
        let response = ask(folder.files(), "GET", "/a.txt", &[("range", "bytes=10-")]);
        assert_eq!(response.headers()["content-range"], "bytes */10");
        // Ranges are for `GET`.
        let response = ask(folder.files(), "HEAD", "/a.txt", &[("range", "bytes=2-4")]);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-length"]),
            (200, &"10".parse().unwrap())
        );
        let response = ask(folder.files(), "POST", "/a.txt", &[]);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
        assert_eq!(said(ask(folder.files(), "GET", "/empty", &[("range", "bytes=0-")])).0, 416);
        assert_eq!(said(ask(folder.files(), "GET", "/empty", &[])), (200, String::new()));
        drop(response);
        eventlet::tpool::killall();
    }
    run_clean(scenario);
}
