//! What makes a green iterator's step a method of its own.

/// `next` without the trait: std's is in every prelude, so code that was written for std calls it
/// and imports nothing.
macro_rules! own_next {
    ($(for [$($parameters:tt)*] $Type:ty),* $(,)?) => {$(
        impl<$($parameters)*> $Type {
            /// The next item, or `None` at the end:
            /// [`GreenIterator::next`](crate::GreenIterator::next), which need not be imported for
            /// it. Suspends until it is there.
            ///
            /// # Cancel safety
            ///
            /// A kill or timeout here loses no item.
            #[green(by_hand = "it hands another call on")]
            #[allow(clippy::should_implement_trait, reason = "it is std's name, and a green call")]
            pub fn next(
                &mut self,
            ) -> crate::Green<impl ::std::future::Future<Output = Option<<Self as GreenIterator>::Item>>> {
                GreenIterator::next(self)
            }
        }
    )*};
}
