//! Show: pure functions from a [`results::Run`] to terminal text, Markdown, CSV and one offline HTML file; no I/O, no
//! clock.
//!
//! All four say the same thing, because they read the same joined view of the run and the same sentences, which are made
//! by rules from the data. What no rule can say is not said, and nothing that is missing is left out without its reason.

mod checks;
mod choose;
mod cost;
mod csv;
mod differs;
mod explored;
mod facts;
mod faults;
mod figures;
mod granularity;
mod hazards;
mod html;
mod layout;
mod markdown;
mod matter;
mod metrics;
mod omissions;
mod python_check;
mod race;
mod scaling;
mod terminal;
mod turns;
mod view;
mod words;

pub use csv::csv;
pub use explored::explored;
pub use faults::went_wrong;
pub use html::{html, python_check_html};
pub use markdown::{excerpt, markdown};
pub use python_check::{python_check, python_check_markdown};
pub use race::race;
pub use terminal::{Terminal, terminal};
