//! The macros of log and tracing.

use tracing::{Level, debug_span, event, info_span, span};

crate::pairs! {
    fn logged(n: u32) -> u32 {
        log::info!("started with {n}");
        if n > 2 { log::warn!("{} is {}", n, "large".to_uppercase()); }
        log::debug!(target: "elsewhere", "twice: {:>4}", n * 2);
        log::trace!("not seen {}", n.pow(2));
        n + 1
    }
    with (1), (3);

    fn log_levels(text: &str) -> bool {
        for level in [log::Level::Error, log::Level::Trace] { log::log!(level, "{text:?} at {level}"); }
        log::log_enabled!(log::Level::Debug) && !log::log_enabled!(log::Level::Trace)
    }
    with ("x");

    fn log_and_call(n: u32) -> u32 {
        let first = logged(n);
        log::error!("after {first}");
        logged(first) + first
    }
    with (2);

    fn events(user: &str, n: usize) -> usize {
        tracing::info!(user, n, "plain fields");
        tracing::debug!(len = user.len(), ?user, "computed {}", n + 1);
        tracing::warn!(name = %user.to_uppercase(), "shown");
        event!(Level::ERROR, code = n as u64, nested.field = true);
        tracing::trace!("hidden");
        user.len() * n
    }
    with ("ann", 2), ("", 0);

    fn spans(n: u64) -> u64 {
        let span = info_span!("work", n, result = tracing::field::Empty);
        let total = span.in_scope(|| { tracing::info!("inside"); n * 2 });
        span.record("result", total);
        let _guard = debug_span!("rest").entered();
        tracing::info!(total);
        total
    }
    with (3);

    fn span_levels(name: &'static str) -> bool {
        let span = span!(Level::DEBUG, "dynamic", name);
        let entered = span.enter();
        tracing::error!(entered = true, "within {}", name);
        drop(entered);
        span.is_disabled()
    }
    with ("x");

    fn retry_with_log(failures: u32) -> Result<u32, String> {
        for attempt in 0..3u32 {
            if attempt >= failures { tracing::info!(attempt, "done"); return Ok(logged(attempt)); }
            tracing::warn!(attempt, left = 2 - attempt, "failed");
        }
        Err(format!("gave up after {failures}"))
    }
    with (0), (2), (9);
}
