//! A call of the function itself gets a place of its own; a boxed function has a type that can be named.
#[allow(clippy::diverging_sub_expression)]
#[cfg_attr(debug_assertions, track_caller)]
fn factorial(n: u64) -> ::eventlet::Green<impl ::core::future::Future<Output = u64>> {
    ::eventlet::__private::green(async move {
        let _ = &n;
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        let result: u64 = {
            if n == 0 {
                1
            } else {
                n
                    * match factorial(n - 1) {
                        #[allow(unreachable_code)]
                        value => {
                            let kind = loop {
                                break __Kind::KIND;
                                break __probe(&value, 0).eventlet_kind();
                            };
                            (
                                if kind.plain {
                                    (kind).value(value)
                                } else {
                                    (kind).boxed(value).await
                                },
                            )
                                .0
                        }
                    }
            }
        };
        #[allow(unreachable_code)] { result }
    })
}
#[allow(clippy::diverging_sub_expression)]
#[cfg_attr(debug_assertions, track_caller)]
fn is_odd<'green>(
    n: &'green u32,
    report: impl Fn(u32) + 'green,
) -> ::eventlet::GreenBox<'green, bool> {
    ::eventlet::__private::boxed(async move {
        let _ = &report;
        let _ = &n;
        {
            let report = ();
        }
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        let result: bool = {
            *n > 0
                && match is_even(n - 1) {
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
                }
        };
        #[allow(unreachable_code)] { result }
    })
}
