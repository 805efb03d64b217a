//! Serve: an echo that thinks before it answers, over real sockets on loopback, and the three ways.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use patterns::clock::Tick;
use patterns::serve::{Event, LoadGenerator, LoadReport, Next, done};
use patterns::{
    Error, Job, Measure, Probe, RunsServe, Serve, Silent, Start, Strategies, Strategy, Units, Workload, Wrong, job,
};
use serde::{Deserialize, Serialize};

use crate::Toy;
use crate::stage::{WORKERS, every_strategy, joined, pack, spawn, start, unpack};

impl RunsServe for Toy {
    fn serve<W: Serve, P: Probe>() -> Strategies<W, LoadReport> {
        Strategies::of(Strategy::idiomatic("borrowed", borrowed::<W, P>))
            .and(Strategy::idiomatic("spawned", spawned::<W, P>))
            .and(Strategy::idiomatic("shipped", shipped::<W, P>))
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
            let seen = watch.time(|| load.drive(address));
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
        let (told, job) = (stop.clone(), job.clone());
        let acceptor = spawn(async move {
            let mut conversations = Vec::new();
            let accepted = accept(&listener, &told, |stream| {
                let job = job.clone();
                conversations.push(spawn(async move { converse(&job.workload, stream) }));
            });
            (accepted, conversations)
        });
        let load = load.clone();
        let seen = watch.time(|| joined(0, spawn(async move { load.drive(address) })))?;
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
        let seen = watch.time(|| load.drive(address));
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
    let mut conversation = workload.open();
    let mut buffer = [0; 7]; // small: lines arrive in pieces
    let mut out = Vec::new();
    let mut next = Next::Read;
    loop {
        let event = match next {
            Next::Read => match stream.read(&mut buffer) {
                Ok(0) => Event::Eof,
                Ok(n) => Event::Bytes(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            },
            Next::Sleep(time) => {
                thread::sleep(time);
                Event::Elapsed
            }
            Next::Close => return Ok(()),
        };
        next = workload.on(&mut conversation, event, &mut out);
        stream.write_all(&out)?;
        out.clear();
    }
}

/// Sends lines back, each after a pause.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Echo {
    connections: u64,
    lines: u64,
    think_us: u64,
}

impl Default for Echo {
    fn default() -> Self {
        Self { connections: 5, lines: 8, think_us: 50 }
    }
}

impl Workload for Echo {
    const ID: &'static str = "echo";
    type Input = ();
    fn input(&self, _seed: u64, _clients: usize) {}
}

impl Serve for Echo {
    type Conversation = Vec<u8>;

    fn open(&self) -> Vec<u8> {
        Vec::new()
    }
    fn on(&self, heard: &mut Vec<u8>, event: Event<'_>, out: &mut Vec<u8>) -> Next {
        match event {
            Event::Bytes(bytes) => heard.extend_from_slice(bytes),
            Event::Elapsed => {
                let end = heard.iter().position(|&byte| byte == b'\n').expect("it slept over a whole line");
                out.extend(heard.drain(..=end));
            }
            Event::Eof => return Next::Close,
        }
        if heard.contains(&b'\n') { Next::Sleep(Duration::from_micros(self.think_us)) } else { Next::Read }
    }
    fn verify(&self, _: &(), seen: &LoadReport) -> Result<(), Wrong> {
        let planned = self.connections * self.lines;
        if (seen.connections, seen.sent, seen.latencies_ns.len() as u64) != (self.connections, planned, seen.answered) {
            return Err(format!("not the plan: {seen:?}").into());
        }
        if seen.answered == planned { Ok(()) } else { Err(Wrong::updates(planned, seen.answered)) }
    }
}

/// Connections one beside the other, `at_once` at a time; lines on each of them one after the other.
struct Callers {
    echo: Echo,
    at_once: u64,
}

/// A test that goes wrong should end.
const PATIENCE: Duration = Duration::from_secs(20);

impl LoadGenerator for Callers {
    fn drive(&self, address: SocketAddr) -> Result<LoadReport, Error> {
        let mut seen = LoadReport::default();
        let all: Vec<u64> = (0..self.echo.connections).collect();
        for some in all.chunks(self.at_once as usize) {
            let reports: Vec<_> = thread::scope(|scope| {
                let calls: Vec<_> =
                    some.iter().map(|&caller| scope.spawn(move || self.call(caller, address))).collect();
                calls.into_iter().map(|call| call.join().expect("a caller")).collect()
            });
            for report in reports {
                let report = report.map_err(Error::io("call the server"))?;
                seen.connections += report.connections;
                seen.sent += report.sent;
                seen.answered += report.answered;
                seen.latencies_ns.extend(report.latencies_ns);
            }
        }
        Ok(seen)
    }
}

impl Callers {
    fn call(&self, caller: u64, address: SocketAddr) -> io::Result<LoadReport> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut replies = BufReader::new(stream.try_clone()?);
        let mut seen = LoadReport { connections: 1, ..LoadReport::default() };
        for line in 0..self.echo.lines {
            let request = format!("caller {caller}, line {line}\n");
            let sent = Tick::now();
            stream.write_all(request.as_bytes())?;
            seen.sent += 1;
            let mut reply = String::new();
            replies.read_line(&mut reply)?;
            if reply == request {
                seen.answered += 1;
                seen.latencies_ns.push(sent.elapsed().as_nanos() as u64);
            }
        }
        Ok(seen)
    }
}

#[test]
fn every_line_is_echoed_by_any_number_of_workers() {
    let echo = Echo::default();
    let planned = echo.connections * echo.lines;
    for workers in WORKERS {
        let job = job(echo.clone(), 42, workers);
        let callers = Arc::new(Callers { echo: echo.clone(), at_once: workers as u64 });
        let start = start(workers, Some(callers));
        every_strategy(Toy::serve::<Echo, Silent>(), &["borrowed", "spawned", "shipped"], &job, &start, |id, done| {
            assert_eq!(job.workload.verify(&job.input, &done.answer), Ok(()), "{id}, {workers} workers");
            assert_eq!(done.steps, planned, "{id}, {workers} workers");
        });
    }
}

/// The kernel does no I/O, so its reference needs none either: events in, bytes out.
#[test]
fn a_conversation_is_a_state_machine() {
    let echo = Echo::default();
    let (mut heard, mut out) = (echo.open(), Vec::new());
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
    let mut seen = LoadReport { connections: 5, sent: 40, answered: 40, latencies_ns: vec![1; 40] };
    assert_eq!(echo.verify(&(), &seen), Ok(()));
    seen.answered = 39;
    seen.latencies_ns.pop();
    assert_eq!(echo.verify(&(), &seen), Err(Wrong::updates(40, 39)));
}
