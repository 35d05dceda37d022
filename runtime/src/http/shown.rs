//! What messages show.

/// What is no URL, as it may be shown: all that could be meant for a password is left out.
pub(crate) fn without_password(text: &str) -> String {
    let begin = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(begin);
    match rest.rsplit_once('@').and_then(|(user, rest)| Some((user.split_once(':')?.0, rest))) {
        Some((name, rest)) => format!("{scheme}{name}:…@{rest}"),
        None => text.to_owned(),
    }
}
