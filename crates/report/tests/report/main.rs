//! The four forms of a report, from runs made by hand that hold every outcome there is.

mod again;
mod browser;
mod charts;
mod checked;
mod choose;
mod everything;
mod explored;
mod granularity;
mod hazards;
mod hostile;
mod matter;
mod page;
mod prices;
mod python_check;
mod race;
mod runs;
mod sample;
mod size;
mod sparse;
mod spoiled;
mod trust;
mod turns;
mod verdicts;
