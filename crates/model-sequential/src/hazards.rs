//! One thread: nothing to go wrong between several.

use patterns::hazard::Hazard;
use patterns::{Form, RunsHazards};

use crate::Sequential;

impl RunsHazards for Sequential {
    fn hazards() -> Form<&'static [Hazard]> {
        Form::Lacks("one thread shares nothing and waits for nobody")
    }
}
