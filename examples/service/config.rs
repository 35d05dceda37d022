//! What the environment says.

use std::str::FromStr;
use std::time::Duration;

/// The settings of a process.
pub(crate) struct Config {
    pub(crate) listen: String,
    pub(crate) database: String,
    pub(crate) redis: String,
    /// So many connections to each of the two.
    pub(crate) connections: usize,
    /// For how long either may be waited for.
    pub(crate) patience: Duration,
    pub(crate) notes_per_minute: u32,
    pub(crate) max_body: u64,
    pub(crate) grace: Duration,
}

impl Config {
    /// Reads the variables of the environment.
    pub(crate) fn from_env() -> Result<Config, String> {
        Ok(Config {
            listen: optional("LISTEN")?.unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            database: required("DATABASE_URL")?,
            redis: required("REDIS_URL")?,
            connections: optional("CONNECTIONS")?.unwrap_or(10),
            patience: Duration::from_secs(5),
            notes_per_minute: optional("NOTES_PER_MINUTE")?.unwrap_or(60),
            max_body: 1 << 20,
            grace: Duration::from_secs(optional("GRACE_SECONDS")?.unwrap_or(20)),
        })
    }
}

fn required(name: &str) -> Result<String, String> {
    optional(name)?.ok_or_else(|| format!("the variable {name} is not set"))
}

fn optional<T: FromStr>(name: &str) -> Result<Option<T>, String> {
    match std::env::var(name) {
        // Its value may be a secret, so that it is not shown.
        Ok(value) => {
            value.parse().map(Some).map_err(|_| format!("the variable {name} is not what it should be"))
        }
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the variable {name} is not UTF-8")),
    }
}
