//! Sells three apples to ten people, out of a table of MySQL's or MariaDB's.

use std::error::Error;

use eventlet::db_pool::{Builder, ConnectionPool};
use eventlet::tpool::{self, Proxy};
use eventlet::{green, spawn};
use mysql::prelude::Queryable;
use mysql::{Conn, TxOpts};

type Pool = ConnectionPool<Proxy<Conn>, mysql::Error>;

#[green]
fn connect(url: String) -> mysql::Result<Proxy<Conn>> {
    tpool::execute(move || Conn::new(&*url)).map(Proxy::new)
}

/// What one has left in a session is not for the next: settings, locks, an open transaction.
#[green]
fn reset(shop: Proxy<Conn>) -> mysql::Result<Proxy<Conn>> {
    shop.call(|shop| shop.reset())?;
    Ok(shop)
}

/// A whole transaction is one call, which is done to its end, or rolled back by the driver.
#[green]
fn sell(pool: Pool, name: &'static str) -> Result<bool, Box<dyn Error>> {
    let shop = pool.get()?;
    let is_sold = shop.call(move |shop| -> mysql::Result<bool> {
        let mut order = shop.start_transaction(TxOpts::default())?;
        order.exec_drop("UPDATE fruit SET stock = stock - 1 WHERE name = ? AND stock > 0", (name,))?;
        let is_sold = order.affected_rows() == 1;
        order.commit()?;
        Ok(is_sold)
    })?;
    shop.put();
    Ok(is_sold)
}

#[green]
fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("where? mysql://user:password@host:port/database")?;
    // A connection whose call was cut off is given to nobody.
    let settings = Builder::new().max_size(4).check(|shop: &Proxy<Conn>| !shop.is_busy()).cleanup(reset);
    let pool = settings.build(move || connect(url.clone()));
    let fill = "CREATE OR REPLACE TABLE fruit (name VARCHAR(20) PRIMARY KEY, stock INT); INSERT INTO fruit VALUES ('apple', 3)";
    pool.get()?.call(move |shop| shop.query_drop(fill))?;
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
