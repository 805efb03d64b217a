//! `foreign-code`: a routine with global state, as code in C has it: it works in static variables, and its result lies in
//! them. Two calls at once would spoil each other; so it stands behind a lock, or each thread or process has it for itself.

use patterns::shared_state::{Access, Answer, Apart, Counters, Entry, Uses};
use patterns::{Domain, Form, Knob, SharedState, Size, Workload, Wrong};
use serde::{Deserialize, Serialize};

use crate::seeded::{mix, nth, work};

/// `calls` of each client, of `work` steps, a part of them in the routine itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ForeignCode {
    /// Calls of each client.
    pub calls: u64,
    /// Steps a call: what its caller does before it, and what the routine does.
    pub work: u64,
    /// Share of the steps that are the routine's.
    pub inside: f64,
}

impl Default for ForeignCode {
    fn default() -> Self {
        Self { calls: 1_000, work: 1_000, inside: 0.5 }
    }
}

/// Calls the routine with an argument. The reply is its result.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Call {
    argument: u64,
}

/// The routine's static variables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Globals {
    state: [u64; 4],
    result: u64,
    calls: u64,
}

impl Globals {
    /// xorshift of four words (Marsaglia 2003), seeded anew by each call: `srand`, then `rand` so many times.
    fn call(&mut self, argument: u64, steps: u64) -> u64 {
        self.state = [0, 1, 2, 3].map(|word| nth(argument, word));
        self.result = 0;
        for _ in 0..steps {
            let [first, second, third, last] = self.state;
            let mixed = first ^ (first << 11);
            self.state = [second, third, last, last ^ (last >> 19) ^ mixed ^ (mixed >> 8)];
            self.result = self.result.wrapping_add(self.state[3]);
        }
        self.calls += 1;
        self.result
    }
}

/// What a client got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// Calls.
    pub calls: u64,
    /// Wrapping sum of what mixes argument and result.
    pub sum: u64,
}

impl Results {
    fn note(&mut self, argument: u64, result: u64) {
        self.calls += 1;
        self.sum = self.sum.wrapping_add(mix(argument ^ mix(result)));
    }
}

/// The calls of the clients, and what must come of them.
#[derive(Debug)]
pub struct Calls {
    scripts: Vec<Vec<Call>>,
    right: Results,
}

impl Workload for ForeignCode {
    const ID: &'static str = "foreign-code";
    const ABOUT: &'static str = "a routine with global state, as C has it: behind one lock, or a copy each";
    const KNOBS: &'static [Knob] = &[
        Knob { id: "calls", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "calls of each client" },
        Knob { id: "work", domain: Domain::Integer { min: 0, max: 1 << 24 }, about: "steps a call" },
        Knob {
            id: "inside",
            domain: Domain::Real { min: 0.0, max: 1.0 },
            about: "share of them in the routine, the rest before it",
        },
    ];
    type Input = Calls;

    fn sized(size: Size) -> Self {
        match size {
            Size::Smoke => Self { calls: 20, work: 50, ..Self::default() },
            Size::Default => Self::default(),
            Size::Large => Self { calls: 20_000, ..Self::default() },
        }
    }

    /// The oracle is here: each call alone, with variables of its own.
    fn input(&self, seed: u64, clients: usize) -> Calls {
        let script = |client: u64| -> Vec<Call> {
            (0..self.calls).map(|index| Call { argument: nth(seed ^ (client << 40), index) }).collect()
        };
        let scripts: Vec<_> = (0..clients as u64).map(script).collect();
        let mut right = Results::default();
        for Call { argument } in scripts.iter().flatten() {
            right.note(*argument, Globals::default().call(*argument, self.steps()));
        }
        Calls { scripts, right }
    }
}

impl ForeignCode {
    /// Steps of the routine.
    fn steps(&self) -> u64 {
        (self.work as f64 * self.inside).round() as u64
    }
}

