//! Arguments are captured last first; patterns are bound inside.
#[allow(clippy::diverging_sub_expression)]
#[cfg_attr(debug_assertions, track_caller)]
fn arguments(
    self_like: A,
    __arg1: (B, C),
    d: D,
    unused: E,
) -> ::eventlet::Green<impl ::core::future::Future<Output = impl Display>> {
    ::eventlet::__private::green(async move {
        let _ = &unused;
        let _ = &d;
        #[allow(clippy::used_underscore_binding)]
        let _ = &__arg1;
        let _ = &self_like;
        let (b, _) = __arg1;
        let mut d = d;
        let unused = unused;
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        #[allow(clippy::unnecessary_semicolon)]
        match d.add(b) {
            #[allow(unreachable_code)]
            value => {
                let kind = loop {
                    break __Kind::KIND;
                    break __named(&value).eventlet_kind();
                };
                (
                    if kind.plain {
                        (kind).value(value)
                    } else {
                        (kind).call(value).await
                    },
                )
                    .0
            }
        };
        self_like
    })
}
