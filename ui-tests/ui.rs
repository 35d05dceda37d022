//! What the macro accepts, and what it says about the rest.

#[test]
fn what_compiles_also_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}
