//! Serve: an echo that thinks before it answers, notes that are kept in files, over real sockets on loopback, and the
//! three ways.

mod callers;
mod notes;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use patterns::serve::{Client, ClientOf, Event, Judged, LoadGenerator, LoadReport, Next, Pace, done};
use patterns::{
    Demand, Error, Job, Measure, Probe, RunsServe, Serve, Silent, Start, Strategies, Strategy, Units, Workload, Wrong,
    job,
};
use serde::{Deserialize, Serialize};

pub(crate) use callers::Callers;
pub(crate) use notes::{Folder, Notes};

use crate::Toy;
use crate::stage::{WORKERS, every_strategy, joined, pack, spawn, start, unpack};

impl RunsServe for Toy {
    fn serve<W: Serve, P: Probe>() -> Strategies<W, LoadReport> {
        Strategies::of(Strategy::idiomatic("borrowed", Demand::BORROWED, borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", Demand::SPAWNED, spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", Demand::SHIPPED, shipped::<W, P>))
    }
}

fn load(start: &Start) -> Result<Arc<dyn LoadGenerator>, Error> {
    start.load.clone().ok_or_else(|| Error::other("nobody brings the load"))
}

fn bind() -> Result<(TcpListener, SocketAddr), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("bind a port on loopback"))?;
    let address = listener.local_addr().map_err(Error::io("ask for the port"))?;
    Ok((listener, address))
}

/// Accepts until told to stop; a connection of our own wakes it then.
fn accept(listener: &TcpListener, stop: &AtomicBool, mut serve: impl FnMut(TcpStream)) -> io::Result<()> {
    for stream in listener.incoming() {
        if stop.load(Ordering::Acquire) {
            break;
        }
        serve(stream?);
    }
    Ok(())
}

fn wake(stop: &AtomicBool, address: SocketAddr) -> Result<(), Error> {
    stop.store(true, Ordering::Release); // pairs with the load in `accept`; the connection below makes it look
    TcpStream::connect(address).map(drop).map_err(Error::io("wake the acceptor"))
}

/// Thread per connection; the threads borrow the job.
fn borrowed<W: Serve, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, LoadReport>,
) -> Result<(), Error> {
    let load = load(start)?;
    measure(&mut |watch| {
        let (listener, address) = bind()?;
        let (listener, stop, workload) = (&listener, &AtomicBool::new(false), &job.workload);
        let seen = thread::scope(|scope| {
            let serve = move |stream| {
                scope.spawn(move || converse(workload, stream).expect("a connection lives on"));
            };
            scope.spawn(move || accept(listener, stop, serve).expect("the listener lives on"));
            let seen = watch.time(|| load.drive(address, &ClientOf(job)));
            wake(stop, address)?;
            seen
        })?;
        let units = Units { threads: seen.connections, ..Units::default() };
        let observed = P::default().observed(seen.answered);
        Ok(done(seen, units, observed))
    })
}

/// Task per connection; the load is driven from a task too, as on a blocking thread of a runtime.
fn spawned<W: Serve, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, LoadReport>,
) -> Result<(), Error> {
    let load = load(start)?;
    measure(&mut |watch| {
        let (listener, address) = bind()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (told, answering, calling) = (stop.clone(), job.clone(), job.clone());
        let acceptor = spawn(async move {
            let mut conversations = Vec::new();
            let accepted = accept(&listener, &told, |stream| {
                let job = answering.clone();
                conversations.push(spawn(async move { converse(&job.workload, stream) }));
            });
            (accepted, conversations)
        });
        let load = load.clone();
        let seen = watch.time(|| joined(0, spawn(async move { load.drive(address, &ClientOf(&calling)) })))?;
        wake(&stop, address)?;
        let (accepted, conversations) = joined(0, acceptor)?;
        accepted.map_err(Error::io("accept"))?;
        for conversation in conversations {
            joined(0, conversation)?.map_err(Error::io("serve a connection"))?;
        }
        let seen = seen?;
        let units = Units { tasks: seen.connections, ..Units::default() };
        let observed = P::default().observed(seen.answered);
        Ok(done(seen, units, observed))
    })
}

