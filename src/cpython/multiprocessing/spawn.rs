//! What a new process is told about its work: `Lib/multiprocessing/spawn.py`.

use std::rc::Rc;

use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::{Payload, draws};
use crate::os::Pipe;
use crate::random::{Key, Time};
use crate::units::{Bytes, Nanos};

/// The main module, which a new interpreter imports again: `_fixup_main_from_path`.
pub(crate) struct MainModule {
    /// CPU time of its imports.
    imports: Time,
    /// Memory that these imports map.
    pub(crate) memory: Bytes,
    /// Names the draws of `imports`, one for each process.
    key: Key,
}

impl MainModule {
    pub(crate) const fn new(imports: Time, memory: Bytes, key: Key) -> Self {
        Self { imports, memory, key }
    }

    /// CPU time that process `number` takes to import it.
    pub(crate) fn imports_of(&self, number: u64) -> Nanos {
        self.imports.sample_keyed(draws::imports(self.key, number))
    }
}

/// The pickled `get_preparation_data()` and `Process` object, and the pipe through which they reach the new process.
#[derive(Clone)]
pub(crate) struct Preparation {
    pipe: Rc<Pipe>,
    length: Bytes,
    arguments: Rc<[Payload]>,
}

impl Preparation {
    /// Pickles them.
    pub(crate) async fn dump(me: &ThreadState, arguments: &[Payload]) -> Self {
        me.dumps(arguments).await;
        Self {
            pipe: Rc::new(Pipe::new(
                me.os(),
                "the pipe that describes the work to a new process",
            )),
            length: Bytes(me.costs().process.preparation.0 + me.pickled_size(arguments).0),
            arguments: arguments.into(),
        }
    }

    /// The parent writes them in one blocking write. If they exceed the pipe's capacity of 64 KiB, the parent waits
    /// here until the child has booted and reads.
    pub(crate) async fn write(&self, me: &ThreadState) {
        let writing = self.pipe.write(me.os(), me.id, self.length);
        me.allow_threads(writing).await;
        me.free(me.pickled_size(&self.arguments));
    }

    /// The child reads them, and has not unpickled them yet.
    pub(crate) async fn read(&self, me: &ThreadState) {
        let mut left = self.length.0;
        while left > 0 {
            left -= me
                .allow_threads(self.pipe.read(me.os(), me.id, Bytes(left)))
                .await
                .0;
        }
        me.allocate(me.pickled_size(&self.arguments));
    }

    /// The arguments of the process, for unpickling.
    pub(crate) fn arguments(&self) -> &[Payload] {
        &self.arguments
    }
}
