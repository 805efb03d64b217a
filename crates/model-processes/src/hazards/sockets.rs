//! Both directions of a channel are full.

use std::sync::mpsc::channel;

use patterns::Error;
use patterns::hazard::{Done, Outcome, Part, Scene, within};

use super::{kill_worker, workers};
use crate::link::Link;
use crate::parent::{Parent, leave};

/// Requests, and bytes of each: many times what both sockets hold.
const REQUESTS: u64 = 64;
const BYTES: usize = 48 << 10;
/// As many requests as one socket holds for sure.
const WINDOW: u64 = 2;

pub(super) fn full(scene: &Scene) -> Result<Outcome, Error> {
    let replies = |limit, window| -> Result<u64, Error> {
        let link = workers(scene, 1)?.pop().ok_or_else(|| Error::other("no worker process"))?;
        let pid = link.pid();
        let (give_back, given_back) = channel();
        let part: Part = Box::new(move |done| {
            request(&link, window, done);
            let _ = give_back.send(link);
        });
        let replies = within(limit, REQUESTS, vec![part])?;
        if replies < REQUESTS {
            // It is not reaped yet: the link is in the hands of the thread that hangs, and comes back with this.
            kill_worker(pid)?;
        }
        drop(given_back.recv()); // hung up and reaped
        Ok(replies)
    };
    Ok(Outcome::waited(REQUESTS, replies(scene.limit, REQUESTS)?, replies(scene.patience(), WINDOW)?))
}

/// Sends requests, so many under way, and reads replies.
fn request(link: &Link, window: u64, done: &Done) {
    let request = vec![7; BYTES];
    let (mut sent, mut received) = (0, 0);
    while received < REQUESTS {
        if sent < REQUESTS && sent - received < window {
            if link.send(&request).is_err() {
                return;
            }
            sent += 1;
        } else {
            if link.receive().is_err() {
                return;
            }
            received += 1;
            done.one();
        }
    }
}

/// The worker's side: an echo.
pub(super) fn work(address: &str) -> Result<(), Error> {
    let parent = Parent::connect(address)?;
    while let Some(request) = parent.receive()? {
        parent.send(&request)?;
    }
    leave()
}
