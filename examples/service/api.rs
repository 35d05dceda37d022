//! What is asked, and what is answered.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use eventlet::http::header::{ALLOW, CONTENT_TYPE};
use eventlet::http::{self, IntoResponse, Json, Request, Response, StatusCode};
use eventlet::wsgi::{Application, Multipart, RequestExt, Router};
use eventlet::{green, websocket};
use serde::Serialize;

use crate::Service;
use crate::failure::Failure;
use crate::log::{self, REQUEST};
use crate::notes::{NewNote, Note};
use crate::notifications::Change;

const PAGE: &str = include_str!("page.html");

/// How many notes are given at once if nothing is said, and at most.
const PAGE_LENGTH: i64 = 20;
const LONGEST_PAGE: i64 = 100;

/// In characters.
const LONGEST_AUTHOR: usize = 50;
const LONGEST_TEXT: usize = 1000;

/// How many an import may bring.
const MOST_IMPORTED: usize = 500;

/// All of it, with the request's id and a line in the log around each answer.
pub(crate) fn application(service: Rc<Service>) -> impl Application {
    let router = Router::new()
        .get("/", page)
        .get("/health", with(&service, health))
        .get("/notes", with(&service, list))
        .post("/notes", with(&service, add))
        .post("/notes/import", with(&service, import))
        .get("/notes/{id}", with(&service, show))
        .delete("/notes/{id}", with(&service, remove))
        .get("/notifications", with(&service, notifications));
    move |request| respond(request, router.clone())
}

/// A handler of requests that knows the service.
fn with<F, G>(service: &Rc<Service>, handler: F) -> impl Application + use<F, G>
where
    F: Fn(Rc<Service>, Request) -> G + 'static,
    G: Future<Output = Result<Response, Failure>> + 'static,
{
    let service = service.clone();
    move |request| handler(service.clone(), request)
}

#[green]
fn respond(request: Request, router: Router) -> Response {
    let id = id_of(&request);
    let answer = {
        let id = id.clone();
        move || answer(request, router, id)
    };
    REQUEST.scope(id, answer)
}

#[green]
fn answer(request: Request, router: Router, id: Rc<str>) -> Response {
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = as_json(router.respond(request));
    if let Ok(id) = id.parse() {
        response.headers_mut().insert("x-request-id", id);
    }
    let (status, time) = (response.status().as_u16(), begun.elapsed().as_secs_f64() * 1000.0);
    log::line(format_args!("method={method} path={path:?} status={status} ms={time:.1}"));
    response
}

/// The id that whoever is in front has given the request, if it is one, or a new one.
fn id_of(request: &Request) -> Rc<str> {
    let given = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let is_id = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match given.filter(is_id) {
        Some(id) => id.into(),
        None => format!("{:016x}", RandomState::new().build_hasher().finish()).into(),
    }
}

/// What the router itself says (404, 405) in the words of the others.
fn as_json(mut response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if is_text && response.status().is_client_error() {
        let reason = response.status().canonical_reason().unwrap_or_default().to_lowercase();
        let allow = response.headers().get(ALLOW).cloned();
        response = Failure::new(response.status(), reason).into_response();
        if let Some(methods) = allow {
            response.headers_mut().insert(ALLOW, methods);
        }
    }
    response
}

#[green]
fn page(_request: Request) -> Response {
    http::html(PAGE)
}

#[derive(Serialize)]
struct Health {
    postgres: bool,
    redis: bool,
}

#[green]
fn health(service: Rc<Service>, _request: Request) -> Result<Response, Failure> {
    let postgres = service.notes.check().is_ok();
    let redis = service.notifications.is_well();
    let status = if postgres && redis { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(Health { postgres, redis })).into_response())
}

#[green]
fn list(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    let before = number(&request, "before")?;
    let limit = number(&request, "limit")?.unwrap_or(PAGE_LENGTH).clamp(1, LONGEST_PAGE);
    let notes = service.notes.list(before, limit)?;
    Ok(Json(notes).into_response())
}

