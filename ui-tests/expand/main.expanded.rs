//! `main` and tests run their own call; macros of std and green closures follow the rule.
#[allow(clippy::diverging_sub_expression)]
fn main() {
    ::eventlet::__private::main(|| ::eventlet::__private::green(async move {
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        let result: () = {
            let fetch_all = |urls: Vec<Url>| {
                let urls = ::eventlet::__private::Moved(urls);
                ::eventlet::__private::closure(async {
                    let urls = urls.into_inner();
                    match fetch(urls) {
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
                    }
                })
            };
            println!(
                "{} pages", match fetch_all(match urls() { #[allow(unreachable_code)]
                value => { let kind = loop { break __Kind::KIND; break __probe(& value,
                0).eventlet_kind() }; (if kind.plain { (kind).value(value) } else {
                (kind).call(value). await },).0 } }) { #[allow(unreachable_code)] value
                => { let kind = loop { break __Kind::KIND; break __probe(& value, 0)
                .eventlet_kind() }; (if kind.plain { (kind).value(value) } else { (kind)
                .call(value). await },).0 } }
            );
            assert!(
                match ready() { #[allow(unreachable_code)] value => { let kind = loop {
                break __Kind::KIND; break __probe(& value, 0).eventlet_kind() }; (if kind
                .plain { (kind).value(value) } else { (kind).call(value). await },).0 }
                }, "assertion failed: {}", ::core::stringify!(ready())
            );
            {
                no_switch! {}
                #[allow(clippy::unnecessary_semicolon)]
                match count
                    .set(
                        match count.get() {
                            #[allow(unreachable_code)]
                            value => {
                                let kind = loop {
                                    break __Kind::KIND;
                                    break __probe(&value, 0).eventlet_kind();
                                };
                                (
                                    {
                                        #[allow(unused_braces)]
                                        ::eventlet::__private::StaysPut::stays_put({ kind });
                                        kind.stay(value)
                                    },
                                )
                                    .0
                            }
                        } + 1,
                    )
                {
                    #[allow(unreachable_code)]
                    value => {
                        let kind = loop {
                            break __Kind::KIND;
                            break __probe(&value, 0).eventlet_kind();
                        };
                        (
                            {
                                #[allow(unused_braces)]
                                ::eventlet::__private::StaysPut::stays_put({ kind });
                                kind.stay(value)
                            },
                        )
                            .0
                    }
                };
            }
        };
        #[allow(unreachable_code)] { result }
    }))
}
#[test]
#[should_panic]
#[allow(clippy::diverging_sub_expression)]
fn fails() {
    ::eventlet::__private::test(|| ::eventlet::__private::green(async move {
        #[allow(unused_imports)]
        use ::eventlet::__private::questions::*;
        let result: () = {
            panic!(
                "{}", match reason() { #[allow(unreachable_code)] value => { let kind =
                loop { break __Kind::KIND; break __probe(& value, 0).eventlet_kind() };
                (if kind.plain { (kind).value(value) } else { (kind).call(value). await
                },).0 } }
            );
        };
        #[allow(unreachable_code)] { result }
    }))
}
