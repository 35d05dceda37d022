//! What the tests of the web share.