/// Workers that know the workload from a message alone and share one listening socket, as pre-forked processes inherit
/// it. They serve one connection after the other, so there must be as many as connections at a time.
fn shipped<W: Serve, P: Probe>(
    start: &Start,
    job: &Arc<Job<W>>,
    measure: &mut Measure<'_, LoadReport>,
) -> Result<(), Error> {
    let load = load(start)?;
    measure(&mut |watch| {
        let (listener, address) = bind()?;
        let stop = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..start.workers.get())
            .map(|_| {
                let listener = listener.try_clone().map_err(Error::io("share the listener"))?;
                let (message, stop) = (pack(&job.workload), stop.clone());
                Ok(thread::spawn(move || {
                    let workload: W = unpack(&message);
                    let serve = |stream| converse(&workload, stream).expect("a connection lives on");
                    accept(&listener, &stop, serve)
                }))
            })
            .collect::<Result<_, Error>>()?;
        let seen = watch.time(|| load.drive(address, &ClientOf(job)));
        for _ in &workers {
            wake(&stop, address)?;
        }
        for (worker, handle) in workers.into_iter().enumerate() {
            joined(worker, handle)?.map_err(Error::io("accept"))?;
        }
        let seen = seen?;
        let units = Units { processes: start.workers.get() as u64, ..Units::default() };
        let observed = P::default().observed(seen.answered);
        Ok(done(seen, units, observed))
    })
}

/// A conversation over blocking I/O.
fn converse<W: Serve>(workload: &W, mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 7]; // small: lines arrive in pieces
    let mut out = Vec::new();
    let (mut conversation, mut next) = workload.open(&mut out);
    loop {
        stream.write_all(&out)?;
        out.clear();
        let loaded;
        let event = match next {
            Next::Read => match stream.read(&mut buffer) {
                Ok(0) => Event::Eof,
                Ok(n) => Event::Bytes(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    next = Next::Read;
                    continue;
                }
                Err(error) => return Err(error),
            },
            Next::Sleep(time) => {
                thread::sleep(time);
                Event::Elapsed
            }
            Next::Load(path) => Event::Loaded(match fs::read(path) {
                Ok(bytes) => {
                    loaded = bytes;
                    Ok(&loaded)
                }
                Err(error) => Err(error.kind()),
            }),
            Next::Store { path, bytes, sync } => {
                let store = || {
                    let mut file = File::create(path)?;
                    file.write_all(&bytes)?;
                    if sync { file.sync_all() } else { Ok(()) }
                };
                Event::Stored(store().map_err(|error: io::Error| error.kind()))
            }
            Next::Close => return Ok(()),
        };
        next = workload.on(&mut conversation, event, &mut out);
    }
}

/// Sends lines back, each after a pause.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Echo {
    lines: u64,
    think_us: u64,
    /// Connections beyond its clients: a mistake that cells must find.
    surplus: usize,
}

impl Default for Echo {
    fn default() -> Self {
        Self { lines: 8, think_us: 50, surplus: 0 }
    }
}

/// Whether `reply` begins with what it should be.
fn expect(right: &[u8], reply: &[u8]) -> Judged {
    if reply.starts_with(right) {
        Judged::Right { used: right.len() }
    } else if right.starts_with(reply) {
        Judged::More
    } else {
        Judged::Wrong
    }
}

impl Workload for Echo {
    const ID: &'static str = "echo";
    /// What each client says, line by line.
    type Input = Vec<Vec<String>>;
    fn input(&self, _seed: u64, clients: usize) -> Self::Input {
        let line = |client, line| format!("client {client}, line {line}\n");
        (0..clients).map(|client| (0..self.lines).map(|number| line(client, number)).collect()).collect()
    }
}

impl Echo {
    fn line(input: &[Vec<String>], index: u64) -> &str {
        let index = index as usize;
        &input[index % input.len()][index / input.len()]
    }
}

impl Serve for Echo {
    type Conversation = Vec<u8>;

    fn open(&self, _: &mut Vec<u8>) -> (Vec<u8>, Next) {
        (Vec::new(), Next::Read)
    }
    fn on(&self, heard: &mut Vec<u8>, event: Event<'_>, out: &mut Vec<u8>) -> Next {
        match event {
            Event::Bytes(bytes) => heard.extend_from_slice(bytes),
            Event::Elapsed => {
                let end = heard.iter().position(|&byte| byte == b'\n').expect("it slept over a whole line");
                out.extend(heard.drain(..=end));
            }
            Event::Eof => return Next::Close,
            Event::Loaded(_) | Event::Stored(_) => panic!("no file was asked for"),
        }
        if heard.contains(&b'\n') { Next::Sleep(Duration::from_micros(self.think_us)) } else { Next::Read }
    }
    fn connections(&self, input: &Self::Input) -> usize {
        input.len() + self.surplus
    }
    fn requests(&self, input: &Self::Input) -> u64 {
        input.len() as u64 * self.lines
    }
    fn request(&self, input: &Self::Input, index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::line(input, index).as_bytes());
    }
    fn judge(&self, input: &Self::Input, index: u64, reply: &[u8]) -> Judged {
        expect(Self::line(input, index).as_bytes(), reply)
    }
    fn verify(&self, input: &Self::Input, seen: &LoadReport) -> Result<(), Wrong> {
        let planned = self.requests(input);
        if (seen.sent, seen.latencies_ns.len() as u64) != (planned, seen.answered) {
            return Err(format!("not the plan: {seen:?}").into());
        }
        if seen.answered == planned { Ok(()) } else { Err(Wrong::updates(planned, seen.answered)) }
    }
}

