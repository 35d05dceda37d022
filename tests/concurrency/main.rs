//! Scopes, joins and races: several calls in one green thread, their order, their ends, and what the losers lose.

mod all;
mod join;
mod look;
mod losses;
mod race;
mod scope;
