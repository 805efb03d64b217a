//! The bytecodes. Their names and effects are those of CPython 3.13, where it has them.

/// One bytecode. Indices point into the tables of the program or of the function it stands in; targets are offsets in the
/// function's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Pushes a constant.
    Push(u32),
    /// Pushes a local.
    Load(u16),
    /// Pops into a local.
    Store(u16),
    /// Pushes what a global holds.
    LoadGlobal(u16),
    /// Pops into a global.
    StoreGlobal(u16),
    /// Drops the top.
    Pop,
    /// Pushes the n-th value from the top again; the top is the first.
    Copy(u16),
    /// Swaps the top with the n-th value from the top; the top is the first.
    Swap(u16),
    /// `a b` to `a + b`, of two ints or two lists.
    Add,
    /// `a b` to `a - b`.
    Subtract,
    /// `a b` to `a * b`.
    Multiply,
    /// `a b` to `a // b`, rounded down.
    FloorDivide,
    /// `a b` to `a % b`, with the sign of `b`.
    Modulo,
    /// `a` to `-a`.
    Negate,
    /// `a` to `not a`.
    Not,
    /// `a b` to a truth.
    Compare(Comparison),
    /// Pushes an empty dict.
    BuildDict,
    /// Pops n values into a list.
    BuildList(u16),
    /// `container key` to the item: a dict's, or a list's by index.
    Subscript,
    /// `value container key`: stores the value.
    StoreSubscript,
    /// `container key`: removes a key of a dict.
    DeleteSubscript,
    /// `key container` to a truth.
    Contains,
    /// Goes forward.
    Jump(u32),
    /// Goes back: the edge of a loop, and a check point.
    JumpBackward(u32),
    /// Pops, and goes forward if it was false.
    PopJumpIfFalse(u32),
    /// Pops, and goes forward if it was true.
    PopJumpIfTrue(u32),
    /// `iterable` to an iterator over a range or a list.
    GetIter,
    /// `iterator` to `iterator item`; drops the iterator and goes forward when it is exhausted.
    ForIter(u32),
    /// Pushes a function.
    PushFunction(u16),
    /// `function argument..` to what it returns. Its entry is a check point.
    Call(u16),
    /// `argument..` to what a built-in returns, followed by a check point, but for `acquire`.
    CallBuiltin(Builtin, u16),
    /// Leaves the function with the top.
    Return,
    /// From here on an error goes forward to the handler, with the stack as it is now and the error's name on top.
    Try(u32),
    /// Ends the innermost `Try`.
    EndTry,
}

/// Comparisons. Ints are ordered; everything can be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Each with its sign in the text.
    pub const ALL: [(&'static str, Self); 6] = [
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
    ];
}

/// Built-in calls: C functions there, one indivisible step at the granularity of the global lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// `range(n)` or `range(from, to)`.
    Range,
    /// `len(container)`.
    Len,
    /// `append(list, value)` to none.
    Append,
    /// `pop(dict, key, default)` to the value that was there, or the default; `pop(list)` to its last.
    PopItem,
    /// `get(dict, key, default)`: one whole look.
    Get,
    /// `set_default(dict, key, value)` to the value that is there now.
    SetDefault,
    /// `keys(dict)` to a list, in the order of insertion.
    Keys,
    /// `sort(list)` to none, in place; ints.
    Sort,
    /// `lock()`: a new `threading.Lock`.
    Lock,
    /// `acquire(lock)` to none, as `with` does it; waits with the global lock released.
    Acquire,
    /// `release(lock)` to none; an error if it is not taken.
    Release,
    /// `queue()`: a new unbounded queue.
    Queue,
    /// `put(queue, value)` to none.
    Put,
    /// `take(queue)` to its first; waits with the global lock released.
    Take,
    /// `barrier(n)`: where n threads meet.
    Barrier,
    /// `wait(barrier)` to none, when all are there.
    Wait,
    /// `spawn(function, argument..)`: starts a thread, and is its handle.
    Spawn,
    /// `join(thread)` to what its function returned; its error is raised here.
    Join,
    /// `sleep(milliseconds)` to none, with the global lock released.
    Sleep,
    /// `receive()` to the next int from outside, or none when the outside has hung up; waits with the global lock released.
    Receive,
    /// `send(int)` to none: to the outside.
    Send,
}

