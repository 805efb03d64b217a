//! The history of each key by itself, and a contradiction in words.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hash::Hash;

use super::{Examined, Histories, Record, Seen};
use crate::clock::Tick;
use crate::shared_state::linearizable::{Call, Contradiction, Object, Verdict, check};
use crate::shared_state::{Access, Answer, SharedState};
use crate::workload::Job;

/// Steps of the search for the order of one key's calls; each may keep about 100 bytes.
const STEPS: u64 = 1 << 22;
/// Calls of a contradiction that are named, of those that could be next and of those that came last.
const NAMED: usize = 4;

/// One entry, as one client alone would see it.
struct Entry<'w, W: SharedState> {
    workload: &'w W,
    histories: &'w Histories<W>,
}

impl<W: SharedState> Object for Entry<'_, W>
where
    W::Value: Eq + Hash,
    W::Reply: PartialEq,
{
    type State = Option<W::Value>;
    type Op = W::Op;
    type Reply = W::Reply;

    fn apply(&self, state: &mut Option<W::Value>, op: &W::Op) -> W::Reply {
        match self.workload.access(op) {
            Access::Read(_) => self.workload.read(op, state.as_ref()),
            _ => self.workload.write(op, state),
        }
    }

    fn keeps(&self, op: &W::Op, reply: &W::Reply) -> bool {
        matches!(self.workload.access(op), Access::Read(_)) || (self.histories.keeps)(op, reply)
    }
}

type Calls<'h, W> = Vec<Call<'h, <W as SharedState>::Op, <W as SharedState>::Reply>>;

pub(super) fn search<W: SharedState>(
    job: &Job<W>,
    histories: &Histories<W>,
    answer: &Answer<W>,
    records: &[Record<W>],
) -> Seen
where
    W::Value: Eq + Hash + Debug,
    W::Reply: PartialEq,
{
    let workload = &job.workload;
    // Whoever has a full record made calls that nobody knows of, none of them before this.
    let cut =
        records.iter().filter(|record| record.full).filter_map(|record| Some(record.calls.last()?.returned)).min();
    let Some(keys) = split(workload, records, cut) else {
        return Seen::Nothing(String::from("it has operations that are told: nobody knows when they are carried out"));
    };
    let start: HashMap<W::Key, W::Value> = workload.initial(&job.input).into_iter().collect();
    let end: HashMap<W::Key, &W::Value> = answer.entries.iter().map(|(key, value)| (*key, value)).collect();
    let mut examined = Examined { keys: keys.len() as u64, ..Examined::default() };
    let mut wrong = Vec::new();
    for (key, calls) in &keys {
        examined.calls += calls.len() as u64;
        let last = end.get(key).map(|value| (*value).clone());
        let end = cut.is_none().then_some(&last);
        match check(&Entry { workload, histories }, &start.get(key).cloned(), end, calls, STEPS) {
            Verdict::Linearizable { steps } => examined.steps = examined.steps.max(steps),
            Verdict::Undecided { steps } => {
                examined.steps = examined.steps.max(steps);
                examined.undecided += 1;
            }
            Verdict::Contradiction(contradiction) => wrong.push((key, calls, contradiction)),
        }
    }
    // The shortest is the easiest to read.
    match wrong.iter().min_by_key(|(_, calls, contradiction)| (contradiction.order.len(), calls.len())) {
        None => Seen::Fine(examined),
        Some((key, calls, contradiction)) => {
            let began = keys.values().flatten().map(|call| call.invoked).min().unwrap_or(Tick::from_nanos(0));
            let says = Says { workload, histories, calls, began, start: start.get(key).cloned() };
            let others = match wrong.len() - 1 {
                0 => String::new(),
                others => format!(" (and {others} more)"),
            };
            Seen::Contradiction(format!(
                "not linearizable: key {key:?}{others}: {}",
                says.why(contradiction, end.get(key))
            ))
        }
    }
}

