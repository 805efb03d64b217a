//! `repro`: one cell in this process, as a sample would run it, to be put under perf or strace.

use std::num::NonZeroUsize;

use anyhow::{Result, anyhow, bail};
use harness::timed;
use patterns::cell::{Config, Digest};
use patterns::{Size, Start};
use suite::{Models, Suite};

use crate::id::{Variant, parse, unknown};
use crate::{cli, exit, hidden, output, selection};

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Repro) -> Result<u8> {
    let parts = parse(&arguments.cell)?;
    let Some(listed) = suite.workloads.iter().find(|listed| listed.id == parts.workload) else {
        bail!("{}", unknown("workload", parts.workload, suite.workloads.iter().map(|listed| listed.id)));
    };
    let mut variant = Variant {
        workload: listed.clone(),
        knobs: (listed.sized)(Size::Default),
        base: true,
        swept: None,
        refused: None,
    };
    parts.specification.map_or(Ok(()), |specification| variant.apply(specification))?;
    variant.check()?;
    let of_workload = || suite.cells.iter().filter(|cell| cell.workload == parts.workload);
    let contender = format!("{}/{}", parts.model, parts.strategy);
    let Some(cell) = of_workload().find(|cell| cell.contender() == contender) else {
        let all: Vec<String> = of_workload().map(patterns::cell::Cell::contender).collect();
        bail!("{}", unknown("contender", &contender, all.iter().map(String::as_str)));
    };
    let Some(session) = cell.support.run() else {
        bail!("{contender} is not applicable to {}: {}", parts.workload, cell.support.why().unwrap_or_default());
    };
    if let Some(why) = (cell.refuses)(&variant.knobs) {
        bail!("{contender} is not applicable to {}: {why}", variant.id());
    }
    if let Some(units) = (listed.units)(&variant.knobs).filter(|units| *units != parts.workers) {
        bail!(
            "`{}`: {} has {units} stages, which is its number of workers: write w{units}",
            arguments.cell,
            variant.id()
        );
    }
    let workers = NonZeroUsize::new(parts.workers as usize).ok_or_else(|| anyhow!("w0 has no worker"))?;
    let start = Start { workers, cpus: selection::cpus(), respawn: hidden::respawn(cell), load: None };
    let config = Config { knobs: variant.knobs, seed: arguments.seed, start };
    let prepared = session(&config).map_err(|error| anyhow!("{}: {error}", arguments.cell))?;
    let outcome = prepared(&mut |round| {
        for iteration in 0..=arguments.iterations {
            let (elapsed, checked) = timed(round, Digest::Skip)?;
            let name = if iteration == 0 { String::from("warm-up") } else { format!("{iteration:7}") };
            let wrong = checked.wrong.map(|wrong| format!("  wrong: {wrong}")).unwrap_or_default();
            let line = format!("{name}  {:>12.3} ms{wrong}\n", elapsed.as_secs_f64() * 1e3);
            output::out(&line).map_err(patterns::Error::other)?;
        }
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(exit::OK),
        Err(error) => {
            output::note(&format!("failed: {}: {error}", arguments.cell));
            Ok(exit::FAILED)
        }
    }
}
