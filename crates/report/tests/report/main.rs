//! The four forms of a report, from runs made by hand that hold every outcome there is.

mod charts;
mod checked;
mod everything;
mod explored;
mod granularity;
mod hazards;
mod hostile;
mod page;
mod prices;
mod python_check;
mod race;
mod runs;
mod size;
mod sparse;
mod spoiled;
mod trust;
mod turns;
