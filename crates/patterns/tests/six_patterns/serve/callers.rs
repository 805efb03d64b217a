//! A load generator that knows no workload: what it sends, expects and how fast, it asks the client of each job.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use patterns::Error;
use patterns::clock::Tick;
use patterns::serve::{Client, Judged, LoadGenerator, LoadReport, Pace};

/// Connections one beside the other, a thread each, and in an open loop another one that sends.
pub(crate) struct Callers;

/// A test that goes wrong should end.
const PATIENCE: Duration = Duration::from_secs(20);

impl LoadGenerator for Callers {
    fn drive(&self, address: SocketAddr, client: &dyn Client) -> Result<LoadReport, Error> {
        let connect = |_| {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        let streams: io::Result<Vec<_>> = (0..client.connections()).map(connect).collect();
        let streams = streams.map_err(Error::io("connect to the server"))?;
        let begin = Tick::now();
        let reports: Vec<_> = thread::scope(|scope| {
            let call = |(who, stream)| scope.spawn(move || call(client, who, stream, begin));
            let calls: Vec<_> = streams.into_iter().enumerate().map(call).collect();
            calls.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        let mut seen = LoadReport::default();
        for (who, report) in reports.into_iter().enumerate() {
            // A panic here would leave the server waiting for calls.
            let report =
                report.map_err(|payload| Error::panicked(who, &*payload))?.map_err(Error::io("call the server"))?;
            seen.connections += report.connections;
            seen.sent += report.sent;
            seen.answered += report.answered;
            seen.latencies_ns.extend(report.latencies_ns);
        }
        Ok(seen)
    }
}

fn call(client: &dyn Client, who: usize, mut stream: TcpStream, begin: Tick) -> io::Result<LoadReport> {
    let indices = (who as u64..client.requests()).step_by(client.connections());
    let mut heard = Vec::new();
    let mut seen = LoadReport { connections: 1, ..LoadReport::default() };
    match client.pace() {
        Pace::Closed => {
            for index in indices {
                let asked = begin.elapsed();
                send(client, index, &mut stream)?;
                seen.sent += 1;
                if !answered(client, index, &mut stream, &mut heard)? {
                    break;
                }
                note(&mut seen, begin.elapsed() - asked);
            }
        }
        Pace::Open { per_second } => {
            let due = |index| Duration::from_secs_f64(index as f64 / per_second);
            let (mut writer, plan) = (stream.try_clone()?, indices.clone());
            let send_all = move || {
                plan.map(|index| {
                    thread::sleep(due(index).saturating_sub(begin.elapsed()));
                    send(client, index, &mut writer).map(|()| 1)
                })
                .sum::<io::Result<u64>>()
            };
            seen.sent = thread::scope(|scope| {
                let sender = scope.spawn(send_all);
                for index in indices {
                    if !answered(client, index, &mut stream, &mut heard)? {
                        break;
                    }
                    note(&mut seen, begin.elapsed().saturating_sub(due(index)));
                }
                sender.join().expect("a sender")
            })?;
        }
    }
    Ok(seen)
}

fn send(client: &dyn Client, index: u64, stream: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    client.request(index, &mut request);
    stream.write_all(&request)
}

/// Reads until the reply is all there; whether it is right. What is left over stays in `heard`.
fn answered(client: &dyn Client, index: u64, stream: &mut TcpStream, heard: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        match client.judge(index, heard) {
            Judged::Right { used } => {
                heard.drain(..used);
                return Ok(true);
            }
            Judged::Wrong => return Ok(false),
            Judged::More => {
                let mut buffer = [0; 64];
                match stream.read(&mut buffer)? {
                    0 => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server hung up")),
                    n => heard.extend_from_slice(&buffer[..n]),
                }
            }
        }
    }
}

fn note(seen: &mut LoadReport, latency: Duration) {
    seen.answered += 1;
    seen.latencies_ns.push(latency.as_nanos() as u64);
}
