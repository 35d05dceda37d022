//! Forms with files as curl, Python's requests and browsers send them.

use std::fs;
use std::io;

use eventlet::green;
use eventlet::http::{self, IntoResponse, Request, Response};
use eventlet::testing::run_clean;
use eventlet::wsgi::{Multipart, Server};
use eventlet_peer_tests::browser::Browser;
use eventlet_peer_tests::{Files, Program};
use eventlet_web_tests::Site;

/// Answers with what the form is: a long file by the sum of its bytes.
#[green]
fn tell(request: Request) -> io::Result<String> {
    let mut form = Multipart::new(request)?;
    let mut told = String::new();
    while let Some(part) = form.next_part()? {
        let (name, file_name) = (part.name().to_owned(), part.file_name().map(str::to_owned));
        let content_type = part.content_type().unwrap_or("-").to_owned();
        let content = part.bytes()?;
        let content = match content.len() {
            0..100 => content.escape_ascii().to_string(),
            length => {
                let sum: u64 = content.iter().map(|&byte| u64::from(byte)).sum();
                format!("{length} bytes, {sum} together")
            }
        };
        told += &format!("{name} {file_name:?} {content_type}: {content}\n");
    }
    Ok(told)
}

/// Bytes of which some look like boundaries.
fn content() -> Vec<u8> {
    let mut content: Vec<u8> = (0..3_000_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    content.extend(b"\r\n--------------------------\r\n--\r\n");
    content
}

fn told_of(content: &[u8]) -> String {
    let sum: u64 = content.iter().map(|&byte| u64::from(byte)).sum();
    format!("{} bytes, {sum} together", content.len())
}

#[test]
fn forms_of_curl_are_understood() {
    #[green]
    fn scenario() {
        let files = Files::new("multipart-curl").unwrap();
        fs::write(files.path("large.bin"), content()).unwrap();
        fs::write(files.path("a.txt"), "text\r\n").unwrap();
        let site = Site::new(Server::new(), tell);
        let url = format!("http://{}/", site.address);
        let (large, text) = (
            format!("f=@{}", files.path("large.bin")),
            format!("t=@{};type=text/x;filename=b;c.txt", files.path("a.txt")),
        );
        let text = text.replace("b;c.txt", "\"b;c.txt\"");
        let arguments =
            ["-sS", "-F", "name=Gr\u{fc}\u{df}e", "-F", &large, "-F", &text, "-F", "empty=", &url];
        let expected = format!(
            "name None -: Gr\\xc3\\xbc\\xc3\\x9fe\nf Some(\"large.bin\") application/octet-stream: {}\n\
             t Some(\"b;c.txt\") text/x: text\\r\\n\nempty None -: \n",
            told_of(&content())
        );
        for more in [&[][..], &["-H", "Transfer-Encoding: chunked"], &["--http2-prior-knowledge"]] {
            let (is_well, printed) = Program::start("curl", &[&arguments[..], more].concat()).finish();
            assert!(is_well, "{printed}");
            assert_eq!(printed, expected, "{more:?}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn forms_of_pythons_requests_are_understood() {
    const CLIENT: &str = r#"
import requests, sys
content = b"".join(bytes([n * 7 % 251]) for n in range(251)) * 4000
with requests.Session() as session:
    for _ in range(2):
        answer = session.post(sys.argv[1], data={"title": "Grüße", "list": ["1", "2"]}, files={
            "f": ("Grüße \"x\".bin", content, "application/x-y", {"X-More": "yes"}),
            "g": ("empty.txt", b""),
        })
        assert answer.status_code == 200, answer.text
        print(answer.text, end="", flush=True)
"#;
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell);
        let url = format!("http://{}/", site.address);
        let (is_well, printed) = Program::start("python3", &["-c", CLIENT, &url]).finish();
        assert!(is_well, "{printed}");
        let content: Vec<u8> = (0..=250).map(|n: u32| (n * 7 % 251) as u8).collect::<Vec<_>>().repeat(4000);
        let form = format!(
            "title None -: Gr\\xc3\\xbc\\xc3\\x9fe\nlist None -: 1\nlist None -: 2\n\
             f Some(\"Gr\u{fc}\u{df}e %22x%22.bin\") application/x-y: {}\ng Some(\"empty.txt\") -: \n",
            told_of(&content)
        );
        assert_eq!(printed, form.repeat(2));
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_form_of_a_browser_is_understood() {
    const PAGE: &str = "<!DOCTYPE html><title>Form</title><form method=post enctype=multipart/form-data>\
        <input name='a &quot;name&quot;' value='Gr\u{fc}\u{df}e'><textarea name=lines>one\ntwo</textarea>\
        <input type=file name=none><input type=file name=f id=f></form>";
    #[green]
    fn app(request: Request) -> Response {
        if request.method() == "POST" {
            return tell(request).into_response();
        }
        http::html(PAGE)
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let browser = Browser::start("multipart-browser");
        let page = browser.open(&format!("http://{}/", site.address));
        page.until("document.readyState == 'complete' && document.forms.length == 1");
        page.evaluate(
            "{ const chosen = new DataTransfer(); chosen.items.add(new File(['a\\r\\n--'], 'x \"y\".txt', {type: 'text/plain'})); \
             document.getElementById('f').files = chosen.files; document.forms[0].submit() }",
        );
        page.until("document.readyState == 'complete' && document.forms.length == 0");
        let told = "a %22name%22 None -: Gr\\xc3\\xbc\\xc3\\x9fe\nlines None -: one\\r\\ntwo\n\
                    none Some(\"\") application/octet-stream: \nf Some(\"x %22y%22.txt\") text/plain: a\\r\\n--\n";
        assert_eq!(page.evaluate("document.body.textContent"), told);
        drop((page, browser));
        site.end();
    }
    run_clean(scenario);
}
