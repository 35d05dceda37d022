//! Forms with files, through the server: raw bytes in, and what a handler is told of them.

use std::io;

use eventlet::green::io::{Read, Write, copy};
use eventlet::http::client::Form;
use eventlet::http::{Body, Bytes, Client, Out, Request};
use eventlet::testing::run_clean;
use eventlet::wsgi::{Multipart, Server};
use eventlet::{connect, green, sleep, with_timeout};
use eventlet_web_tests::{MS, Site, statuses};

/// Answers with what the form is.
#[green]
fn tell(request: Request) -> io::Result<String> {
    tell_form(Multipart::new(request)?)
}

#[green]
fn tell_form(mut form: Multipart) -> io::Result<String> {
    let mut told = String::new();
    while let Some(part) = form.next_part()? {
        let (name, file_name) = (part.name().to_owned(), part.file_name().map(str::to_owned));
        let content_type = part.content_type().map(str::to_owned);
        let content = part.bytes()?;
        told += &match file_name {
            None => format!("{name}={}\n", content.escape_ascii()),
            Some(file) => {
                let kind = content_type.unwrap_or_default();
                format!("{name}=@{file} {kind} {}\n", content.escape_ascii())
            }
        };
    }
    Ok(told)
}

/// A form of a field, a file and an empty file.
const FORM: &str = "--xyz\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA cat\r\n\
    --xyz\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n\r\n\
    \r\n--xy\r\n\r\n\
    --xyz\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--xyz--\r\n";

const TOLD: &str = "title=A cat\nphoto=@cat.png image/png \\r\\n--xy\\r\\n\nnone=@  \n";

fn head(rest: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=xyz\r\n{rest}\r\n\r\n")
}

/// A request with this form, after which the connection ends.
fn post(form: &str) -> String {
    head(&format!("Connection: close\r\nContent-Length: {}", form.len())) + form
}

fn chunked(form: &str, size: usize) -> String {
    let mut request = head("Connection: close\r\nTransfer-Encoding: chunked");
    for chunk in form.as_bytes().chunks(size) {
        request += &format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap());
    }
    request + "0\r\n\r\n"
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}")).1
}

