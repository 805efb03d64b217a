//! The machine's answers, in every build: those of the explorer, with no object left behind.

use std::sync::mpsc::channel;
use std::time::Duration;

use interpreter::explore::{Ending, Granularity, Limits, explore};
use interpreter::machine::{
    AtomicCounts, BiasedCounts, Build, FreeThreaded, GilBuild, Options, PlainCounts, Ran, run, run_with,
};
use interpreter::{FaultKind, Plain, Program, Settings, assemble, find, programs};

type Free = FreeThreaded;
type Atomic = FreeThreaded<AtomicCounts>;
type Mortal = FreeThreaded<BiasedCounts, true, false>;
type Unlocked = FreeThreaded<BiasedCounts, false>;
type Plainly = FreeThreaded<PlainCounts>;

fn program(name: &str, settings: &Settings) -> Program {
    let source = find(name).unwrap_or_else(|| panic!("there is no program {name}"));
    assemble(source.text, settings).expect("it assembles")
}

fn text(text: &str) -> Program {
    assemble(text, &Settings::default()).unwrap_or_else(|mistake| panic!("{mistake}"))
}

fn options() -> Options {
    Options { time: Some(Duration::from_secs(60)), ..Options::default() }
}

/// The answer, after nothing was left behind.
fn answer(name: &str, ran: &Ran) -> Plain {
    assert_eq!(ran.left, 0, "{name} leaves objects behind: {ran:?}");
    ran.outcome.clone().unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

#[test]
fn every_program_ends_as_the_explorer_says_in_every_build() {
    for source in programs().iter().filter(|source| source.name != "echo") {
        let program = program(source.name, &Settings::small());
        let explored = |granularity| {
            let all = explore(&program, granularity, &Limits::default(), &|| false).expect("it can be explored");
            all.endings.into_iter().map(|found| found.ending).collect::<Vec<_>>()
        };
        let (gil, free) = (explored(Granularity::Gil), explored(Granularity::FreeThreaded));
        for _ in 0..20 {
            let ran = Ending::Returned(answer(source.name, &run::<GilBuild>(&program, &options())));
            assert!(gil.contains(&ran), "{} under the lock: {ran}", source.name);
            let all = [
                ("free", run::<Free>(&program, &options())),
                ("atomic", run::<Atomic>(&program, &options())),
                ("mortal", run::<Mortal>(&program, &options())),
            ];
            for (build, ran) in all {
                let ran = Ending::Returned(answer(&format!("{} {build}", source.name), &ran));
                assert!(free.contains(&ran), "{} {build}: {ran}", source.name);
            }
        }
    }
}

#[test]
fn builds_without_what_keeps_threads_apart_have_one() {
    let alone = Settings::small();
    for name in ["fib", "int-loop", "dict-loop", "list-loop", "lock-loop", "cache-alone"] {
        let program = program(name, &alone);
        let right = answer(name, &run::<GilBuild>(&program, &options()));
        assert_eq!(answer(name, &run::<Unlocked>(&program, &options())), right);
        assert_eq!(answer(name, &run::<Plainly>(&program, &options())), right);
    }
    let refused = run::<Plainly>(&program("locked", &alone), &options());
    assert!(
        refused.outcome.is_err_and(|fault| fault.kind == FaultKind::RuntimeError && fault.message.contains("one only"))
    );
}

fn counts<B: Build>(name: &str, settings: &Settings, options: &Options) -> i64 {
    let ran = run::<B>(&program(name, settings), options);
    match answer(name, &ran) {
        Plain::Int(count) => count,
        Plain::List(items) => items[0].int().expect("a count"),
        other => panic!("{name} returned {other}"),
    }
}

#[test]
fn under_load_locks_lose_nothing_and_plus_equals_nothing_under_the_global_one() {
    let often = Options { interval: Duration::from_micros(20), ..options() };
    let settings = Settings::default().with("increments", 2000);
    for _ in 0..3 {
        assert_eq!(counts::<GilBuild>("plus-equals", &settings, &often), 16_000);
        assert_eq!(counts::<GilBuild>("locked-bare", &settings, &often), 16_000);
        assert_eq!(counts::<Free>("locked-bare", &settings, &often), 16_000);
        assert_eq!(counts::<Atomic>("locked-bare", &settings, &often), 16_000);
        assert_eq!(counts::<Free>("locked-plus-equals", &settings, &often), 16_000);
        assert_eq!(counts::<Free>("locked-private", &settings, &often), 16_000);
        assert_eq!(counts::<Mortal>("locked-plus-equals", &settings, &often), 16_000);
        // Nothing is known of what is lost, but that it is no more than all, and that counts and memory survive it.
        for name in ["unsafe", "plus-equals"] {
            let settings = if name == "unsafe" { settings.clone().with("window", 2) } else { settings.clone() };
            assert!((1..=16_000).contains(&counts::<Free>(name, &settings, &often)));
        }
    }
    let keys = Settings::default().with("increments", 300);
    for name in ["one-lock", "sharded-locks", "queue-to-owner", "private-merge"] {
        assert_eq!(counts::<GilBuild>(name, &keys, &often), 6_000, "{name}");
        assert_eq!(counts::<Free>(name, &keys, &often), 6_000, "{name}");
        assert_eq!(counts::<Mortal>(name, &keys, &often), 6_000, "{name}");
    }
}

#[test]
fn what_many_threads_drop_is_merged_by_its_owner() {
    let settings = Settings::default().with("increments", 2000);
    let ran = run::<Free>(&program("locked-bare", &settings), &options());
    assert_eq!(answer("locked-bare", &ran), Plain::Int(16_000));
    assert!(ran.merged >= ran.queued && ran.bytecodes > 16_000 * 15, "{ran:?}");
    // Values that are not handed on need no merging.
    let ran = run::<GilBuild>(&program("locked-bare", &settings), &options());
    assert_eq!((ran.queued, ran.merged), (0, 0));
}

#[test]
fn one_thread_is_switched_by_nobody_and_counts_its_bytecodes() {
    // push, return.
    let ran = run::<GilBuild>(&text("function main\npush 1\nreturn"), &options());
    assert_eq!((ran.bytecodes, ran.parks, ran.yields), (2, 0, 0));
}

#[test]
fn an_echo_comes_back_beside_threads_that_compute() {
    fn echoes<B: Build>() {
        let (say, inbox) = channel();
        let (outbox, hear) = channel();
        let program = program("echo", &Settings::default());
        let ran = std::thread::scope(|scope| {
            let ran = scope.spawn(|| run_with::<B>(&program, &options(), Some(inbox), Some(outbox)));
            for n in [1, 2, 300] {
                say.send(n).expect("it listens");
                assert_eq!(hear.recv(), Ok(n));
            }
            drop(say);
            ran.join().expect("it does not panic")
        });
        assert!(matches!(answer("echo", &ran), Plain::Int(0..)));
    }
    echoes::<GilBuild>();
    echoes::<Free>();
}

/// What a program fails of, in both builds: kind, line, and part of the message.
fn fails(text_of: &str, kind: FaultKind, line: u32, message: &str) {
    let limits = Options { steps: Some(200_000), objects: 20_000, ..options() };
    fails_within(&limits, text_of, kind, line, message);
}

fn fails_within(limits: &Options, text_of: &str, kind: FaultKind, line: u32, message: &str) {
    let program = text(text_of);
    for ran in [run::<GilBuild>(&program, limits), run::<Free>(&program, limits)] {
        let fault = ran.outcome.expect_err(text_of);
        assert_eq!((fault.kind, fault.line), (kind, line), "{fault}");
        assert!(fault.message.contains(message), "{fault}");
    }
}

#[test]
fn errors_say_where() {
    fails("function main\npush 1\npush \"a\"\nadd\nreturn", FaultKind::TypeError, 4, "Add of int and string");
    fails("function main\nbuild_dict\npush 1\nsubscript\nreturn", FaultKind::KeyError, 4, "1");
    fails("function main\nbuild_list 0\npush 1\nsubscript\nreturn", FaultKind::IndexError, 4, "index 1 of a list of 0");
    fails("function main\npush 1\npush 0\nmodulo\nreturn", FaultKind::ZeroDivisionError, 4, "1 by zero");
    fails("function main\npush 9223372036854775807\npush 1\nadd\nreturn", FaultKind::OverflowError, 4, "64 bits");
    fails("function main\npush 1\ncall_builtin release 1\nreturn", FaultKind::TypeError, 3, "release of int");
    fails(
        "function main\ncall_builtin lock 0\ncall_builtin release 1\nreturn",
        FaultKind::RuntimeError,
        3,
        "nobody holds",
    );
    fails("function main\npush_function main\ncall 0\nreturn", FaultKind::RecursionError, 3, "1000");
    fails("global x\nfunction main\nload_global x\nreturn", FaultKind::RuntimeError, 3, "the global x");
    fails(
        "function f a\nload a\nreturn\nfunction main\npush_function f\ncall 0\nreturn",
        FaultKind::TypeError,
        6,
        "1 argument",
    );
    fails(
        "function main\npush 1\nbuild_dict\nbuild_list 0\nstore_subscript\npush 1\nreturn",
        FaultKind::TypeError,
        5,
        "a key",
    );
}

#[test]
fn endless_and_unbounded_programs_end() {
    fails("function main\nagain:\njump again", FaultKind::StepLimit, 3, "an endless loop?");
    let time = Options { time: Some(Duration::from_millis(100)), ..Options::default() };
    let program = text("function main\nagain:\njump again");
    for ran in [run::<GilBuild>(&program, &time), run::<Free>(&program, &time)] {
        assert!(ran.outcome.is_err_and(|fault| fault.kind == FaultKind::TimeLimit));
    }
    let lists = "function main\nbuild_list 0\nstore all\nagain:\nload all\nbuild_list 0\ncall_builtin append 2\npop\njump again";
    fails_within(&Options { objects: 20_000, ..options() }, lists, FaultKind::MemoryError, 6, "objects are alive");
    let items =
        "function main\nbuild_list 0\nstore all\nagain:\nload all\npush 1\ncall_builtin append 2\npop\njump again";
    fails_within(&Options { objects: 20_000, ..options() }, items, FaultKind::MemoryError, 7, "items into containers");
}

#[test]
fn threads_that_wait_for_each_other_are_told_so() {
    let opposite = "global one other both\nfunction main\ncall_builtin lock 0\nstore_global one\ncall_builtin lock 0\n\
                    store_global other\npush 2\ncall_builtin barrier 1\nstore_global both\npush_function first\n\
                    call_builtin spawn 1\nstore a\npush_function second\ncall_builtin spawn 1\nstore b\nload a\n\
                    call_builtin join 1\npop\nload b\ncall_builtin join 1\nreturn\n\
                    function first\nload_global one\ncall_builtin acquire 1\npop\nload_global both\n\
                    call_builtin wait 1\npop\nload_global other\ncall_builtin acquire 1\nreturn\n\
                    function second\nload_global other\ncall_builtin acquire 1\npop\nload_global both\n\
                    call_builtin wait 1\npop\nload_global one\ncall_builtin acquire 1\nreturn";
    fails(opposite, FaultKind::Deadlock, 17, "thread 1 waits in line 30, thread 2 waits in line 40");
    fails("function main\ncall_builtin queue 0\ncall_builtin take 1\nreturn", FaultKind::Deadlock, 3, "thread 0");
    let again = "function main\ncall_builtin lock 0\nstore a\nload a\ncall_builtin acquire 1\npop\nload a\n\
                 call_builtin acquire 1\nreturn";
    fails(again, FaultKind::Deadlock, 8, "thread 0");
}

#[test]
fn errors_are_caught_joined_and_never_lost() {
    let caught = text("function main\ntry there\nbuild_dict\npush 1\nsubscript\nend_try\nreturn\nthere:\nreturn");
    let joined = text(
        "function main\ntry there\npush_function broken\ncall_builtin spawn 1\ncall_builtin join 1\nend_try\nreturn\n\
         there:\nreturn\nfunction broken\nbuild_dict\npush 1\nsubscript\nreturn",
    );
    let lost = text(
        "function main\npush_function broken\ncall_builtin spawn 1\npop\npush 7\nreturn\nfunction broken\nbuild_dict\n\
         push 1\nsubscript\nreturn",
    );
    for program in [&caught, &joined] {
        for ran in [run::<GilBuild>(program, &options()), run::<Free>(program, &options())] {
            assert_eq!(answer("caught", &ran), Plain::Str("KeyError".into()));
        }
    }
    for ran in [run::<GilBuild>(&lost, &options()), run::<Free>(&lost, &options())] {
        let fault = ran.outcome.expect_err("nobody joined it");
        assert_eq!((fault.kind, fault.thread, fault.line), (FaultKind::KeyError, 1, 10));
    }
}

#[test]
fn lists_nested_deep_are_freed() {
    let deep = "function main\nbuild_list 0\nstore all\npush 100000\ncall_builtin range 1\nget_iter\nagain:\nfor_iter done\n\
                pop\nload all\nbuild_list 1\nstore all\njump again\ndone:\npush none\nstore all\npush 1\nreturn";
    for ran in [run::<GilBuild>(&text(deep), &options()), run::<Free>(&text(deep), &options())] {
        assert_eq!(answer("deep", &ran), Plain::Int(1));
    }
}
