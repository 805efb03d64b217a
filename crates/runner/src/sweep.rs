//! `--sweep [WORKLOAD.]NAME=SPEC`: one knob takes several values, and each makes groups of its own.

use anyhow::{Result, anyhow, bail};
use patterns::cell::Listed;
use patterns::{Domain, Knob};
use serde_json::{Number, Value};

use crate::id::{Variant, assignment, knob_exists};

/// More values than this are a typing error, or a run of hours.
const MOST: usize = 64;

/// One `--sweep`, as it was written.
#[derive(Debug)]
pub(crate) struct Sweep<'t> {
    text: &'t str,
    owner: Option<&'t str>,
    name: &'t str,
    spec: &'t str,
}

/// The values of a sweep, in the order in which they were asked for.
struct Values {
    values: Vec<Value>,
    linear: bool,
}

/// Reads every `--sweep`: its form, and that its workload and its knob exist.
pub(crate) fn read<'t>(texts: &'t [String], workloads: &[Listed]) -> Result<Vec<Sweep<'t>>> {
    texts.iter().map(|text| Sweep::read(text, workloads)).collect()
}

/// Every variant, or in its place one for each value of its sweep. `selected` says whether the filters leave it; a sweep
/// that names no workload means those that are selected.
pub(crate) fn expand(
    variants: Vec<Variant>,
    sweeps: &[Sweep<'_>],
    knobs: &[String],
    selected: impl Fn(&Variant) -> bool,
) -> Result<Vec<Variant>> {
    let mut all: Vec<Variant> = Vec::new();
    for variant in &variants {
        let applies = |sweep: &&Sweep<'_>| match sweep.owner {
            Some(owner) => owner == variant.workload.id,
            None => sweep.knob(&variant.workload).is_some() && selected(variant),
        };
        let mine: Vec<&Sweep<'_>> = sweeps.iter().filter(applies).collect();
        let base = variants.iter().find(|other| other.base && other.workload.id == variant.workload.id);
        match mine[..] {
            [] => all.push(variant.clone()),
            [one] => {
                one.is_free(variant, base, knobs)?;
                let fresh = one.variants(variant)?;
                all.extend(
                    fresh.into_iter().filter(|one| all.iter().all(|other| other.id() != one.id())).collect::<Vec<_>>(),
                );
            }
            [one, two, ..] => bail!(
                "`--sweep {}` and `--sweep {}` both sweep {}: one knob a workload; run them one after the other",
                one.text,
                two.text,
                variant.workload.id
            ),
        }
    }
    Ok(all)
}

