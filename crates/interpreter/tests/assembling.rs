//! The programs that come with it assemble, and what is wrong in a text is said with its line.

use interpreter::{Mistake, Op, Settings, assemble, programs};

#[test]
fn every_program_assembles_at_both_sizes() {
    for source in programs() {
        for settings in [Settings::default(), Settings::small()] {
            let program = assemble(source.text, &settings);
            assert!(program.is_ok(), "{}: {program:?}", source.name);
        }
        assert!(source.about().len() > 20, "{} says what it is", source.name);
    }
}

/// Assembles the body of `main`, which begins in line 2.
fn mistake(body: &str) -> Mistake {
    let text = format!("function main\n{body}");
    match assemble(&text, &Settings::default()) {
        Ok(program) => panic!("accepted {program:?}"),
        Err(mistake) => mistake,
    }
}

#[test]
fn mistakes_say_where_and_what_to_do() {
    let cases = [
        ("pusch 1\nreturn", 2, "there is no bytecode \"pusch\"; did you mean \"push\"?"),
        ("pop\npush 1\nreturn", 2, "stack underflow: this needs 1 values, and there are 0"),
        ("push 1", 2, "main runs off its end after this; it needs a return or a jump"),
        ("push 3\npush 1\npop_jump_if_true there\npush 2\nthere:\nreturn", 7, "one way here leaves"),
        ("load x\nreturn", 2, "nothing was stored in \"x\" above; there is none"),
        ("jump nowhere", 2, "there is no label \"nowhere\"; there is none"),
        ("push 1\nup:\npop_jump_if_true up\npush 1\nreturn", 4, "this jump goes forward only"),
        ("call_builtin lenn 1\nreturn", 2, "there is no built-in \"lenn\"; did you mean \"len\"?"),
        ("call_builtin len 2\nreturn", 2, "len takes 1 to 1 arguments, not 2"),
        ("push 99999999999999999999\nreturn", 2, "is not a number that fits in 64 bits"),
        ("push \"open\nreturn", 2, "a string is not closed"),
        ("load_global x\nreturn", 2, "there is no global \"x\""),
        ("push\nreturn", 2, "it is written `push CONSTANT or PARAMETER`"),
        ("end_try\npush 1\nreturn", 2, "there is no try to end here"),
        ("try there\npush 1\nreturn\nthere:\nreturn", 4, "a try is still open"),
        ("copy 0\nreturn", 2, "0 is not from 1 to 255"),
        ("push €\nreturn", 2, "'€' is not part of any word"),
    ];
    for (body, line, what) in cases {
        let found = mistake(body);
        assert_eq!((found.line, found.what.contains(what)), (line, true), "{body:?}: {found}");
    }
    assert!(assemble("", &Settings::default()).is_err_and(|mistake| mistake.what.contains("no function main")));
    let set = Settings::default().with("threds", 2);
    let found = assemble("param threads = 1\nfunction main\npush 1\nreturn", &set);
    assert!(found.is_err_and(|mistake| mistake.what.contains("no parameter \"threds\"")));
}

#[test]
fn a_jump_back_is_the_back_edge_of_a_loop() {
    let text = "function main\nagain:\npush 1\npop_jump_if_true out\njump again\nout:\npush 1\nreturn";
    let program = assemble(text, &Settings::default()).expect("it assembles");
    let code = &program.functions[0].code;
    assert_eq!(code[2], Op::JumpBackward(0));
    assert_eq!(code[1], Op::PopJumpIfTrue(3));
    assert_eq!(program.functions[0].depth, 1);
}

#[test]
fn parameters_have_a_small_value_and_can_be_set() {
    let text = "param n = 10, small 2\nfunction main\npush n\nreturn";
    let value = |settings: &Settings| assemble(text, settings).expect("it assembles").parameters[0].value;
    assert_eq!(value(&Settings::default()), 10);
    assert_eq!(value(&Settings::small()), 2);
    assert_eq!(value(&Settings::small().with("n", 7)), 7);
}
