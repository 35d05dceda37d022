//! A `for` loop drives the steps of a green iterator; one over a range stays as it is.
#[allow(clippy::diverging_sub_expression)]
#[cfg_attr(debug_assertions, track_caller)]
fn total(items: Items) -> ::eventlet::Green<impl ::core::future::Future<Output = u32>> {
    ::eventlet::__private::green(async move {
        let _ = &items;
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        let result: u32 = {
            let mut total = 0;
            match items {
                iterable => {
                    #[allow(unreachable_code)]
                    let kind = loop {
                        break __Kind::KIND;
                        break __steps(&iterable).eventlet_steps();
                    };
                    let mut iter = kind.start(iterable);
                    'all: loop {
                        #[allow(unreachable_code)]
                        let ::eventlet::__private::Option::Some(item) = (if kind.plain {
                            kind.value(&mut iter)
                        } else {
                            kind.call(&mut iter).await
                        }) else { break };
                        let item = item;
                        {
                            for n in 0..3 {
                                total += item * n;
                            }
                            if total > 100 {
                                break 'all;
                            }
                        };
                    }
                }
            }
            total
        };
        #[allow(unreachable_code)] { result }
    })
}