/// Every sweep must be of something that runs.
pub(crate) fn all_used(sweeps: &[Sweep<'_>], groups: &[&Variant], workloads: &[Listed]) -> Result<()> {
    for sweep in sweeps {
        let of = |variant: &&&Variant| {
            let mine = sweep.owner.is_none_or(|owner| owner == variant.workload.id);
            mine && variant.swept.as_ref().is_some_and(|swept| swept.place.knob == sweep.name)
        };
        if groups.iter().any(|variant| of(&variant)) {
            continue;
        }
        let having: Vec<&str> =
            workloads.iter().filter(|workload| sweep.knob(workload).is_some()).map(|workload| workload.id).collect();
        match sweep.owner {
            Some(owner) => bail!("`--sweep {}`: the filters leave no cell of {owner}", sweep.text),
            None => bail!(
                "`--sweep {}`: no selected workload has the knob `{}`; those that have it: {}",
                sweep.text,
                sweep.name,
                having.join(", ")
            ),
        }
    }
    Ok(())
}

impl<'t> Sweep<'t> {
    fn read(text: &'t str, workloads: &[Listed]) -> Result<Self> {
        let form = || {
            anyhow!("`--sweep {text}`: write NAME=VALUES or WORKLOAD.NAME=VALUES, as in `grain.iterations=2^0..2^10`")
        };
        let (owner, name, spec) = assignment(text).ok_or_else(form)?;
        knob_exists(workloads, owner, name)?;
        Ok(Self { text, owner, name, spec })
    }

    fn knob(&self, workload: &Listed) -> Option<&'static Knob> {
        workload.knobs.iter().find(|knob| knob.id == self.name)
    }

    /// A knob that is swept is set nowhere else.
    fn is_free(&self, variant: &Variant, base: Option<&Variant>, knobs: &[String]) -> Result<()> {
        let id = variant.workload.id;
        let same = |text: &&String| {
            let set = assignment(text);
            set.is_some_and(|(owner, name, _)| name == self.name && owner.is_none_or(|owner| owner == id))
        };
        if let Some(knob) = knobs.iter().find(same) {
            bail!("`--sweep {}` and `--knob {knob}` set the same knob; leave one out", self.text);
        }
        if base.is_some_and(|base| base.knobs.get(self.name) != variant.knobs.get(self.name)) {
            bail!("`--sweep {}`: the filter `{}` sets {} as well; leave one out", self.text, variant.id(), self.name);
        }
        Ok(())
    }

    /// The variant at every value.
    fn variants(&self, variant: &Variant) -> Result<Vec<Variant>> {
        let Some(knob) = self.knob(&variant.workload) else { return Ok(Vec::new()) };
        let Values { values, linear } = self.values(knob)?;
        let mut series = variant.clone();
        // The default is not part of an ID: the name of the series is that of its groups without the knob.
        if let Some(default) = (variant.workload.sized)(patterns::Size::Default).remove(knob.id) {
            series.knobs.insert(knob.id.to_owned(), default);
        }
        let series = series.id();
        let at = |value: Value| {
            let mut at = variant.clone();
            let place = results::Sweep {
                series: series.clone(),
                knob: knob.id.to_owned(),
                value: value.as_f64().unwrap_or_default(),
                unit: knob.unit().to_owned(),
                about: knob.about.to_owned(),
                linear,
                granularity: variant.workload.granularity == Some(knob.id),
            };
            at.knobs.insert(knob.id.to_owned(), value);
            at.swept = Some(Swept { place, unswept: variant.id() });
            at
        };
        Ok(values.into_iter().map(at).collect())
    }

    fn values(&self, knob: &Knob) -> Result<Values> {
        if let Domain::OneOf(_) | Domain::TextFile = knob.domain {
            let range = knob.range();
            bail!("`--sweep {}`: `{}` takes no numbers ({range}); name the values in filters", self.text, knob.id);
        }
        let parse = |text: &str| knob.parse(text.trim()).map_err(|why| anyhow!("`--sweep {}`: {why}", self.text));
        let (mut values, linear) = match self.spec.split_once("..") {
            None => (self.spec.split(',').map(parse).collect::<Result<Vec<_>>>()?, false),
            Some((from, to)) => match to.split_once('/') {
                Some((to, steps)) => (self.steps(knob, &parse(from)?, &parse(to)?, steps)?, true),
                None => (self.doubled((from, &parse(from)?), (to, &parse(to)?), knob)?, false),
            },
        };
        let mut seen = Vec::new();
        values.retain(|value| {
            !seen.contains(value) && {
                seen.push(value.clone());
                true
            }
        });
        match values.len() {
            0 | 1 => bail!("`--sweep {}`: one value is no sweep; write --knob for it", self.text),
            2..=MOST => Ok(Values { values, linear }),
            many => bail!("`--sweep {}`: {many} values, at most {MOST} are allowed", self.text),
        }
    }

    /// `a..b/N`: N equal steps, both ends included.
    fn steps(&self, knob: &Knob, from: &Value, to: &Value, steps: &str) -> Result<Vec<Value>> {
        let wrong =
            || anyhow!("`--sweep {}`: `/{steps}` is not a number of steps; allowed: 1..{}", self.text, MOST - 1);
        let steps: u32 = steps.parse().map_err(|_| wrong())?;
        if steps == 0 || steps as usize >= MOST {
            return Err(wrong());
        }
        let (from, to) = (from.as_f64().unwrap_or_default(), to.as_f64().unwrap_or_default());
        let at = |step: u32| from + (to - from) * f64::from(step) / f64::from(steps);
        let whole = !matches!(knob.domain, Domain::Real { .. });
        let value = |step: u32| {
            // A tenth of three is not 0.30000000000000004: IDs are read by people.
            let exact = || format!("{:.12e}", at(step)).parse().ok().and_then(Number::from_f64).map(Value::Number);
            if whole { Some(Value::from(at(step).round() as u64)) } else { exact() }
        };
        (0..=steps).map(|step| value(step).ok_or_else(wrong)).collect()
    }

    /// `a..b` by factors of two: powers of two written so, or sizes.
    fn doubled(&self, from: (&str, &Value), to: (&str, &Value), knob: &Knob) -> Result<Vec<Value>> {
        let size = matches!(knob.domain, Domain::Bytes { .. });
        let power = |text: &str| size || text.trim().starts_with("2^");
        let (Some(a), Some(b)) = (from.1.as_u64(), to.1.as_u64()) else { return Err(self.no_steps(from.0, to.0)) };
        if !power(from.0) || !power(to.0) || a == 0 || b == 0 {
            return Err(self.no_steps(from.0, to.0));
        }
        let (low, high) = (a.min(b), a.max(b));
        let mut values: Vec<u64> =
            std::iter::successors(Some(low), |value| value.checked_mul(2)).take_while(|value| *value <= high).collect();
        if let Some(last) = values.last().filter(|last| **last != high) {
            let (low, high) = (knob.show(&Value::from(low)), knob.show(&Value::from(high)));
            let near = knob.show(&Value::from(*last));
            bail!("`--sweep {}`: {high} is not {low} times a power of two; the nearest below is {near}", self.text);
        }
        if a > b {
            values.reverse();
        }
        Ok(values.into_iter().map(Value::from).collect())
    }

    fn no_steps(&self, from: &str, to: &str) -> anyhow::Error {
        anyhow!(
            "`--sweep {}`: in which steps? allowed: powers of two written so (`2^0..2^10`), sizes (`4KiB..1MiB`), linear \
             steps (`{from}..{to}/8`), a list (`{from},{to}`)",
            self.text
        )
    }
}

