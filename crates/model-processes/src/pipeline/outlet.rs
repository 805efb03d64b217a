//! Outlets: how a unit gets rid of its results, by itself or by a thread that feeds them to the edge.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use patterns::Error;
use serde::Serialize;

use super::edge::Put;
use super::{Passing, Tally};
use crate::map_reduce::append;
use crate::wire::Broken;

/// How a unit gets rid of its results.
pub(super) trait Outlet<I, E>: Sized + Send {
    /// Threads it takes beside the unit's own.
    const THREADS: u64;

    /// One that ends in this writer, with a buffer of so many results if it has one.
    fn new(writer: Writer<E>, capacity: usize) -> Result<Self, Error>;
    /// Onward, or back to the first stage.
    fn pass(&mut self, passing: Passing<I>, back: bool) -> Result<(), Broken>;
}

/// Serializes and writes; counts what that is.
pub(super) struct Writer<E> {
    onward: E,
    back: Option<E>,
    message: Vec<u8>,
    tally: Tally,
}

impl<E: Put> Writer<E> {
    pub(super) fn new(onward: E, back: Option<E>) -> Self {
        Self { onward, back, message: Vec::new(), tally: Tally::default() }
    }

    fn write<I: Serialize>(&mut self, mut passing: Passing<I>, back: bool) -> Result<(), Broken> {
        let counts = matches!(passing, Passing::Item { .. });
        if let Passing::Count(tallies) = &mut passing
            && let Some(own) = tallies.last_mut()
        {
            let Tally { messages, bytes, .. } = std::mem::take(&mut self.tally);
            *own = Tally { messages, bytes, ..*own };
        }
        self.message.clear();
        append(&passing, &mut self.message)?;
        if counts {
            self.tally.messages += 1;
            self.tally.bytes += self.message.len() as u64;
        }
        let edge = if back { self.back.as_mut().ok_or(Broken::Closed)? } else { &mut self.onward };
        edge.put(&self.message)
    }
}

/// The unit writes by itself.
pub(super) struct Direct<E>(Writer<E>);

impl<I: Serialize, E: Put> Outlet<I, E> for Direct<E> {
    const THREADS: u64 = 0;

    fn new(writer: Writer<E>, _: usize) -> Result<Self, Error> {
        Ok(Self(writer))
    }

    fn pass(&mut self, passing: Passing<I>, back: bool) -> Result<(), Broken> {
        self.0.write(passing, back)
    }
}

/// What goes to a feeding thread: onward, or back.
type Fed<I> = (Passing<I>, bool);

/// The unit fills a buffer, and a thread writes what is in it.
pub(super) struct Feeder<I, E> {
    buffer: Option<SyncSender<Fed<I>>>,
    thread: Option<JoinHandle<Result<(), Broken>>>,
    edge: std::marker::PhantomData<fn(E)>,
}

impl<I: Serialize + Send + 'static, E: Put> Outlet<I, E> for Feeder<I, E> {
    const THREADS: u64 = 1;

    fn new(writer: Writer<E>, capacity: usize) -> Result<Self, Error> {
        let (buffer, results) = sync_channel(capacity);
        let thread = Builder::new().name(String::from("feeder")).spawn(move || feed(writer, &results));
        let thread = thread.map_err(Error::io("start a thread"))?;
        Ok(Self { buffer: Some(buffer), thread: Some(thread), edge: std::marker::PhantomData })
    }

    fn pass(&mut self, passing: Passing<I>, back: bool) -> Result<(), Broken> {
        let put = self.buffer.as_ref().map(|buffer| buffer.send((passing, back)));
        if let Some(Ok(())) = put { Ok(()) } else { self.end() }
    }
}

impl<I, E> Feeder<I, E> {
    /// The thread is gone: it says why.
    fn end(&mut self) -> Result<(), Broken> {
        self.buffer = None;
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            Some(Ok(Err(broken))) => Err(broken),
            Some(Err(payload)) => std::panic::resume_unwind(payload),
            Some(Ok(Ok(()))) | None => Err(Broken::Closed),
        }
    }
}

/// What is in the buffer is written, unless nobody takes it any more.
impl<I, E> Drop for Feeder<I, E> {
    fn drop(&mut self) {
        self.buffer = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn feed<I: Serialize, E: Put>(mut writer: Writer<E>, results: &Receiver<Fed<I>>) -> Result<(), Broken> {
    while let Ok((passing, back)) = results.recv() {
        writer.write(passing, back)?;
    }
    Ok(())
}
