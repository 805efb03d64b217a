//! Bounded queues: two that are full at once, and one whose consumer is gone.

use std::collections::VecDeque;
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use patterns::Error;
use patterns::clock::Tick;
use patterns::hazard::{Done, Ending, Outcome, Part, Scene, within};

/// What a queue holds.
const ROOM: usize = 4;
/// Requests, or items: more than all queues hold.
const ITEMS: u64 = 64;

pub(super) fn full_queue(scene: &Scene) -> Result<Outcome, Error> {
    let done = within(scene.limit, ITEMS, request_and_reply(ITEMS))?;
    let remedied = within(scene.patience(), ITEMS, request_and_reply(ROOM as u64))?;
    Ok(Outcome::waited(ITEMS, done, remedied))
}

/// A client and a server, with a bounded queue each way; the client has so many requests under way.
fn request_and_reply(window: u64) -> Vec<Part> {
    let (ask, asked) = bounded::<u64>(ROOM);
    let (reply, replies) = bounded::<u64>(ROOM);
    let client: Part = Box::new(move |done: &Done| {
        let (mut sent, mut received) = (0, 0);
        while received < ITEMS {
            if sent < ITEMS && sent - received < window {
                if ask.send(sent).is_err() {
                    return;
                }
                sent += 1;
            } else if replies.recv().is_ok() {
                received += 1;
                done.one();
            } else {
                return;
            }
        }
    });
    let server: Part = Box::new(move |_| while asked.recv().is_ok_and(|request| reply.send(request).is_ok()) {});
    vec![client, server]
}

pub(super) fn dead_consumer(_: &Scene) -> Result<Outcome, Error> {
    let (to_consumer, items) = bounded::<u64>(ROOM);
    let (confirm, confirmed) = bounded::<u64>(ITEMS as usize);
    let (left, sent, told) = thread::scope(|scope| {
        let consumer = scope.spawn(move || consume(items, ITEMS / 2, &confirm));
        // It sends as long as somebody receives, and believes that what was sent arrives.
        let sent = (0..ITEMS).take_while(|item| to_consumer.send(*item).is_ok()).count() as u64;
        let told = Tick::now();
        (consumer.join(), sent, told)
    });
    let left = left.map_err(|payload| Error::panicked(0, &*payload))?;
    let done = confirmed.try_iter().count() as u64;
    let ending = if sent < ITEMS { Ending::Told } else { Ending::NotSeen };
    let remedy_lost = ITEMS - confirmed_in_the_end()?;
    Ok(Outcome { ending, after: Some(told.since(left)), lost: ITEMS - done, of: ITEMS, remedy_lost })
}

/// Takes this many items, confirms all but the last, and leaves: when it hung up.
fn consume(items: Receiver<u64>, last: u64, confirm: &crossbeam_channel::Sender<u64>) -> Tick {
    for item in items.iter().take(last as usize - 1) {
        if confirm.send(item).is_err() {
            break;
        }
    }
    // One more is in its hands, and the queue is full of what the producer believes to be on its way.
    let _in_hand = items.recv();
    while !items.is_full() {
        thread::yield_now();
    }
    let left = Tick::now();
    drop(items);
    left
}

/// The same with a producer that keeps what was not confirmed: how many items were confirmed.
fn confirmed_in_the_end() -> Result<u64, Error> {
    let (confirm, confirmed) = bounded::<u64>(ITEMS as usize);
    let mut open: VecDeque<u64> = (0..ITEMS).collect();
    let mut done = 0;
    // The first consumer leaves half way; whoever comes next stays.
    for consumer in 0.. {
        let (to_consumer, items) = bounded::<u64>(ROOM);
        let confirm = confirm.clone();
        let result = thread::scope(|scope| {
            let consumer = scope.spawn(move || {
                if consumer == 0 {
                    consume(items, ITEMS / 2, &confirm);
                } else {
                    let _ = items.iter().try_for_each(|item| confirm.send(item));
                }
            });
            let _ = open.iter().try_for_each(|item| to_consumer.send(*item));
            drop(to_consumer);
            consumer.join()
        });
        result.map_err(|payload| Error::panicked(consumer, &*payload))?;
        let known: Vec<u64> = confirmed.try_iter().collect();
        done += known.len() as u64;
        open.retain(|item| !known.contains(item));
        if open.is_empty() || known.is_empty() {
            break;
        }
    }
    Ok(done)
}