/// What a sweep makes of a variant.
#[derive(Debug, Clone)]
pub(crate) struct Swept {
    /// Where its groups stand, but for the workers.
    pub(crate) place: results::Sweep,
    /// ID of the variant that the sweep is of: filters that mean it mean all its values.
    pub(crate) unswept: String,
}

/// `sweep of grain by iterations: 1, 2, 4 (3 values)`, for `--plan`.
pub(crate) fn described<'v>(variants: impl Iterator<Item = (&'v results::Sweep, String)>) -> Vec<String> {
    let mut all: Vec<(&results::Sweep, Vec<String>)> = Vec::new();
    for (sweep, value) in variants {
        match all.iter_mut().find(|(one, _)| (&one.series, &one.knob) == (&sweep.series, &sweep.knob)) {
            Some((_, values)) => values.push(value),
            None => all.push((sweep, vec![value])),
        }
    }
    let line = |(sweep, values): (&results::Sweep, Vec<String>)| {
        let how = if sweep.linear { ", linear" } else { "" };
        format!(
            "sweep of {} by {}: {} ({} values{how}; their groups share rounds)",
            sweep.series,
            sweep.knob,
            values.join(", "),
            values.len()
        )
    };
    all.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Knob = Knob { id: "work", domain: Domain::Integer { min: 0, max: 1 << 20 }, about: "" };
    const BYTES: Knob = Knob { id: "bytes", domain: Domain::Bytes { min: 1, max: 1 << 30 }, about: "" };
    const SKEW: Knob = Knob { id: "skew", domain: Domain::Real { min: 0.0, max: 4.0 }, about: "" };

    fn values(knob: &Knob, spec: &str) -> Result<Vec<String>, String> {
        let text = format!("{}={spec}", knob.id);
        let sweep = Sweep { text: &text, owner: None, name: knob.id, spec };
        let shown = |values: Values| values.values.iter().map(|value| knob.show(value)).collect();
        sweep.values(knob).map(shown).map_err(|error| error.to_string())
    }

    #[test]
    fn factors_of_two_in_either_direction() {
        assert_eq!(values(&WORK, "2^0..2^3").unwrap(), ["1", "2", "4", "8"]);
        assert_eq!(values(&WORK, "2^3..2^1").unwrap(), ["8", "4", "2"]);
        assert_eq!(values(&BYTES, "4KiB..32KiB").unwrap(), ["4KiB", "8KiB", "16KiB", "32KiB"]);
        assert_eq!(values(&BYTES, "1MiB..512KiB").unwrap(), ["1MiB", "512KiB"]);
        assert_eq!(values(&BYTES, "3KiB..12KiB").unwrap(), ["3KiB", "6KiB", "12KiB"]);
        assert_eq!(values(&WORK, "2^0..2^20").unwrap().len(), 21);
    }

    #[test]
    fn linear_steps_and_lists() {
        assert_eq!(values(&WORK, "0..100/4").unwrap(), ["0", "25", "50", "75", "100"]);
        assert_eq!(values(&WORK, "10..0/2").unwrap(), ["10", "5", "0"]);
        assert_eq!(values(&WORK, "0..3/6").unwrap(), ["0", "1", "2", "3"], "rounded, each once");
        assert_eq!(values(&SKEW, "0..0.3/3").unwrap(), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(values(&WORK, "1,8,2^6,8").unwrap(), ["1", "8", "64"]);
        assert_eq!(values(&SKEW, "0.5,1").unwrap(), ["0.5", "1.0"]);
        assert_eq!(values(&BYTES, "4KiB, 1MiB").unwrap(), ["4KiB", "1MiB"]);
    }

    #[test]
    fn what_is_no_sweep_says_what_is() {
        let refused = |knob: &Knob, spec: &str, said: &str| {
            let why = values(knob, spec).expect_err(spec);
            assert!(why.contains(said) && !why.contains('\n'), "{spec}: {why}");
        };
        refused(&WORK, "1..1024", "in which steps?");
        refused(&WORK, "2^0..1024", "(`2^0..2^10`)");
        refused(&SKEW, "0..4", "`0..4/8`");
        refused(&BYTES, "4KiB..100KiB", "100KiB is not 4KiB times a power of two; the nearest below is 64KiB");
        refused(&BYTES, "4..64", "needs its unit");
        refused(&WORK, "2^0..2^21", "out of range");
        refused(&WORK, "0..10/0", "`/0` is not a number of steps; allowed: 1..63");
        refused(&WORK, "0..10/x", "`/x`");
        refused(&WORK, "0..1000/100", "allowed: 1..63");
        refused(&WORK, "5", "one value is no sweep");
        refused(&WORK, "2^3..2^3", "one value is no sweep");
        refused(&WORK, "", "not a whole number");
        refused(&WORK, "1,,2", "not a whole number");
        refused(&WORK, "..", "not a whole number");
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        refused(&WORK, &many.join(","), "65 values, at most 64");
        refused(&Knob { id: "kind", domain: Domain::OneOf(&["a", "b"]), about: "" }, "a,b", "takes no numbers (a, b)");
    }
}
