//! Finds the strategies of a model where it lists them: every call of `Strategy::idiomatic` and its sibling.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall, Item, Lit};

use crate::crates::{Code, Crate, Module, Names};

const PATTERNS: [&str; 6] = ["map_reduce", "fork_join", "task_graph", "shared_state", "pipeline", "serve"];

/// A strategy, and what its implementation is reached by.
pub(crate) struct Found {
    pub(crate) model: String,
    pub(crate) pattern: String,
    pub(crate) strategy: String,
    /// The module that lists it.
    pub(crate) module: usize,
    /// Paths in that module.
    pub(crate) roots: Vec<Names>,
}

pub(crate) fn all(krate: &Crate) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for (at, module) in krate.modules.iter().enumerate() {
        let Some(pattern) = PATTERNS.iter().find(|pattern| module.path.iter().any(|name| name == *pattern)) else {
            continue;
        };
        for item in &module.syntax {
            let mut calls = Calls::default();
            calls.visit_item(item);
            for Call { strategy, mut roots } in calls.found {
                // Where it is handed a variable, whoever made that stands beside the call.
                if roots.iter().all(|path| krate.resolve(at, path).is_none()) {
                    roots = Code::of(item.to_token_stream()).paths;
                }
                let model = model(krate, module);
                let same = |one: &&mut Found| one.strategy == strategy && one.model == model && one.module == at;
                match all.iter_mut().find(same) {
                    Some(one) => one.roots.extend(roots),
                    None => {
                        let pattern = pattern.replace('_', "-");
                        all.push(Found { model, pattern, strategy, module: at, roots });
                    }
                }
            }
        }
    }
    all
}

/// The `const ID` of the nearest module above.
fn model(krate: &Crate, module: &Module) -> String {
    let above = (0..=module.path.len()).rev().filter_map(|length| krate.find(&module.path[..length]));
    let mut ids = above.flat_map(|at| &krate.modules[at].syntax).filter_map(id);
    ids.next().unwrap_or_default()
}

fn id(item: &Item) -> Option<String> {
    let Item::Impl(block) = item else { return None };
    let constants =
        block.items.iter().filter_map(|item| if let syn::ImplItem::Const(one) = item { Some(one) } else { None });
    constants.filter(|one| one.ident == "ID").find_map(|one| text(&one.expr))
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(lit) => {
            if let Lit::Str(text) = &lit.lit {
                Some(text.value())
            } else {
                None
            }
        }
        _ => None,
    }
}

struct Call {
    strategy: String,
    roots: Vec<Names>,
}

#[derive(Default)]
struct Calls {
    found: Vec<Call>,
}

impl<'s> Visit<'s> for Calls {
    fn visit_expr_call(&mut self, call: &'s ExprCall) {
        let function = Code::of(call.func.to_token_stream()).paths.into_iter().next().unwrap_or_default();
        let listed = function.len() == 2 && function[0] == "Strategy";
        if listed
            && (function[1] == "idiomatic" || function[1] == "against_the_grain")
            && let (Some(strategy), Some(run)) = (call.args.first().and_then(text), call.args.last())
        {
            self.found.push(Call { strategy, roots: Code::of(run.to_token_stream()).paths });
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'s ExprMethodCall) {
        let before = self.found.len();
        visit::visit_expr_method_call(self, call);
        // What its worker processes run is as much of it as what the parent does. `and` has a whole strategy in it.
        if call.method == "with_worker"
            && let Some(one) = self.found.get_mut(before..).and_then(<[Call]>::first_mut)
        {
            one.roots.extend(call.args.iter().flat_map(|argument| Code::of(argument.to_token_stream()).paths));
        }
    }
}
