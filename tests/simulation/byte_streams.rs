//! Pipes and sockets compared with Linux: their capacity, and when a blocked writer may continue.
//!
//! "Measured" means on Linux 6.18: messages written without blocking until the kernel refuses, then read one by one
//! until `select` says that one may write again.

use std::cell::Cell;
use std::rc::Rc;

use gilsim::os::{ByteStream, Outcome, Pipe, UnixSocket};
use gilsim::units::{Bytes, Nanos};

use crate::common::{free_profile, machine, spawn};

/// The number of messages of a length that fit into a stream before the writer blocks, and the number of them that are
/// read before it continues.
fn capacity<S: ByteStream + 'static>(length: u64) -> (u64, u64) {
    let os = machine(2, 1, free_profile(|_| ()));
    let stream = Rc::new(S::new(&os, "the stream"));
    let written = Rc::new(Cell::new(0));
    let (inner, end, count) = (os.clone(), stream.clone(), written.clone());
    spawn(&os, "writer", move |me| async move {
        loop {
            end.write(&inner, me, Bytes(length)).await;
            count.set(count.get() + 1);
        }
    });
    let found = Rc::new(Cell::new((0, 0)));
    let (inner, end, answer) = (os.clone(), stream.clone(), found.clone());
    spawn(&os, "reader", move |me| async move {
        inner.sleep(me, Nanos::from_millis(1)).await;
        let fit = written.get();
        let mut read = 0;
        while written.get() == fit {
            let mut left = length;
            while left > 0 {
                left -= end.read(&inner, me, Bytes(left)).await.0;
            }
            read += 1;
            inner.sleep(me, Nanos::from_millis(1)).await;
        }
        answer.set((fit, read));
        inner.stop();
    });
    assert_eq!(os.run(Nanos::from_secs(10)), Outcome::Done);
    found.get()
}

#[test]
fn small_messages_fill_a_pipe_page_by_page_as_measured() {
    for (length, fit, read) in [
        (1, 65_536, 4_096),
        (21, 3_120, 195),
        (100, 640, 40),
        (500, 128, 8),
        (1_000, 64, 4),
    ] {
        assert_eq!(capacity::<Pipe>(length), (fit, read), "{length} B");
    }
}

#[test]
fn a_socket_holds_as_many_messages_as_measured_and_wakes_its_writer_when_a_quarter_is_left() {
    for (length, fit, read) in [
        (1, 278, 209),
        (21, 278, 209),
        (192, 278, 209),
        (193, 167, 126),
        (500, 167, 126),
        (705, 93, 70),
        (1_000, 93, 70),
        (3_776, 49, 37),
        (4_100, 44, 34),
        (16_388, 13, 10),
        (30_000, 7, 6),
    ] {
        assert_eq!(capacity::<UnixSocket>(length), (fit, read), "{length} B");
    }
}
