//! `verify`: each cell once, answers only.

use anyhow::Result;
use harness::protocol::Config;
use harness::{Ask, ProcessSampler, Sampler};
use results::journal::Outcome;
use serde_json::json;
use suite::{Models, Suite};

use crate::{cli, exit, interrupt, output, selection};

pub(crate) fn run<M: Models>(suite: &Suite<M>, arguments: &cli::Verify) -> Result<u8> {
    let private = interrupt::private_folder()?;
    let groups = selection::groups(suite, &arguments.selection, private.path())?;
    interrupt::listen()?;
    let mut sampler = ProcessSampler::new(arguments.selection.timeout);
    let mut cells = Vec::new();
    let mut failed = 0;
    'all: for group in &groups {
        let mut digest = None;
        let mut order: Vec<_> = group.alternatives.iter().collect();
        order.sort_by_key(|one| !one.reference);
        for one in order {
            if interrupt::asked() {
                break 'all;
            }
            let config = Config { warmup: 0, iterations: 1, digest: digest.clone(), ..one.config.clone() };
            let sampled =
                sampler.sample(Ask { launcher: &one.launcher, config: &config, wrong: one.wrong, guest: one.guest });
            if one.reference {
                digest = sampled.digest;
            }
            let (status, note) = match &sampled.outcome {
                Outcome::Measured { metrics, .. } if one.wrong => {
                    let wrong = report::went_wrong(metrics);
                    let wrong = wrong.unwrap_or_else(|| String::from("nothing went wrong this time"));
                    ("ok", format!("deliberately wrong: {wrong}"))
                }
                Outcome::Measured { .. } => ("ok", String::new()),
                Outcome::Failed { reason } => ("failed", reason.clone()),
                Outcome::TimedOut { reason } => ("timed-out", reason.clone()),
            };
            failed += usize::from(status != "ok");
            if !arguments.json {
                let gap = if note.is_empty() { "" } else { "  " };
                output::out(&format!("{status:9} {}{gap}{note}\n", config.cell))?;
            }
            cells.push(json!({ "id": config.cell, "status": status, "reason": note }));
        }
    }
    if arguments.json {
        output::out(&format!("{}\n", json!({ "cells": cells, "failed": failed })))?;
    } else {
        output::out(&format!("{} cells verified, {failed} failed\n", cells.len()))?;
    }
    Ok(if interrupt::asked() {
        exit::INTERRUPTED
    } else if failed > 0 {
        exit::FAILED
    } else {
        exit::OK
    })
}
