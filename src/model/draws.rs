//! The names of a scenario's random draws: everything that plays the scenario takes the same times for the same things.
//!
//! `key` is everywhere the root key of one replication. A step's draw is named by its place below what has the step:
//! `.number(index)` for each list of steps on the way, `.number(time)` for each round of a `repeat`.

use crate::random::Key;

/// Of an item, the same under every executor and any number of workers. The next links are its steps.
pub fn item(key: Key, task: &str, index: u64) -> Key {
    key.name("task").name(task).number(index)
}

/// Of a background thread. The next links are its rounds, then the steps.
pub fn background(key: Key, name: &str, number: u64) -> Key {
    key.name("background").name(name).number(number)
}

/// Of an initializer, numbered as they begin. The next links are its steps.
pub fn setup(key: Key, number: u64) -> Key {
    key.name("setup").number(number)
}

/// Of the program's own costs, which are drawn once for each process or interpreter.
pub fn program(key: Key) -> Key {
    key.name("program")
}

/// Of importing the main module again in a process or interpreter, numbered as they are started.
pub fn imports(program: Key, number: u64) -> Key {
    program.name("imports").number(number)
}

/// Of a client's pauses. The next link is the number of its request.
pub fn think(key: Key, group: u64, client: u32) -> Key {
    key.name("client").number(group).number(u64::from(client))
}

/// The number of a client's request among all of its group: clients are numbered apart.
pub fn request(client: u32, number: u64) -> u64 {
    u64::from(client) << 32 | number
}

/// Of the times between requests that come by themselves. The next link is the number of the request.
pub fn arrivals(key: Key, group: u64) -> Key {
    key.name("arrivals").number(group)
}
