//! A futex of loom's parts: it compares and goes to sleep under a lock, as the kernel does, and sleeps until it is woken.

pub(crate) mod sync {
    //! What synchronization between processes is made of here.
    use std::ops::Deref;

    use loom::sync::atomic::AtomicU32;
    use loom::sync::{Condvar, Mutex};

    #[allow(unused_imports)] // one of the tests has no use for them
    pub(crate) use loom::sync::atomic::{AtomicU64, fence};
    pub(crate) use std::sync::atomic::Ordering;

    /// A word to sleep on.
    pub(crate) struct Word {
        value: AtomicU32,
        lock: Mutex<()>,
        woken: Condvar,
    }

    impl Word {
        pub(crate) fn new() -> Self {
            Self { value: AtomicU32::new(0), lock: Mutex::new(()), woken: Condvar::new() }
        }

        pub(crate) fn wait(&self, seen: u32) {
            let lock = self.lock.lock().expect("no panic");
            // Relaxed: whoever changes it and then wakes takes the lock in between.
            if self.value.load(Ordering::Relaxed) == seen {
                drop(self.woken.wait(lock).expect("no panic"));
            }
        }

        pub(crate) fn wake(&self) {
            let lock = self.lock.lock().expect("no panic");
            self.woken.notify_all();
            drop(lock);
        }
    }

    impl Deref for Word {
        type Target = AtomicU32;

        fn deref(&self) -> &AtomicU32 {
            &self.value
        }
    }
}