/// A built-in's name, and how few and how many arguments it takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signature(pub(crate) &'static str, pub(crate) Builtin, pub(crate) u16, pub(crate) u16);

impl Builtin {
    /// Whether a check point follows. Taking a lock is what `with` does there, which has none (a call of `acquire` would).
    pub(crate) const fn has_check_point(self) -> bool {
        !matches!(self, Self::Acquire)
    }

    pub(crate) const ALL: [Signature; 21] = [
        Signature("range", Self::Range, 1, 2),
        Signature("len", Self::Len, 1, 1),
        Signature("append", Self::Append, 2, 2),
        Signature("pop", Self::PopItem, 1, 3),
        Signature("get", Self::Get, 3, 3),
        Signature("set_default", Self::SetDefault, 3, 3),
        Signature("keys", Self::Keys, 1, 1),
        Signature("sort", Self::Sort, 1, 1),
        Signature("lock", Self::Lock, 0, 0),
        Signature("acquire", Self::Acquire, 1, 1),
        Signature("release", Self::Release, 1, 1),
        Signature("queue", Self::Queue, 0, 0),
        Signature("put", Self::Put, 2, 2),
        Signature("take", Self::Take, 1, 1),
        Signature("barrier", Self::Barrier, 1, 1),
        Signature("wait", Self::Wait, 1, 1),
        Signature("spawn", Self::Spawn, 1, u16::MAX),
        Signature("join", Self::Join, 1, 1),
        Signature("sleep", Self::Sleep, 1, 1),
        Signature("receive", Self::Receive, 0, 0),
        Signature("send", Self::Send, 1, 1),
    ];

    /// Its name in the text.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|Signature(_, builtin, ..)| *builtin == self).map_or("?", |Signature(name, ..)| name)
    }
}

impl Op {
    /// What it pops and pushes where it goes on, and where it jumps: `None` for a way it does not take.
    pub(crate) fn effect(self) -> Effect {
        let on = |pops: u16, pushes: u16| Effect { pops, next: Some(pushes), jump: None };
        match self {
            Self::Push(_) | Self::Load(_) | Self::LoadGlobal(_) | Self::BuildDict | Self::PushFunction(_) => on(0, 1),
            Self::Store(_) | Self::StoreGlobal(_) | Self::Pop => on(1, 0),
            Self::Copy(n) => on(n, n + 1),
            Self::Swap(n) => on(n, n),
            Self::Add | Self::Subtract | Self::Multiply | Self::FloorDivide | Self::Modulo => on(2, 1),
            Self::Compare(_) | Self::Contains | Self::Subscript => on(2, 1),
            Self::Negate | Self::Not | Self::GetIter => on(1, 1),
            Self::BuildList(n) => on(n, 1),
            Self::StoreSubscript => on(3, 0),
            Self::DeleteSubscript => on(2, 0),
            Self::Jump(to) | Self::JumpBackward(to) => Effect { pops: 0, next: None, jump: Some((to, 0)) },
            Self::PopJumpIfFalse(to) | Self::PopJumpIfTrue(to) => {
                Effect { pops: 1, next: Some(0), jump: Some((to, 0)) }
            }
            Self::ForIter(to) => Effect { pops: 1, next: Some(2), jump: Some((to, 0)) },
            Self::Call(n) => on(n + 1, 1),
            Self::CallBuiltin(_, n) => on(n, 1),
            Self::Return => Effect { pops: 1, next: None, jump: None },
            Self::Try(to) => Effect { pops: 0, next: Some(0), jump: Some((to, 1)) },
            Self::EndTry => on(0, 0),
        }
    }
}

/// See [`Op::effect`].
pub(crate) struct Effect {
    pub(crate) pops: u16,
    pub(crate) next: Option<u16>,
    pub(crate) jump: Option<(u32, u16)>,
}
