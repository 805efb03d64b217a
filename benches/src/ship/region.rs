//! One region of shared memory, made and sent once, with slots that are used in turn.

use ipc_channel::ipc::{IpcSender, IpcSharedMemory};

use anyhow::{Result, ensure};

/// Bytes of a descriptor: which slot, how many bytes.
const DESCRIPTOR: usize = 16;

/// The sender's side: what is in flight is not written.
pub(super) struct Slots {
    memory: IpcSharedMemory,
    size: usize,
    slots: usize,
    filled: usize,
    released: usize,
}

impl Slots {
    /// A region of `slots` slots of `size` bytes, sent to the only process that will ever have it.
    pub(super) fn sent(slots: usize, size: usize, to: &IpcSender<IpcSharedMemory>) -> Result<Self> {
        let memory = IpcSharedMemory::from_byte(0, slots * size);
        to.send(memory.clone())?;
        Ok(Self { memory, size, slots, filled: 0, released: 0 })
    }

    /// Copies a payload into the next slot; the descriptor to send.
    #[expect(unsafe_code, reason = "the one way to write into a region that is there already")]
    pub(super) fn fill(&mut self, payload: &[u8]) -> Result<[u8; DESCRIPTOR]> {
        ensure!(payload.len() <= self.size, "a payload of {} bytes in slots of {}", payload.len(), self.size);
        ensure!(self.filled - self.released < self.slots, "all slots are in flight");
        let slot = self.filled % self.slots;
        // SAFETY: the crate asks for one reader or writer at a time. In this process the memory is this struct's alone
        // (the clone was gone when `sent` returned), and `&mut self` makes this the only reference. The other process
        // only reads, and only slots whose descriptor it has and has not acknowledged: slots are taken in turn, those
        // from `released` to `filled` are in flight, and the check above says that `slot` is none of them. The bytes
        // are written before the descriptor is sent and read after it is received, read before the acknowledgement is
        // sent and written after it is received; the system calls of the sockets put that in order.
        let memory = unsafe { self.memory.deref_mut() };
        memory[slot * self.size..][..payload.len()].copy_from_slice(payload);
        self.filled += 1;
        let mut descriptor = [0; DESCRIPTOR];
        descriptor[..8].copy_from_slice(&(slot as u64).to_le_bytes());
        descriptor[8..].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        Ok(descriptor)
    }

    /// The oldest slot in flight was acknowledged.
    pub(super) fn release(&mut self) {
        self.released += 1;
        assert!(self.released <= self.filled, "a slot was acknowledged that was not in flight");
    }
}

/// The receiver's side: the bytes a descriptor speaks of, to be read before it is acknowledged.
pub(super) fn described<'r>(region: &'r IpcSharedMemory, descriptor: &[u8], size: usize) -> Result<&'r [u8]> {
    ensure!(descriptor.len() == DESCRIPTOR, "a descriptor of {} bytes", descriptor.len());
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte));
    let (slot, length) = (number(&descriptor[..8]), number(&descriptor[8..]));
    let slot = region.chunks_exact(size).nth(slot).filter(|slot| length <= slot.len());
    slot.map(|slot| &slot[..length]).ok_or_else(|| anyhow::anyhow!("a descriptor outside the region"))
}
