//! Where each contender is implemented and how much code that is, as counted by the build (`build/main.rs`).

use patterns::cell::Cell;
use results::Source;

/// Model, pattern, strategy, file, then lines and `unsafe` in it, then both with what it shares.
type Row = (&'static str, &'static str, &'static str, &'static str, [u32; 4]);

const ROWS: &[Row] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The code behind a cell; nothing where its model is not one of ours.
pub(crate) fn of(cell: &Cell) -> Option<Source> {
    let name = (cell.model, cell.pattern.id(), cell.strategy);
    let (.., file, counts) =
        ROWS.iter().find(|(model, pattern, strategy, ..)| (*model, *pattern, *strategy) == name)?;
    let [lines, unsafe_count, lines_with_shared, unsafe_with_shared] = *counts;
    Some(Source { file: (*file).to_owned(), lines, unsafe_count, lines_with_shared, unsafe_with_shared })
}
