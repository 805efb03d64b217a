//! A model that says nothing about pipelines, where somebody asks for it.

struct Forgetful;

fn registered<M: patterns::RunsPipeline>() {}

fn main() {
    registered::<Forgetful>();
}
