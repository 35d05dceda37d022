//! A call is driven where it stands, if its value is a green call.

/// Fetches a page, and tells how long it is.
#[green]
pub fn length(url: &str, _retries: u32) -> io::Result<usize> {
    let page = fetch(url)?;
    Ok(page.len())
}
