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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_strategy_that_runs_has_its_code_counted_in_a_file_that_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let suite = suite::standard();
        let mut seen = BTreeSet::new();
        for cell in suite.cells.iter().filter(|cell| cell.support.run().is_some()) {
            let source = of(cell).unwrap_or_else(|| panic!("{cell:?} has no source"));
            let text = std::fs::read_to_string(root.join(&source.file)).expect("the file");
            assert!(source.lines > 5 && source.lines <= source.lines_with_shared, "{cell:?}: {source:?}");
            assert!((source.lines as usize) < text.lines().count(), "{cell:?}: {source:?}");
            assert!(source.unsafe_count <= source.unsafe_with_shared, "{cell:?}: {source:?}");
            seen.insert((cell.model, cell.pattern.id(), cell.strategy));
        }
        // No row is left from a strategy that went.
        assert_eq!(seen.len(), ROWS.len());
    }

    /// A strategy that maps memory cannot do without, and where it lies is not its own file.
    #[test]
    fn unsafe_code_is_found_where_it_is_shared() {
        let row = |model, strategy| ROWS.iter().find(|row| row.0 == model && row.2 == strategy).expect("a strategy");
        assert!(row("processes", "shared-memory").4[3] > 0);
        assert_eq!(row("threads", "stealing").4[3], 0, "all of it is safe");
        assert_eq!(row("threads", "queue").3, "crates/model-threads/src/map_reduce/queue.rs");
    }
}
