// `macros` names macros whose arguments are expressions.
use eventlet::green;

#[green(macros)] //~ ERROR `macros` needs the names of macros
fn a() {}

#[green(macros = retry)] //~ ERROR `macros` needs the names of macros
fn b() {}

#[green(macros("retry"), boxed)] //~ ERROR `macros` needs the names of macros
fn c() {}

#[green]
fn main() {
    a();
    b();
    c();
}
