//! All six patterns, before any real model has the last four: a toy model implements every `RunsX` generically, in each
//! of the three ways that real models need, so that no later change has to reopen a trait for want of a bound.
//!
//! - `borrowed`: scoped threads that borrow the job. What rayon and scoped threads ask for.
//! - `spawned`: `'static + Send` futures that hold tasks and values across an await. What tokio asks for.
//! - `shipped`: workers that are an `fn`, capture nothing and see bytes alone. What processes ask for.

mod bounds;
mod erased;
mod fork_join;
mod map_reduce;
mod pipeline;
mod serve;
mod shared_state;
mod stage;
mod task_graph;

/// The model under test; each pattern's file implements its trait.
struct Toy;

impl patterns::Model for Toy {
    const ID: &'static str = "toy";
    const ABOUT: &'static str = "every way of handing out work that a real model needs, as small as can be";
}

impl patterns::RunsHazards for Toy {
    fn hazards() -> patterns::Form<&'static [patterns::hazard::Hazard]> {
        patterns::Form::Lacks("a toy")
    }
}
