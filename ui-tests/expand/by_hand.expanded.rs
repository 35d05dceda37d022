//! A function that makes its call itself gets the marks of a green one, and stays as it is.
/// Waits for the value.
///
/// *Green: may suspend.*
#[cfg_attr(debug_assertions, track_caller)]
pub fn wait(event: &Event<u32>) -> Green<impl Future<Output = u32>> {
    Green::new(async move { until(event.sent()).await })
}
