//! What is tested on the text of expansions: that they stay readable, and what an editor makes of
//! half a function.

mod editor;
mod snapshots;
