//! `reference-count`: clients take and drop references to shared objects. Why `Rc` does not cross threads, and what the
//! counts that do cost: an atomic one (`Arc`), a biased one, deferred ones that are merged at the end.
//!
//! Nothing is ever freed here, so that a wrong count is a number and not a crash: an object of which fewer references were
//! dropped than taken would never be freed, one of which more were dropped was freed while somebody used it. To tell each
//! lost update, a count keeps both in one word, what was taken in its lower half and what was dropped in its upper one.

use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Fixed, LINE, Uses};
use patterns::{Domain, Form, Knob, Preset, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{nth, work};
use crate::touch::Touch;

/// `uses` of each client: a reference is taken, the object is used, the reference is dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReferenceCount {
    /// Uses of each client.
    pub uses: u64,
    /// Shared objects.
    pub objects: u64,
    /// Which objects a client uses.
    pub touch: Touch,
    /// Squares computed while a reference is held.
    pub work: u64,
}

impl Default for ReferenceCount {
    fn default() -> Self {
        Self { uses: 5_000, objects: 1, touch: Touch::Any, work: 0 }
    }
}

/// One reference dropped, in a count.
const DROPPED: u64 = 1 << 32;

/// References taken and dropped, in a count.
const fn halves(count: u64) -> [u64; 2] {
    [count % DROPPED, count / DROPPED]
}

/// Takes or drops a reference.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Op {
    object: u64,
    takes: bool,
}

impl Op {
    /// What it adds to the count.
    const fn change(self) -> u64 {
        if self.takes { 1 } else { DROPPED }
    }
}

impl Workload for ReferenceCount {
    const ID: &'static str = "reference-count";
    const ABOUT: &'static str = "take and drop references to shared objects: why Rc stays home, what Arc costs";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "uses", domain: Domain::Integer { min: 0, max: 1 << 23 }, about: "references each client takes" },
        Knob { id: "objects", domain: Domain::Integer { min: 1, max: 1 << 20 }, about: "shared objects" },
        Touch::KNOB,
        Knob { id: "work", domain: Domain::Integer { min: 0, max: 1 << 20 }, about: "squares while one is held" },
    ];
    const PRESETS: &'static [Preset] = &[Preset { id: "own", knobs: &[("touch", "own"), ("objects", "64")] }];
    type Input = Vec<Vec<Op>>;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { uses: 100, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { uses: 500_000, ..Self::default() },
        }
    }

    fn input(&self, seed: u64, clients: usize) -> Self::Input {
        let script = |client: u64| {
            let objects = self.touch.keys(client, clients as u64, self.objects);
            let uses = if objects.count == 0 { 0 } else { self.uses };
            let object = |index| objects.at(nth(seed ^ (client << 40), index) % objects.count);
            (0..uses).map(object).flat_map(|object| [true, false].map(|takes| Op { object, takes })).collect()
        };
        (0..clients as u64).map(script).collect()
    }
}

impl SharedState for ReferenceCount {
    type Key = u64;
    /// The count: what was taken, and what was dropped.
    type Value = u64;
    type Op = Op;
    type Reply = ();
    type Tally = ();

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: false, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Has(Counters {
        slots: |workload| workload.objects as usize,
        add: |_, op| (op.object as usize, op.change()),
        work: |_, _| (),
        reply: |_, _, _| (),
        entry: |_, slot, count| (slot as u64, count),
        initial: |_, count| *count,
        // Objects lie apart: a count shares its line with its own object.
        stride: |_| LINE,
    });
    const MERGE: Form<fn(&Self, &mut u64, u64)> = Form::Has(|_, into, other| *into += other);
    const FIXED: Form<Fixed<Self>> = Form::Has(Fixed {
        slots: |workload| workload.objects as usize,
        slot: |_, object| object as usize,
        key: |_, slot| slot as u64,
        pack: |count| *count,
        unpack: |word| word,
    });
    const APART: Form<Apart<Self>> = Form::Has(Apart {
        make: |_, op, seen| Some(seen.map_or(0, |count| *count) + op.change()),
        act: |_, _, _, made, entry| {
            made.and_then(|made| entry.put(made));
        },
    });

