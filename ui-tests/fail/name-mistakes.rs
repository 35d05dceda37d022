// Names that are not there, or not for everybody, are reported where the user wrote them.
use eventlet::green;

mod pages {
    use eventlet::green;

    #[green]
    fn private(id: u32) -> u32 {
        id
    }

    pub trait Pages {
        #[green]
        fn page(&self) -> u32;
    }

    impl Pages for u32 {
        #[green]
        fn page(&self) -> u32 {
            private(*self)
        }
    }
}

struct Site;

#[green]
fn private_function() {
    pages::private(1); //~ ERROR function `private` is private
}

#[green]
fn trait_not_imported() -> u32 {
    3_u32.page() //~ ERROR no method named `page`
}

#[green]
fn unknown_method(site: &Site) {
    site.fetch(1); //~ ERROR no method named `fetch`
}

#[green]
fn unknown_field(site: Site) -> u32 {
    site.size //~ ERROR no field `size`
}

#[green]
fn too_many_arguments() {
    unknown_method(&Site, 1); //~ ERROR this function takes 1 argument but 2 arguments were supplied
}

#[green]
fn unknown_type() -> Missing { //~ ERROR cannot find type `Missing`
    Site
}

#[green]
fn unknown_variable() {
    unknown_method(&side); //~ ERROR cannot find value `side`
}

fn main() {}
