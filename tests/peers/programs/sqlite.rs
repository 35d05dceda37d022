//! Sells three apples to ten people, out of a file of SQLite's.

use std::error::Error;
use std::time::Duration;

use eventlet::db_pool::{Builder, ConnectionPool};
use eventlet::tpool::{self, Proxy};
use eventlet::{green, spawn};
use rusqlite::{Connection, TransactionBehavior};

type Pool = ConnectionPool<Proxy<Connection>, rusqlite::Error>;

#[green]
fn connect(path: String) -> rusqlite::Result<Proxy<Connection>> {
    let open = move || -> rusqlite::Result<Connection> {
        let shop = Connection::open(path)?;
        // One writes at a time. The others wait, each on an OS thread of its own.
        shop.busy_timeout(Duration::from_secs(5))?;
        Ok(shop)
    };
    tpool::execute(open).map(Proxy::new)
}

/// A whole transaction is one call, which is done to its end, or rolled back by the driver.
#[green]
fn sell(pool: Pool, name: &'static str) -> Result<bool, Box<dyn Error>> {
    let shop = pool.get()?;
    let is_sold = shop.call(move |shop| -> rusqlite::Result<bool> {
        let order = shop.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let count =
            order.execute("UPDATE fruit SET stock = stock - 1 WHERE name = ?1 AND stock > 0", [name])?;
        order.commit()?;
        Ok(count == 1)
    })?;
    Ok(is_sold)
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    // A connection whose call was cut off is given to nobody.
    let settings = Builder::new().max_size(4).check(|shop: &Proxy<Connection>| !shop.is_busy());
    let pool = settings.build(move || connect(path.clone()));
    let fill =
        "CREATE TABLE fruit (name TEXT PRIMARY KEY, stock INT); INSERT INTO fruit VALUES ('apple', 3);";
    pool.get()?.call(move |shop| shop.execute_batch(fill))?;
    let mut sales = Vec::new();
    for _ in 0..10 {
        let pool = pool.clone();
        sales.push(spawn(move || sell(pool, "apple")));
    }
    let mut sold = 0;
    for sale in sales {
        sold += u32::from(sale.wait()?);
    }
    println!("{sold} sold over {} connections", pool.len());
    Ok(())
}