    /// Nothing but what clients take and drop is counted: whoever made an object holds it all the time.
    fn initial(&self, _: &Self::Input) -> Vec<(u64, u64)> {
        (0..self.objects).map(|object| (object, 0)).collect()
    }

    fn script<'i>(&self, input: &'i Self::Input, client: usize) -> &'i [Op] {
        &input[client]
    }

    fn apart(&self) -> Option<&'static str> {
        self.touch.apart()
    }

    #[inline]
    fn access(&self, op: &Op) -> Access<u64> {
        Access::Write(op.object)
    }

    /// Uses the object before it drops it.
    #[inline]
    fn prepare(&self, op: &Op) {
        if !op.takes {
            work(self.work);
        }
    }

    #[inline]
    fn read(&self, _: &Op, _: Option<&u64>) {}

    #[inline]
    fn write(&self, op: &Op, mut entry: impl Entry<u64>) {
        match entry.get() {
            Some(count) => *count += op.change(),
            None => drop(entry.put(op.change())),
        }
    }

    fn verify(&self, input: &Self::Input, answer: &Answer<Self>) -> Result<(), Wrong> {
        if answer.entries.len() as u64 != self.objects {
            return Err(format!("{} objects, not {}", answer.entries.len(), self.objects).into());
        }
        let mut right = vec![0; self.objects as usize];
        input.iter().flatten().filter(|op| op.takes).for_each(|op| right[op.object as usize] += 1);
        let (mut lost, mut leaked, mut freed) = (0, 0, 0);
        for (object, count) in &answer.entries {
            let [taken, dropped] = halves(*count);
            // Each reference was dropped again.
            let uses: u64 = right[*object as usize];
            lost += uses.abs_diff(taken) + uses.abs_diff(dropped);
            leaked += u64::from(dropped < taken);
            freed += u64::from(dropped > taken);
        }
        if lost == 0 {
            return Ok(());
        }
        let operations = input.iter().map(|script| script.len() as u64).sum::<u64>();
        Err(Wrong {
            message: format!(
                "{leaked} objects would never be freed, {freed} were freed too early: {lost} updates of counts were lost"
            ),
            faults: vec![("leaked_objects", leaked), ("early_frees", freed)],
            ..Wrong::updates(operations, operations.saturating_sub(lost))
        })
    }
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::State;

    use super::*;

    #[test]
    fn a_count_that_is_off_is_a_leak_or_an_early_free() {
        let workload = ReferenceCount { uses: 50, objects: 3, ..ReferenceCount::default() };
        let input = workload.input(7, 2);
        let mut state = State::<ReferenceCount>::new(workload.initial(&input));
        input.iter().flatten().for_each(|op| state.apply(&workload, op));
        let mut answer = Answer::new(state.into_entries(), ());
        assert_eq!(workload.verify(&input, &answer), Ok(()));
        // A taken and a dropped one lost: as many are left as should be, and yet two updates were lost.
        answer.entries[0].1 -= 1 + DROPPED;
        let wrong = workload.verify(&input, &answer).unwrap_err();
        assert_eq!(
            (wrong.updates, &wrong.faults[..]),
            (Wrong::updates(200, 198).updates, &[("leaked_objects", 0), ("early_frees", 0)][..])
        );
        answer.entries[1].1 -= 1;
        answer.entries[2].1 -= 2 * DROPPED;
        let wrong = workload.verify(&input, &answer).unwrap_err();
        assert_eq!(wrong.faults, [("leaked_objects", 1), ("early_frees", 1)]);
        assert_eq!(wrong.updates, Wrong::updates(200, 195).updates);
        answer.entries.pop();
        assert!(workload.verify(&input, &answer).is_err());
    }
}
