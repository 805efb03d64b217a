//! A model that says nothing at all: the compiler names every pattern, map-reduce first.

use patterns::Model;

struct Forgetful;

impl Model for Forgetful {
    const ID: &'static str = "forgetful";
    const ABOUT: &'static str = "an example";
}

fn main() {}
