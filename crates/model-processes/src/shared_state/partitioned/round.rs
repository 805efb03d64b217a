//! `partitioned`: a round, on the parent's side: scripts are cut by key, shipped, and what owners reply is put together.

use patterns::shared_state::{Access, Evidence};
use patterns::{Error, Job, SharedState, Units};

use super::{Report, Request, owner, request};
use crate::link::Link;
use crate::wire::decode;

/// As many clients as there are owners. No owner answers before it has all, so nobody is blocked on sending.
pub(super) fn round<W: SharedState>(
    links: &mut [Link],
    job: &Job<W>,
    units: &mut Units,
) -> Result<Vec<Evidence<W>>, Error> {
    let owners = links.len();
    let mut parts: Vec<Vec<&W::Op>> = links.iter().map(|_| Vec::new()).collect();
    let mut audits = Vec::new();
    for client in 0..owners {
        for op in job.workload.script(&job.input, client) {
            match job.workload.access(op) {
                Access::Read(key) | Access::Write(key) => parts[owner::<W>(&key, owners)].push(op),
                Access::Pair(one, two) => {
                    let [one, two] = [one, two].map(|key| owner::<W>(&key, owners));
                    parts[one].push(op);
                    if two != one {
                        parts[two].push(op);
                    }
                }
                Access::Audit => {
                    audits.push(op);
                    parts.iter_mut().for_each(|part| part.push(op));
                }
            }
        }
        for (link, part) in links.iter_mut().zip(&mut parts) {
            units.messages += 1;
            units.bytes_shipped += request::<W>(link, &Request::Do(part))? as u64;
            part.clear();
        }
    }
    let report = |link: &mut Link| {
        let message = link.receive().map_err(|broken| link.explain(broken))?;
        units.messages += 1;
        units.bytes_shipped += message.len() as u64;
        decode(&message)
    };
    let reports = links.iter_mut().map(report).collect::<Result<Vec<Report<W>>, Error>>()?;
    let (mut seen, replies): (Vec<_>, Vec<_>) =
        reports.into_iter().map(|Report { evidence, audits }| (evidence, audits)).unzip();
    if let Some(first) = seen.first_mut() {
        add_up(&job.workload, &audits, replies, first)?;
    }
    Ok(seen)
}

/// Notes what all owners together reply to each audit.
fn add_up<W: SharedState>(
    workload: &W,
    audits: &[&W::Op],
    parts: Vec<Vec<W::Reply>>,
    evidence: &mut Evidence<W>,
) -> Result<(), Error> {
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    for op in audits {
        let replies: Vec<W::Reply> = parts.iter_mut().filter_map(Iterator::next).collect();
        if replies.len() != parts.len() {
            return Err(Error::other("an owner left out an audit"));
        }
        let join = |mut all: W::Reply, part| {
            (W::SPLIT.given().join)(workload, &mut all, part);
            all
        };
        let followed = replies.into_iter().reduce(join).and_then(|reply| evidence.note(workload, op, reply));
        if followed.is_some() {
            return Err(Error::other(format!("{}: an operation followed from an audit, and has no owner", W::ID)));
        }
        evidence.steps += 1;
        evidence.operations += 1;
    }
    Ok(())
}
