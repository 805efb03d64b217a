//! `shared-memory`: entries of one word each and whether they are there, under one process-shared lock. A value is
//! unpacked, worked on and packed again: what a map of one's own address space does in place.

use std::sync::atomic::{AtomicU64, Ordering};

use ipc_channel::ipc::IpcSharedMemory;
use patterns::shared_state::Access;
use patterns::{Error, Probe, SharedState};

use super::Store;
use crate::lock::Guarded;

pub(in super::super) struct Locked(Guarded);

/// Entries as pairs of words: present or not, and the value. Relaxed everywhere: the lock orders clients among each
/// other, messages order them with the parent; atomics only because the compiler cannot know either.
struct Slots<'w>(&'w [AtomicU64]);

impl Slots<'_> {
    #[inline]
    fn get<W: SharedState>(&self, slot: usize) -> Option<W::Value> {
        let [present, value] = [0, 1].map(|word| self.0[2 * slot + word].load(Ordering::Relaxed));
        (present != 0).then(|| (W::FIXED.given().unpack)(value))
    }

    #[inline]
    fn put<W: SharedState>(&self, slot: usize, value: Option<&W::Value>) {
        let words = value.map_or([0, 0], |value| [1, (W::FIXED.given().pack)(value)]);
        words.into_iter().enumerate().for_each(|(word, bits)| self.0[2 * slot + word].store(bits, Ordering::Relaxed));
    }

    fn all<W: SharedState>(&self) -> impl Iterator<Item = (usize, W::Value)> {
        (0..self.0.len() / 2).filter_map(|slot| Some((slot, self.get::<W>(slot)?)))
    }
}

impl<W: SharedState> Store<W> for Locked {
    fn new(workload: &W) -> Result<Self, Error> {
        Guarded::new(2 * (W::FIXED.given().slots)(workload)).map(Self)
    }

    fn of(memory: IpcSharedMemory) -> Self {
        // SAFETY: `Store::new` made it, in the parent of this worker.
        #[expect(unsafe_code, reason = "shared memory")]
        Self(unsafe { Guarded::of(memory) })
    }

    fn share(&self) -> IpcSharedMemory {
        self.0.share()
    }

    fn reset(&self, workload: &W, entries: Vec<(W::Key, W::Value)>) {
        self.0.words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        for (key, value) in entries {
            Slots(self.0.words()).put::<W>((W::FIXED.given().slot)(workload, key), Some(&value));
        }
    }

    #[inline]
    fn apply<P: Probe>(&self, workload: &W, op: &W::Op, probe: &mut P) -> Result<W::Reply, Error> {
        let slot = |key| (W::FIXED.given().slot)(workload, key);
        let held = probe.acquire(|| self.0.try_lock(), || self.0.lock())?;
        let slots = Slots(held.words());
        Ok(probe.hold(|| match workload.access(op) {
            Access::Read(key) => workload.read(op, slots.get::<W>(slot(key)).as_ref()),
            Access::Write(key) => {
                let mut value = slots.get::<W>(slot(key));
                let reply = workload.write(op, &mut value);
                slots.put::<W>(slot(key), value.as_ref());
                reply
            }
            Access::Pair(one, two) => {
                let [mut first, mut second] = [one, two].map(|key| slots.get::<W>(slot(key)));
                let reply = workload.write_pair(op, [first.as_mut(), second.as_mut()]);
                slots.put::<W>(slot(one), first.as_ref());
                slots.put::<W>(slot(two), second.as_ref());
                reply
            }
            Access::Audit => {
                let all: Vec<W::Value> = slots.all::<W>().map(|(_, value)| value).collect();
                workload.audit(op, &mut all.iter())
            }
        }))
    }

    fn entries(&self, workload: &W) -> Vec<(W::Key, W::Value)> {
        let key = |(slot, value)| ((W::FIXED.given().key)(workload, slot), value);
        Slots(self.0.words()).all::<W>().map(key).collect()
    }

    fn damage(&self) -> Option<&'static str> {
        self.0.lock().is_err().then_some("inside the lock: what it was writing may be half done")
    }
}