#[green]
fn add(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    // Forms of other origins cannot say this, so that no page elsewhere writes here.
    let kind = request.headers().get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a note is application/json"));
    }
    allow(&service, client(&request), 1)?;
    let body = request.into_body().json()?;
    let new = checked(body)?;
    let note = service.notes.add(&new)?;
    service.notifications.publish(&[Change::Added(&note)]);
    Ok(created(&note))
}

fn created(note: &Note) -> Response {
    let location = format!("/notes/{}", note.id);
    (StatusCode::CREATED, [("location", location)], Json(note)).into_response()
}

#[green]
fn import(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    let client = client(&request);
    let form = Multipart::new(request)?;
    let new = imported(form)?;
    allow(&service, client, new.len() as u32)?;
    let notes = service.notes.add_all(&new)?;
    let changes: Vec<_> = notes.iter().map(Change::Added).collect();
    service.notifications.publish(&changes);
    Ok((StatusCode::CREATED, Json(notes)).into_response())
}

/// The notes of a form: the field `author`, and the file `notes` with one in each line.
#[green]
fn imported(mut form: Multipart) -> Result<Vec<NewNote>, Failure> {
    let (mut author, mut lines) = (String::new(), String::new());
    while let Some(part) = form.next_part()? {
        match part.name() {
            "author" => author = part.text()?,
            "notes" => lines = part.text()?,
            other => {
                let message = format!("the form has no field {other:?}");
                return Err(Failure::new(StatusCode::BAD_REQUEST, message));
            }
        }
    }
    let texts = lines.lines().filter(|line| !line.trim().is_empty());
    let notes: Result<Vec<_>, _> =
        texts.map(|text| checked(NewNote { author: author.clone(), text: text.to_owned() })).collect();
    let notes = notes?;
    if notes.is_empty() || notes.len() > MOST_IMPORTED {
        let message = format!("the file has 1 to {MOST_IMPORTED} notes");
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    Ok(notes)
}

#[green]
fn show(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    let note = service.notes.get(id(&request)?)?;
    Ok(Json(note.ok_or_else(Failure::not_found)?).into_response())
}

#[green]
fn remove(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    let id = id(&request)?;
    if !service.notes.remove(id)? {
        return Err(Failure::not_found());
    }
    service.notifications.publish(&[Change::Removed(id)]);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A page of the same host may connect, and no other.
#[green]
fn notifications(service: Rc<Service>, request: Request) -> Result<Response, Failure> {
    let notifications = service.notifications.clone();
    Ok(websocket::accept(&request, move |ws| notifications.tell(ws)))
}

/// Counts so many notes for the client.
#[green]
fn allow(service: &Service, client: Option<IpAddr>, notes: u32) -> Result<(), Failure> {
    match client {
        Some(client) => service.limiter.count(client, notes),
        None => Ok(()),
    }
}

/// Who asks. Whoever comes through a Unix socket comes through a proxy, which has limits of its own.
fn client(request: &Request) -> Option<IpAddr> {
    request.peer().and_then(|peer| peer.address()).map(|address| address.ip())
}

fn id(request: &Request) -> Result<i64, Failure> {
    request.param("id").and_then(|id| id.parse().ok()).ok_or_else(Failure::not_found)
}

fn number(request: &Request, name: &str) -> Result<Option<i64>, Failure> {
    let number = request.query(name).map(|number| number.parse()).transpose();
    number.map_err(|_| Failure::new(StatusCode::BAD_REQUEST, format!("`{name}` is no number")))
}

fn checked(note: NewNote) -> Result<NewNote, Failure> {
    let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    // PostgreSQL has no texts with a zero in them.
    let is_text = |text: &str| !text.contains('\0');
    let message = if !fits(&note.author, LONGEST_AUTHOR) || !is_text(&note.author) {
        format!("`author` has 1 to {LONGEST_AUTHOR} characters")
    } else if !fits(&note.text, LONGEST_TEXT) || !is_text(&note.text) {
        format!("`text` has 1 to {LONGEST_TEXT} characters")
    } else {
        return Ok(note);
    };
    Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, message))
}
