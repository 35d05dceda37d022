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
            use ::eventlet::__private::Kind as __Kind;
            #[allow(unused_imports)]
            use ::eventlet::__private::{
                GreenProbe as _, PlainProbe as _, probe as __probe,
                probe_named as __named,
            };
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
        |errors| {
            #[allow(unused_imports)]
            use ::eventlet::__private::{
                BoxedErrors as _, NoErrors as _, ShownErrors as _,
            };
            errors().eventlet_kind()
        },
    )
}
