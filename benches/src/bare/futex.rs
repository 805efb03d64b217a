//! futex: two processes that share two words, and each other's wake-ups: nothing can hop for less without spinning.
//!
//! A stage waits for its word to change, does its part and changes the other's. No queue, no message, one token.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use ipc_channel::ipc::{IpcOneShotServer, IpcSender, IpcSharedMemory};
use results::Units;
use rustix::io::Errno;
use rustix::thread::futex::{Flags, wait, wake};
use workloads::seeded::{mix, nth};
use workloads::{Arrived, Ring};

use super::Rounds;
use super::ipc::WORKER;

/// The strategies of the worker processes: one a stage.
pub(super) const STAGES: [&str; 2] = ["futex-0", "futex-1"];

/// A region: three words to wait on, each on a cache line of its own, and what the token carries. The order in which it is
/// touched is that of the words: whoever changes one has written the token (release), whoever sees it reads it (acquire).
struct Shared(IpcSharedMemory);

/// Cache lines.
const LINES: usize = 4;
const LINE: usize = 64;
/// The word that the parent waits on.
const PARENT: usize = 2;

impl Shared {
    fn line(&self, line: usize) -> *const u8 {
        assert!(line < LINES && self.0.len() == LINES * LINE);
        self.0[line * LINE..].as_ptr()
    }

    #[expect(unsafe_code, reason = "the compiler cannot know what another process does")]
    fn word(&self, line: usize) -> &AtomicU32 {
        // SAFETY: inside the mapping and aligned to a cache line (it begins at a page); every process touches these bytes
        // as this atomic only, and they live as long as `self`.
        unsafe { &*self.line(line).cast() }
    }

    /// Hops and value of the token.
    #[expect(unsafe_code, reason = "the compiler cannot know what another process does")]
    fn token(&self) -> &[AtomicU64; 3] {
        // SAFETY: as in `word`; the last line is touched as these three atomics only.
        unsafe { &*self.line(LINES - 1).cast() }
    }

    /// Changes a word and wakes whoever waits on it.
    fn change(&self, line: usize) -> Result<()> {
        self.word(line).fetch_add(1, Ordering::Release);
        wake(self.word(line), Flags::empty(), 1).map(drop).context("wake a process")
    }

    /// Waits until a word is no longer `seen`; what it is then.
    fn changed(&self, line: usize, seen: u32) -> Result<u32> {
        loop {
            match self.word(line).load(Ordering::Acquire) {
                now if now != seen => return Ok(now),
                _ => match wait(self.word(line), Flags::empty(), seen, None) {
                    Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(error) => return Err(error).context("wait for a process"),
                },
            }
        }
    }
}

/// The parent's side.
pub(super) fn ping_pong(ring: &Ring, seed: u64, rounds: Rounds<'_, Arrived>) -> Result<()> {
    ensure!(ring.stages == 2 && ring.payload == 8, "bare `futex` does ping-pong: two stages, eight bytes");
    let shared = Shared(IpcSharedMemory::from_byte(0, LINES * LINE));
    let mut children = STAGES.map(|stage| start(stage, ring, &shared)).into_iter().collect::<Result<Vec<_>>>()?;
    let mut seen = 0;
    let result = rounds.run(|timer| {
        let token = shared.token();
        for (word, value) in token.iter().zip([0, nth(seed, 0), nth(seed, 1) & 0xFF]) {
            word.store(value, Ordering::Relaxed);
        }
        timer.time(|| {
            shared.change(0)?;
            seen = shared.changed(PARENT, seen)?;
            anyhow::Ok(())
        })?;
        let [hops, value, _] = token.each_ref().map(|word| word.load(Ordering::Relaxed));
        let units = Units { processes: 2, messages: ring.hops + 1, ..Units::default() };
        Ok((Arrived { tokens: 1, hops, value, bytes: ring.payload }, units))
    });
    // Nobody waits for them: a stage has nothing to tell.
    children.iter_mut().try_for_each(|child| child.kill().and_then(|()| child.wait().map(drop)))?;
    result
}

fn start(stage: &str, ring: &Ring, shared: &Shared) -> Result<Child> {
    let (server, address) = IpcOneShotServer::<IpcSender<IpcSharedMemory>>::new()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args([WORKER, stage, &serde_json::to_string(ring)?, &address]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("start a stage")?;
    let (_, ends) = server.accept().context("a stage did not connect")?;
    ends.send(shared.0.clone())?;
    Ok(child)
}

/// A stage: until it is killed.
pub(super) fn work(strategy: &str, knobs: &str, address: &str) -> Result<()> {
    let ring: Ring = serde_json::from_str(knobs)?;
    let stage = STAGES.iter().position(|name| *name == strategy).context("no such stage")?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    ring.placement.settle(stage).map_err(|error| anyhow::anyhow!("{error}"))?;
    let (sender, receiver) = ipc_channel::ipc::channel::<IpcSharedMemory>()?;
    IpcSender::connect(address.to_owned())?.send(sender)?;
    let shared = Shared(receiver.recv()?);
    let [hops, value, byte] = shared.token();
    let mut seen = 0;
    loop {
        seen = shared.changed(stage, seen)?;
        // Relaxed: the words order it.
        let [old, first] = [value, byte].map(|word| word.load(Ordering::Relaxed));
        value.store(mix(old ^ ((stage as u64) << 8 | first)), Ordering::Relaxed);
        byte.store(u64::from((first as u8).wrapping_add(1)), Ordering::Relaxed);
        let made = hops.fetch_add(1, Ordering::Relaxed) + 1;
        shared.change(if made == ring.hops { PARENT } else { 1 - stage })?;
    }
}
