//! Arguments are captured last first; patterns are bound inside.

#[green]
fn arguments(self_like: A, (b, _): (B, C), mut d: D, unused: E) -> impl Display {
    d.add(b);
    self_like
}
