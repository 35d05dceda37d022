//! How much one client may do, over all processes: counted in Redis.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eventlet::{green, with_timeout};
use eventlet_redis::{Pool, PoolError, pipe};

use crate::failure::Failure;
use crate::log;

/// A window's length, in seconds.
const WINDOW: u64 = 60;

/// For how long Redis is waited for, a place in the pool included.
const PATIENCE: Duration = Duration::from_millis(500);

pub(crate) struct Limiter {
    redis: Pool,
    most: u32,
}

impl Limiter {
    /// Lets each client do so much in a minute.
    pub(crate) fn new(redis: Pool, most: u32) -> Limiter {
        Limiter { redis, most }
    }

    /// Counts so many for this client, and refuses what is too much. While Redis does not answer in
    /// time nobody is refused: a limit is less than the service.
    #[green]
    pub(crate) fn count(&self, client: IpAddr, notes: u32) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let error = match with_timeout(PATIENCE, || self.add(client, now / WINDOW, notes)) {
            Ok(Ok(count)) if count > self.most => {
                return Err(Failure::too_many(u32::try_from(WINDOW - now % WINDOW).unwrap_or(u32::MAX)));
            }
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(timeout) => timeout.to_string(),
        };
        log::line(format_args!("error={error:?}"));
        Ok(())
    }

    #[green]
    fn add(&self, client: IpAddr, window: u64, notes: u32) -> Result<u32, PoolError> {
        let key = format!("notes:limit:{client}:{window}");
        let mut redis = self.redis.get()?;
        let mut count = pipe();
        count.atomic().incr(&key, notes).expire(&key, 2 * WINDOW as i64).ignore();
        let (count,): (u32,) = redis.pipeline(&count).map_err(PoolError::Failed)?;
        Ok(count)
    }
}