impl SharedState for ForeignCode {
    /// There is one routine.
    type Key = ();
    type Value = Globals;
    type Op = Call;
    type Reply = u64;
    type Tally = Results;

    const USES: Uses = Uses { reads: false, pairs: false, audits: false, asks: true, inserts: false };
    const COUNTERS: Form<Counters<Self>> = Form::Lacks("a call overwrites several words");
    /// A copy each: a call does not depend on what calls before it left behind.
    const MERGE: Form<fn(&Self, &mut Globals, Globals)> = Form::Has(|_, into, other| into.calls += other.calls);

    const APART: Form<Apart<Self>> =
        Form::Lacks("a look takes a copy of its state, and a call on a copy spoils nobody else's");

    fn initial(&self, _: &Calls) -> Vec<((), Globals)> {
        vec![((), Globals::default())]
    }

    fn script<'i>(&self, input: &'i Calls, client: usize) -> &'i [Call] {
        &input.scripts[client]
    }

    #[inline]
    fn access(&self, _: &Call) -> Access<()> {
        Access::Write(())
    }

    #[inline]
    fn prepare(&self, _: &Call) {
        work(self.work - self.steps().min(self.work));
    }

    fn read(&self, op: &Call, _: Option<&Globals>) -> u64 {
        panic!("{op:?} writes")
    }

    #[inline]
    fn write(&self, op: &Call, mut entry: impl Entry<Globals>) -> u64 {
        if entry.get().is_none() {
            entry.put(Globals::default());
        }
        entry.get().map_or(0, |globals| globals.call(op.argument, self.steps()))
    }

    #[inline]
    fn observe(&self, tally: &mut Results, op: &Call, result: u64) -> Option<Call> {
        tally.note(op.argument, result);
        None
    }

    fn merge_tally(&self, into: &mut Results, other: Results) {
        into.calls += other.calls;
        into.sum = into.sum.wrapping_add(other.sum);
    }

    fn verify(&self, input: &Calls, answer: &Answer<Self>) -> Result<(), Wrong> {
        let calls = answer.entries.iter().map(|((), globals)| globals.calls).sum();
        if calls != input.right.calls {
            return Err(Wrong::updates(input.right.calls, calls));
        }
        if answer.tally == input.right {
            return Ok(());
        }
        Err(format!("the clients got {:?}, not {:?}", answer.tally, input.right).into())
    }

    /// Whose call was the last, and how many copies there were, is no part of the answer.
    fn fingerprint(&self, answer: &Answer<Self>) -> Option<serde_json::Value> {
        serde_json::to_value(answer.tally).ok()
    }
}

#[cfg(test)]
mod tests {
    use patterns::shared_state::State;

    use super::*;

    #[test]
    fn a_call_that_another_spoiled_is_noticed() {
        let workload = ForeignCode { calls: 10, work: 20, inside: 0.5 };
        let input = workload.input(7, 2);
        let mut state = State::<ForeignCode>::new(workload.initial(&input));
        let mut tally = Results::default();
        for op in input.scripts.iter().flatten() {
            let reply = state.apply(&workload, op);
            workload.observe(&mut tally, op, reply);
        }
        let mut answer = Answer::new(state.into_entries(), tally);
        assert_eq!(workload.verify(&input, &answer), Ok(()));
        answer.tally.sum ^= 1;
        assert!(workload.verify(&input, &answer).is_err());
        answer.entries[0].1.calls -= 1;
        assert_eq!(workload.verify(&input, &answer), Err(Wrong::updates(20, 19)));
    }

    #[test]
    fn a_result_depends_on_every_step_and_not_on_the_call_before() {
        let (mut fresh, mut used) = (Globals::default(), Globals::default());
        used.call(9, 100);
        assert_eq!(fresh.call(7, 50), used.call(7, 50));
        assert_ne!(fresh.call(7, 50), used.call(7, 51));
    }
}
