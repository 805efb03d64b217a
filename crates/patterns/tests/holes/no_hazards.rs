//! A model that says nothing about hazards, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsHazards>() {}

fn main() {
    registered::<Forgetful>();
}
