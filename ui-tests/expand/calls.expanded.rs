//! A call is driven where it stands, if its value is a green call.
/// Fetches a page, and tells how long it is.
#[allow(clippy::diverging_sub_expression)]
///
/// *Green: may suspend.*
#[cfg_attr(debug_assertions, track_caller)]
pub fn length(
    url: &str,
    _retries: u32,
) -> ::eventlet::Green<impl ::core::future::Future<Output = io::Result<usize>>> {
    ::eventlet::__private::noting(
        async move {
            #[allow(clippy::used_underscore_binding)]
            let _ = &_retries;
            let _ = &url;
            #[allow(unused_imports)]
            use ::eventlet::__private::questions::*;
            #[allow(unreachable_code)]
            if false {
                return (::eventlet::__private::returned::<io::Result<usize>>(),).0;
            }
            let result: io::Result<usize> = {
                let page = match fetch(url) {
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
                                (kind).call(value).await
                            },
                        )
                            .0
                    }
                }?;
                Ok(
                    match page.len() {
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
                                    (kind).call(value).await
                                },
                            )
                                .0
                        }
                    },
                )
            };
            #[allow(unreachable_code)] { result }
        },
        {
            #[allow(unused_imports)]
            use ::eventlet::__private::kinds_of_errors::*;
            ::eventlet::__private::errors::<io::Result<usize>>().eventlet_kind()
        },
    )
}
