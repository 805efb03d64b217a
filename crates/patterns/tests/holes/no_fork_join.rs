//! A model that says nothing about fork-join, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsForkJoin>() {}

fn main() {
    registered::<Forgetful>();
}