/// The calls of each key before `cut`; `None` where there are operations that were told.
fn split<'h, W: SharedState>(
    workload: &W,
    records: &'h [Record<W>],
    cut: Option<Tick>,
) -> Option<BTreeMap<W::Key, Calls<'h, W>>> {
    let mut keys: BTreeMap<W::Key, Calls<'h, W>> = BTreeMap::new();
    for (client, record) in records.iter().enumerate() {
        let before = record.calls.iter().take_while(|call| cut.is_none_or(|cut| call.invoked <= cut));
        for call in before {
            let (reply, op) = (call.reply.as_ref()?, &call.op);
            let returned = cut.is_none_or(|cut| call.returned < cut).then_some((call.returned, reply));
            let key = match workload.access(op) {
                // Nobody can have seen a read that did not return.
                Access::Read(_) if returned.is_none() => continue,
                Access::Read(key) | Access::Write(key) => key,
                Access::Pair(..) | Access::Audit => panic!("{} issued what its USES denies", W::ID),
            };
            keys.entry(key).or_default().push(Call { client, op, invoked: call.invoked, returned });
        }
    }
    Some(keys)
}

/// A key's calls, to talk of them.
struct Says<'s, 'h, W: SharedState> {
    workload: &'s W,
    histories: &'s Histories<W>,
    calls: &'s Calls<'h, W>,
    began: Tick,
    start: Option<W::Value>,
}

impl<W: SharedState> Says<'_, '_, W>
where
    W::Value: Eq + Hash + Debug,
    W::Reply: PartialEq,
{
    fn why(&self, contradiction: &Contradiction<Option<W::Value>>, end: Option<&&W::Value>) -> String {
        let Contradiction { order, state, stuck } = contradiction;
        let last: Vec<String> = order.iter().rev().take(NAMED).rev().map(|call| self.call(*call)).collect();
        let last = if last.is_empty() { String::new() } else { format!("; last in order: {}", last.join(", ")) };
        let so_far = format!(
            "{} of {} calls have an order, after which it {}",
            order.len(),
            self.calls.len(),
            holds(state.as_ref())
        );
        let Some((first, others)) = stuck.split_first() else {
            return format!("{so_far}, and at the end it {}{last}", holds(end.copied()));
        };
        let others: Vec<String> =
            others.iter().take(NAMED).map(|call| format!(", nor can {}", self.call(*call))).collect();
        let since = self.since(*first, order);
        format!("{so_far}; {} cannot be next ({since}){}{last}", self.call(*first), others.concat())
    }

    /// Until when the reply of a call would have been right.
    fn since(&self, stuck: usize, order: &[usize]) -> String {
        let object = Entry { workload: self.workload, histories: self.histories };
        let Call { op, returned, .. } = &self.calls[stuck];
        let mut state = self.start.clone();
        let right = |state: &Option<W::Value>| {
            let reply = object.apply(&mut state.clone(), op);
            returned.as_ref().is_none_or(|(_, given)| reply == **given)
        };
        // After so many calls it was right for the last time.
        let mut until = right(&state).then_some(0);
        for (place, call) in (1..).zip(order) {
            object.apply(&mut state, self.calls[*call].op);
            if right(&state) {
                until = Some(place);
            }
        }
        match until.and_then(|place| order.get(place)) {
            Some(call) => format!("it was right until {}", self.call(*call)),
            None => String::from("it would be right at no place in this order"),
        }
    }

    fn call(&self, index: usize) -> String {
        let Call { client, op, invoked, returned } = &self.calls[index];
        let words = (self.histories.words)(op, returned.as_ref().map(|(_, reply)| *reply));
        let from = invoked.since(self.began);
        match returned {
            Some((moment, _)) => format!("client {client} {words} [{from:?} to {:?}]", moment.since(self.began)),
            None => format!("client {client} {words} [from {from:?}]"),
        }
    }
}

fn holds<V: Debug>(value: Option<&V>) -> String {
    value.map_or_else(|| String::from("holds nothing"), |value| format!("holds {value:?}"))
}
