//! Histories by hand, small ones against all orders, long ones of many clients.

use super::*;

/// A value that may be absent, as an entry of `kv-mix` is.
struct Slot;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Read,
    Put(u64),
    Take,
    Add(u64),
}

use Op::{Add, Put, Read, Take};

impl Object for Slot {
    type State = Option<u64>;
    type Op = Op;
    type Reply = Option<u64>;

    fn apply(&self, state: &mut Option<u64>, op: &Op) -> Option<u64> {
        let found = *state;
        match op {
            Read => {}
            Put(value) => *state = Some(*value),
            Take => *state = None,
            Add(value) => *state = found.map(|found| found.wrapping_add(*value)),
        }
        found
    }

    fn keeps(&self, op: &Op, found: &Option<u64>) -> bool {
        *op == Read || found.is_none() && matches!(op, Take | Add(_))
    }
}

/// Who, what, from when to when, and the reply; `None` where it never returned.
type Line = (usize, Op, u64, Option<(u64, Option<u64>)>);

fn calls(lines: &[Line]) -> Vec<Call<'_, Op, Option<u64>>> {
    let call = |line| {
        let (client, op, invoked, returned): &Line = line;
        let returned = returned.as_ref().map(|(moment, reply)| (Tick::from_nanos(*moment), reply));
        Call { client: *client, op, invoked: Tick::from_nanos(*invoked), returned }
    };
    lines.iter().map(call).collect()
}

fn search(start: Option<u64>, end: Option<Option<u64>>, lines: &[Line]) -> Verdict<Option<u64>> {
    check(&Slot, &start, end.as_ref(), &calls(lines), 1 << 22)
}

fn fine(verdict: &Verdict<Option<u64>>) -> bool {
    match verdict {
        Verdict::Linearizable { .. } => true,
        Verdict::Contradiction(_) => false,
        Verdict::Undecided { steps } => panic!("undecided after {steps}"),
    }
}

const NOTHING: Option<u64> = None;

#[test]
fn one_client_alone_must_find_what_it_left() {
    let right: [Line; 4] = [
        (0, Read, 0, Some((1, NOTHING))),
        (0, Put(5), 2, Some((3, NOTHING))),
        (0, Add(2), 4, Some((5, Some(5)))),
        (0, Take, 6, Some((7, Some(7)))),
    ];
    assert!(fine(&search(None, Some(None), &right)));
    assert!(fine(&search(None, None, &[])));
    assert!(!fine(&search(Some(1), None, &right)), "it did not begin with nothing");
    assert!(!fine(&search(None, Some(Some(7)), &right)), "it does not end with 7");
}

#[test]
fn who_is_under_way_may_come_first_or_last() {
    // Two that put at once, and a read after both: either may have been first.
    let both = |seen| {
        let lines: [Line; 3] =
            [(0, Put(1), 0, Some((10, seen))), (1, Put(2), 0, Some((10, Some(9)))), (2, Read, 11, Some((12, Some(1))))];
        fine(&search(Some(9), None, &lines))
    };
    assert!(both(Some(2)));
    assert!(!both(Some(9)), "both found what only the first can have found");
    assert!(!both(Some(3)), "nobody put that");
}

#[test]
fn a_stale_read_is_found_and_shown() {
    let lines: [Line; 4] = [
        (0, Put(1), 0, Some((10, NOTHING))),
        (0, Put(2), 11, Some((20, Some(1)))),
        (1, Read, 15, Some((30, Some(1)))),
        (1, Read, 31, Some((40, Some(1)))),
    ];
    assert!(fine(&search(None, None, &lines[..3])), "the first read was under way when 1 was replaced");
    let Verdict::Contradiction(found) = search(None, None, &lines) else { panic!("the second was not") };
    assert_eq!((found.order.len(), found.state, found.stuck), (3, Some(2), vec![3]));
}