/// One generator for all workloads, made before any job.
#[test]
fn every_request_is_answered_for_any_number_of_clients() {
    let callers: Arc<dyn LoadGenerator> = Arc::new(Callers);
    for clients in WORKERS {
        served(Echo::default(), clients, &callers);
        let folder = Folder::new().expect("a folder for the notes");
        served(Notes { folder: folder.0.clone(), ..Notes::default() }, clients, &callers);
    }
}

fn served<W: Serve>(workload: W, clients: usize, callers: &Arc<dyn LoadGenerator>) {
    let job = job(workload, 42, clients);
    let planned = job.workload.requests(&job.input);
    let (ways, start) = (["borrowed", "spawned", "shipped"], start(clients, Some(callers.clone())));
    every_strategy(Toy::serve::<W, Silent>(), &ways, &job, &start, |id, done| {
        assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {clients} clients");
        assert_eq!(done.answer.connections, clients as u64, "{id}, {clients} clients");
        assert_eq!(done.steps, planned, "{id}, {clients} clients");
    });
}

/// It says the same thing whatever it is told.
#[test]
fn a_wrong_reply_ends_its_connection() {
    let (listener, address) = bind().expect("a port");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut buffer = [0; 64];
        while stream.read(&mut buffer)? > 0 {
            stream.write_all(b"client 0, line 0\n")?;
        }
        Ok::<_, io::Error>(())
    });
    let job = job(Echo::default(), 42, 1);
    let seen = Callers.drive(address, &ClientOf(&*job)).expect("it could call");
    assert_eq!((seen.connections, seen.sent, seen.answered, seen.latencies_ns.len()), (1, 2, 1, 1));
    server.join().expect("no panic").expect("it lived on");
}

#[test]
fn a_reply_is_judged_by_what_it_must_begin_with() {
    let job = job(Echo::default(), 42, 2);
    let client: &dyn Client = &ClientOf(&*job);
    assert_eq!((client.connections(), client.requests(), client.pace()), (2, 16, Pace::Closed));
    let mut out = Vec::new();
    client.request(3, &mut out);
    assert_eq!(out, b"client 1, line 1\n");
    assert_eq!(client.judge(3, b""), Judged::More);
    assert_eq!(client.judge(3, b"client 1, line"), Judged::More);
    assert_eq!(client.judge(3, b"client 1, line 1\nclient 1"), Judged::Right { used: 17 });
    assert_eq!(client.judge(3, b"client 0"), Judged::Wrong);
}

/// The kernel does no I/O, so its reference needs none either: events in, bytes out.
#[test]
fn a_conversation_is_a_state_machine() {
    let echo = Echo::default();
    let mut out = Vec::new();
    let (mut heard, first) = echo.open(&mut out);
    assert_eq!(first, Next::Read);
    let pause = Next::Sleep(Duration::from_micros(50));
    assert_eq!(echo.on(&mut heard, Event::Bytes(b"on"), &mut out), Next::Read);
    assert_eq!(echo.on(&mut heard, Event::Bytes(b"e\ntwo\nth"), &mut out), pause);
    assert_eq!(out, b"");
    assert_eq!(echo.on(&mut heard, Event::Elapsed, &mut out), pause);
    assert_eq!(out, b"one\n");
    assert_eq!(echo.on(&mut heard, Event::Elapsed, &mut out), Next::Read);
    assert_eq!(out, b"one\ntwo\n");
    assert_eq!(echo.on(&mut heard, Event::Eof, &mut out), Next::Close);
}

#[test]
fn a_server_that_swallows_a_line_is_found() {
    let echo = Echo::default();
    let input = echo.input(42, 5);
    let mut seen = LoadReport { connections: 5, sent: 40, answered: 40, latencies_ns: vec![1; 40] };
    assert_eq!(echo.verify(&input, &seen), Ok(()));
    seen.answered = 39;
    seen.latencies_ns.pop();
    assert_eq!(echo.verify(&input, &seen), Err(Wrong::updates(40, 39)));
}
