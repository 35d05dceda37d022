//! What a panic brings.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what somebody panicked with. It may panic when dropped, with something that may, and so
/// on: nobody is left to tell, and somewhere it has to end.
pub(crate) fn drop_payload(mut payload: Box<dyn Any + Send>) {
    for _ in 0..8 {
        match catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            Ok(()) => return,
            Err(another) => payload = another,
        }
    }
    std::mem::forget(payload);
}