#[test]
fn a_lost_update_is_found_by_whoever_comes_next_or_at_the_end() {
    let lines: [Line; 3] =
        [(0, Add(1), 0, Some((10, Some(5)))), (1, Add(1), 2, Some((12, Some(5)))), (0, Read, 20, Some((30, Some(6))))];
    let Verdict::Contradiction(found) = search(Some(5), None, &lines) else { panic!("both added to 5") };
    assert_eq!((found.order.len(), found.state), (1, Some(6)));
    let last: [Line; 1] = [(0, Put(1), 0, Some((1, NOTHING)))];
    assert!(fine(&search(None, Some(Some(1)), &last)));
    let Verdict::Contradiction(found) = search(None, Some(None), &last) else { panic!("what was put is not there") };
    assert_eq!((found.order, found.state, found.stuck), (vec![0], Some(1), vec![]));
}

#[test]
fn what_never_returned_may_have_happened_or_not_but_not_before_it_began() {
    let pending: Line = (0, Put(1), 10, None);
    let read = |from, to, found| -> [Line; 2] { [pending, (1, Read, from, Some((to, found)))] };
    assert!(fine(&search(None, None, &read(11, 12, Some(1)))));
    assert!(fine(&search(None, None, &read(11, 12, NOTHING))));
    assert!(!fine(&search(None, None, &read(1, 9, Some(1)))));
    // Long after, and only once.
    let later: [Line; 4] = [
        pending,
        (1, Read, 20, Some((21, NOTHING))),
        (1, Take, 1_000, Some((1_001, Some(1)))),
        (1, Read, 1_002, Some((1_003, NOTHING))),
    ];
    assert!(fine(&search(None, None, &later)));
    let twice: [Line; 3] = [pending, (1, Take, 20, Some((21, Some(1)))), (1, Take, 22, Some((23, Some(1))))];
    assert!(!fine(&search(None, None, &twice)));
}

#[test]
fn moments_that_are_equal_are_at_once() {
    let lines = |from| -> [Line; 2] { [(0, Put(1), 0, Some((5, NOTHING))), (1, Read, from, Some((9, NOTHING)))] };
    assert!(fine(&search(None, None, &lines(5))));
    assert!(!fine(&search(None, None, &lines(6))));
}

