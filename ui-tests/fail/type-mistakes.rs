// The type errors of a green body are those of an ordinary one, at the user's own words.
use eventlet::green;

#[green]
fn fetch(id: u32) -> String {
    id.to_string()
}

#[green]
fn wrong_argument() {
    fetch("one"); //~ ERROR mismatched types
}

#[green]
fn wrong_binding() {
    let n: u32 = fetch(1); //~ ERROR mismatched types
    drop(n);
}

#[green]
fn wrong_result() -> u32 {
    fetch(1) //~ ERROR mismatched types
}

#[green]
fn no_result() -> u32 { //~ ERROR mismatched types
    fetch(1);
}

#[green]
fn wrong_return() -> Result<u32, String> {
    if fetch(1).is_empty() {
        return 1; //~ ERROR mismatched types
    }
    let n: u32 = "1".parse()?; //~ ERROR `?` couldn't convert
    Ok(n)
}

#[green]
fn unknown() {
    missing(1); //~ ERROR cannot find function `missing`
    fetch(1).shout(); //~ ERROR no method named `shout`
    fetch(); //~ ERROR this function takes 1 argument
}

// What is asked about a variable whose method may block says nothing of one that is a mistake.
#[green]
fn unknown_receiver() {
    let thread = fetch(1).begin(); //~ ERROR no method named `begin`
    thread.wait();
    thread.read_line();
}

#[green]
fn not_known() {
    let list = "a b".split(' ').collect(); //~ ERROR type annotations needed
}

#[green]
fn not_known_later() -> usize {
    let number = "1".parse().unwrap(); //~ ERROR type annotations needed
    number.count_ones() as usize
}

#[green]
fn not_satisfied(list: Vec<std::rc::Rc<u32>>) {
    std::thread::spawn(move || list.len()); //~ ERROR cannot be sent between threads safely
}

#[green]
fn nothing_to_return() {
    if fetch(1).is_empty() {
        return;
    }
    fetch(1) //~ ERROR mismatched types
}

fn main() {}