#[test]
fn a_form_is_told_part_by_part_wherever_its_bytes_are_cut() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell);
        let request = post(FORM);
        let answers = site.exchange_everywhere(request.as_bytes());
        assert_eq!(answers.len(), 1, "{answers:?}");
        let answer = answers.first().unwrap();
        assert_eq!((statuses(answer), body_of(answer)), (vec![200], TOLD));
        for size in [1, 2, 3, 7, 16, 40] {
            let answer = site.exchange_in(request.as_bytes(), size);
            assert_eq!(body_of(&answer), TOLD, "pieces of {size}");
            let answer = site.exchange(&chunked(FORM, size));
            assert_eq!(body_of(&answer), TOLD, "chunks of {size}");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_form_that_is_cut_off_or_broken_is_a_400_and_one_that_is_too_large_a_413() {
    #[green]
    fn tell_small(request: Request) -> io::Result<String> {
        let form = Multipart::new(request)?;
        tell_form(form.max_parts(3).max_head(100).max_field(10).max_file(20).max_form(600))
    }
    #[green]
    fn status(site: &Site, form: &str) -> u16 {
        let answer = site.exchange(&post(form));
        statuses(&answer)[0]
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell_small);
        assert_eq!(status(&site, FORM), 200);
        for length in [0, 1, 40, 60, FORM.len() - 5] {
            assert_eq!(status(&site, &FORM[..length]), 400, "{length} bytes");
        }
        assert_eq!(status(&site, &FORM.replace("; name=\"title\"", "")), 400);
        assert_eq!(status(&site, &FORM.replace("--xyz--", "--xyz-+")), 400);
        assert_eq!(status(&site, &FORM.replace("A cat", "A large cat")), 413);
        assert_eq!(status(&site, &FORM.replace("--xy\r\n", &"x".repeat(20))), 413);
        assert_eq!(status(&site, &FORM.replace("image/png", &"x".repeat(50))), 413);
        assert_eq!(status(&site, &format!("--xyz?{FORM}")), 400);
        let fourth = "--xyz\r\nContent-Disposition: form-data; name=d\r\n\r\n\r\n--xyz--";
        assert_eq!(status(&site, &FORM.replace("--xyz--", fourth)), 413);
        assert_eq!(status(&site, &format!("{}{FORM}", " ".repeat(600))), 413);
        assert_eq!(status(&site, &format!("{FORM}{}", " ".repeat(600))), 413);
        let other = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(statuses(&site.exchange(other)), [400]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_limits_of_a_server_hold_for_forms_as_well() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new().max_body(200).body_timeout(Some(50 * MS)), tell);
        assert_eq!(statuses(&site.exchange(&chunked(FORM, 50))), [413]);
        // One that never goes on.
        let begun = &post(&FORM[..150]).replace("Content-Length: 150", "Content-Length: 160");
        let answer = with_timeout(5000 * MS, || site.exchange(begun)).expect("an answer in time");
        assert_eq!(statuses(&answer), [408]);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_connection_carries_another_request_after_a_form() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell);
        let kept = head(&format!("Content-Length: {}", FORM.len() + 3)) + FORM + "\r\n ";
        let answers = site.exchange(&format!("{kept}{}", post(FORM)));
        assert_eq!(statuses(&answers), [200, 200], "{answers}");
        assert_eq!(answers.matches(TOLD).count(), 2);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn what_is_not_read_of_a_part_is_passed_over() {
    #[green]
    fn names(request: Request) -> io::Result<String> {
        let mut form = Multipart::new(request)?;
        let mut names = String::new();
        while let Some(mut part) = form.next_part()? {
            names += part.name();
            // A byte of it, or none.
            if part.file_name().is_some() && part.read(&mut [0])? == 1 {
                names += "!";
            }
            names += "\n";
        }
        Ok(names)
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), names);
        for size in [1, usize::MAX] {
            let answer = site.exchange_in(post(FORM).as_bytes(), size);
            assert_eq!(body_of(&answer), "title\nphoto!\nnone\n");
        }
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_part_is_a_reader_that_has_what_came_before_the_rest_is_there() {
    #[green]
    fn count(request: Request, out: Out) -> io::Result<()> {
        let mut form = Multipart::new(request)?;
        while let Some(mut part) = form.next_part()? {
            let mut buf = [0; 5];
            part.read_exact(&mut buf)?;
            out.write(Bytes::copy_from_slice(&buf))?;
            let mut rest = vec![];
            let count = copy(&mut part, &mut rest)?;
            out.write(format!(" and {count} more\n"))?;
        }
        Ok(())
    }
    #[green]
    fn app(request: Request) -> Body {
        Body::stream(move |out| count(request, out))
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), app);
        let mut stream = connect(site.address).unwrap();
        let begun = "--xyz\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\nhello";
        let length = begun.len() + 100_000 + "\r\n--xyz--".len();
        write!(stream, "{}{begun}", head(&format!("Connection: close\r\nContent-Length: {length}"))).unwrap();
        let mut answer = String::new();
        let mut buf = [0; 1000];
        // The answer begins before the form is whole.
        while !answer.contains("hello") {
            let count = stream.read(&mut buf).unwrap();
            assert!(count > 0);
            answer += std::str::from_utf8(&buf[..count]).unwrap();
        }
        stream.write_all(&vec![b'x'; 100_000]).unwrap();
        stream.write_all(b"\r\n--xyz--").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" and 100000 more\n"), "{answer}");
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn a_client_that_asks_whether_to_go_on_is_told_when_the_form_is_read() {
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell);
        let mut stream = connect(site.address).unwrap();
        let more = format!("Expect: 100-continue\r\nConnection: close\r\nContent-Length: {}", FORM.len());
        stream.write_all(head(&more).as_bytes()).unwrap();
        let mut buf = [0; 25];
        stream.read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(FORM.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(body_of(&answer), TOLD);
        site.end();
    }
    run_clean(scenario);
}

#[test]
fn the_client_of_this_crate_is_understood() {
    #[green]
    fn produce(out: Out) -> io::Result<()> {
        for _ in 0..3 {
            out.write("again\r\n")?;
            sleep(MS);
        }
        Ok(())
    }
    #[green]
    fn scenario() {
        let site = Site::new(Server::new(), tell);
        let client = Client::new();
        let form = Form::new()
            .text("a \"name\"", "--eventlet-")
            .file("f", "Gr\u{fc}\u{df}e.txt", "text/plain", "content")
            .file("s", "s.bin", "application/octet-stream", Body::stream(produce));
        let answer = client.post(format!("http://{}/", site.address)).multipart(form).send().unwrap();
        assert_eq!(
            answer.text().unwrap(),
            "a %22name%22=--eventlet-\nf=@Gr\u{fc}\u{df}e.txt text/plain content\n\
             s=@s.bin application/octet-stream again\\r\\nagain\\r\\nagain\\r\\n\n"
        );
        let empty = client.post(format!("http://{}/", site.address)).multipart(Form::new());
        assert_eq!(empty.send().unwrap().text().unwrap(), "");
        drop(client);
        site.end();
    }
    run_clean(scenario);
}