#[test]
fn a_search_that_was_given_up_says_neither() {
    let lines: Vec<Line> = (0..10).map(|client| (client, Put(client as u64), 0, Some((9, Some(77))))).collect();
    assert!(!fine(&search(Some(77), None, &lines)));
    assert!(matches!(check(&Slot, &Some(77), None, &calls(&lines), 5), Verdict::Undecided { steps: 5.. }));
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// Whether any order of any choice of those that never returned explains the history: all of them, tried.
fn brute(state: Option<u64>, end: Option<Option<u64>>, lines: &[Line], left: &[usize]) -> bool {
    if left.iter().all(|call| lines[*call].3.is_none()) && end.is_none_or(|end| end == state) {
        return true;
    }
    left.iter().any(|call| {
        let (_, op, invoked, returned) = &lines[*call];
        let before = |other: &usize| lines[*other].0 == lines[*call].0 && other < call;
        let early =
            left.iter().all(|other| !before(other) && lines[*other].3.is_none_or(|(moment, _)| *invoked <= moment));
        let mut after = state;
        let reply = Slot.apply(&mut after, op);
        let rest: Vec<usize> = left.iter().copied().filter(|other| other != call).collect();
        early && returned.is_none_or(|(_, right)| right == reply) && brute(after, end, lines, &rest)
    })
}

#[test]
fn it_agrees_with_trying_all_orders() {
    let mut random = Random(42);
    let mut verdicts = [0; 2];
    for round in 0..20_000 {
        let clients = 1 + random.below(4) as usize;
        let mut lines: Vec<Line> = Vec::new();
        for client in 0..clients {
            let mut now = random.below(6);
            let calls = 1 + random.below(3);
            for call in 0..calls {
                let value = random.below(3);
                let op = [Read, Put(value), Take, Add(value)][random.below(4) as usize];
                let returned = now + random.below(8);
                let reply = [None, Some(0), Some(1), Some(2)][random.below(4) as usize];
                let lost = call + 1 == calls && random.below(4) == 0;
                lines.push((client, op, now, (!lost).then_some((returned, reply))));
                now = returned + random.below(3);
            }
        }
        // Replies drawn blindly are nearly always wrong: half of the histories are of a slot, some with one reply changed.
        if round % 2 == 0 {
            repair(&mut lines, &mut random);
        }
        let end = (random.below(2) == 0).then(|| (random.below(2) == 0).then(|| random.below(4)));
        let all: Vec<usize> = (0..lines.len()).collect();
        let right = brute(Some(1), end, &lines, &all);
        assert_eq!(fine(&search(Some(1), end, &lines)), right, "{end:?} {lines:?}");
        verdicts[usize::from(right)] += 1;
    }
    assert!(verdicts.iter().all(|times| *times > 2_000), "both verdicts are tried: {verdicts:?}");
}

/// Gives calls the replies of a slot that carries each out at a moment between its ends.
fn repair(lines: &mut [Line], random: &mut Random) {
    let mut at: Vec<(u64, u64, usize)> = Vec::new();
    for (index, (_, _, invoked, returned)) in lines.iter().enumerate() {
        let last = returned.map_or(invoked + 10, |(moment, _)| moment);
        at.push((invoked + random.below(last - invoked + 1), random.below(1 << 32), index));
    }
    // A client's calls stay in order where they happen at once.
    at.sort_by_key(|(moment, tie, index)| (*moment, if lines.len() > 6 { *index as u64 } else { *tie }));
    let mut state = Some(1);
    for (_, _, index) in at {
        let (_, op, _, returned) = &mut lines[index];
        let reply = Slot.apply(&mut state, op);
        if let Some((_, given)) = returned {
            *given = if random.below(40) == 0 { Some(random.below(3)) } else { reply };
        }
    }
}

/// Clients that call one slot, each call carried out at a moment between its ends; of the calls that change it, `lost` is
/// replied to and not carried out.
fn simulate(clients: usize, each: usize, pause: u64, lost: Option<usize>) -> (Vec<Line>, Option<u64>) {
    let mut random = Random(7);
    let mut moments: Vec<(u64, usize)> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    for client in 0..clients {
        let mut now = random.below(100);
        for _ in 0..each {
            let value = random.below(u64::MAX);
            let op = [Read, Put(value), Take, Add(value), Put(value)][random.below(5) as usize];
            // Now and then a client loses its CPU in the middle of a call.
            let length = if random.below(200) == 0 { 20_000 } else { 1 + random.below(100) };
            moments.push((now + 1 + random.below(length), lines.len()));
            lines.push((client, op, now, Some((now + length + 1, None))));
            now += length + 2 + random.below(pause);
        }
    }
    moments.sort_unstable();
    let mut state = None;
    let mut changes = 0;
    for (_, index) in moments {
        let (_, op, _, returned) = &mut lines[index];
        let before = state;
        let reply = Slot.apply(&mut state, op);
        if matches!(op, Put(_)) {
            changes += 1;
            if Some(changes) == lost {
                state = before;
            }
        }
        *returned = returned.map(|(moment, _)| (moment, reply));
    }
    (lines, state)
}

#[test]
fn long_histories_of_many_clients_are_put_in_order() {
    // Clients that are seldom at once, eight that always are, and twenty.
    for (clients, each, pause) in [(8, 12_500, 2_000), (8, 10_000, 1), (20, 5_000, 1)] {
        let (lines, end) = simulate(clients, each, pause, None);
        let verdict = search(None, Some(end), &lines);
        let Verdict::Linearizable { steps } = verdict else { panic!("{clients} clients: not linearizable") };
        assert!(steps < 10 * lines.len() as u64, "{steps} steps for {} calls", lines.len());
    }
}

#[test]
fn one_lost_update_in_a_long_history_is_found() {
    for (clients, each, pause) in [(8, 12_500, 2_000), (8, 10_000, 1), (20, 5_000, 1)] {
        let (lines, end) = simulate(clients, each, pause, Some(clients * each / 10));
        let Verdict::Contradiction(found) = search(None, Some(end), &lines) else { panic!("{clients}: not found") };
        assert!(found.order.len() < lines.len(), "{clients} clients");
        assert!(found.stuck.len() <= clients, "{clients} clients");
    }
}
