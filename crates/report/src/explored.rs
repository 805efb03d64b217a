//! What `explore` shows: how a program can end at each granularity, and the shortest way to what should not be.

use results::explored::{Exploration, Kind, Outcome, Reached, Trace, Turn};

use crate::Terminal;
use crate::figures::{self, plural};
use crate::layout::{Ink, Item, JOIN, Page, plain};

/// Wider lines are hard to follow.
const WIDEST: usize = 100;
/// What `main` does beside its threads is told in one line where it is longer than this.
const MAIN: usize = 3;

/// An exploration as plain text.
#[must_use]
pub fn explored(exploration: &Exploration, style: Terminal) -> String {
    let mut page = Page::new(style.colour, style.width.min(WIDEST));
    page.line(2, vec![Item::Words(Ink::Bold, format!("{}: {}", exploration.program, exploration.about))], "");
    let set: Vec<String> = exploration.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    page.line(2, vec![plain(format!("Explored with {}", set.join(", ")))], "");
    page.blank();
    for search in exploration.searches.iter().enumerate() {
        endings(&mut page, exploration, search.0);
    }
    for outcome in &exploration.endings {
        if let Some(trace) = &outcome.trace {
            page.blank();
            way(&mut page, outcome, trace);
        }
    }
    page.blank();
    page.line(0, vec![Item::Words(Ink::Bold, conclusion(exploration))], "");
    page.finish()
}

fn where_switched(granularity: &str) -> &'static str {
    match granularity {
        "sequential" => "One thread after the other, in every order",
        "gil" => "Switched at check points: under a global lock",
        "free-threaded" => "Switched between any two bytecodes: without one",
        _ => "Switched elsewhere",
    }
}

fn endings(page: &mut Page, exploration: &Exploration, at: usize) {
    let search = &exploration.searches[at];
    let moments = plural(search.states as usize, "moment");
    let threads = plural(search.threads as usize, "thread");
    let cut = if search.complete { "" } else { "; NOT ALL: a limit was hit (--states, --time)" };
    let head = format!("{} ({threads}, {moments}{cut})", where_switched(&search.granularity));
    let ink = if search.complete { Ink::Plain } else { Ink::Alarm };
    page.line(2, vec![Item::Words(ink, head)], "");
    let reached = exploration.endings.iter().filter_map(|outcome| Some((outcome, outcome.reached.get(at)?.as_ref()?)));
    let mut none = true;
    for (outcome, reached) in reached {
        none = false;
        let (sign, ink) = sign(outcome);
        let items = vec![
            plain(JOIN),
            Item::Words(ink, sign.to_owned()),
            Item::Words(Ink::Bold, outcome.ending.clone()),
            Item::Tab(26),
            plain(format!("{}, {}", said(outcome), how_often(reached))),
        ];
        page.line(6, items, "");
    }
    if none {
        page.line(6, vec![plain(JOIN), plain("no ending was reached")], "");
    }
}

fn sign(outcome: &Outcome) -> (&'static str, Ink) {
    match outcome.kind {
        Kind::Allowed if outcome.failed => ("!", Ink::Alarm),
        Kind::Allowed => ("✓", Ink::Plain),
        Kind::Forbidden | Kind::Interesting => ("✕", Ink::Alarm),
    }
}

fn said(outcome: &Outcome) -> &'static str {
    match outcome.kind {
        Kind::Allowed if outcome.failed => "in some order of whole threads already",
        Kind::Allowed => "allowed",
        Kind::Forbidden => "FORBIDDEN, and the lock does not prevent it",
        Kind::Interesting => "FORBIDDEN, and only without the lock",
    }
}

fn how_often(reached: &Reached) -> String {
    match reached.schedules.as_deref().map(str::parse::<f64>) {
        Some(Ok(1.0)) => String::from("1 schedule"),
        // Beyond that, digits say less than their number.
        Some(Ok(ways)) if ways >= 1e15 => format!("{ways:.1e} schedules"),
        Some(Ok(ways)) => format!("{} schedules", figures::count(ways)),
        _ => plural(reached.states as usize, "final moment"),
    }
}

fn way(page: &mut Page, outcome: &Outcome, trace: &Trace) {
    let how = where_switched(&trace.granularity).to_lowercase();
    page.line(2, vec![Item::Words(Ink::Bold, format!("The shortest way to {}, {how}:", outcome.ending))], "");
    for turn in &trace.turns {
        if turn.thread == 0 && turn.bytecodes.len() > MAIN {
            let done = plural(turn.bytecodes.len(), "bytecode");
            page.line(
                6,
                vec![Item::Words(Ink::Dim, format!("main{JOIN}{JOIN}({done}: it starts threads, or joins them)"))],
                "",
            );
            continue;
        }
        lines(page, turn);
    }
}

fn lines(page: &mut Page, turn: &Turn) {
    let who = if turn.thread == 0 { String::from("main") } else { format!("T{}", turn.thread) };
    for bytecode in &turn.bytecodes {
        let mut items = vec![
            Item::Words(Ink::Bold, who.clone()),
            Item::Tab(6),
            Item::Words(Ink::Dim, bytecode.line.to_string()),
            Item::Tab(11),
            plain(bytecode.text.replace(' ', JOIN)),
        ];
        if !bytecode.saw.is_empty() {
            items.extend([Item::Tab(38), plain(bytecode.saw.as_str())]);
        }
        if bytecode.check_point {
            items.extend([Item::Gap, Item::Words(Ink::Dim, String::from("(check point)"))]);
        }
        page.line(13, items, "");
    }
}

fn conclusion(exploration: &Exploration) -> String {
    let any = |kind| exploration.endings.iter().any(|outcome| outcome.kind == kind);
    let searched = |id: &str| exploration.searches.iter().any(|search| search.granularity == id);
    let all = exploration.searches.iter().all(|search| search.complete);
    match (any(Kind::Forbidden), any(Kind::Interesting)) {
        (true, _) => String::from("A global lock does not save it: a switch at a check point is enough."),
        (false, true) if searched("gil") => String::from(
            "A global lock saves it, since no check point lies between its steps; without the lock it is torn.",
        ),
        (false, true) => String::from("Without a global lock it is torn."),
        _ if all => String::from("Every schedule ends as some order of whole threads does."),
        _ => String::from("Nothing forbidden was found in the part that was explored."),
    }
}
