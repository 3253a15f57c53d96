//! Starting a process as a new interpreter: `Lib/multiprocessing/popen_spawn_posix.py`.

use super::process::Child;
use super::spawn::{MainModule, Preparation};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Payload;
use crate::os::ThreadId;
use crate::units::Bytes;

/// `Popen._launch`: starts process `number`, which learns from a pipe what to do.
pub(crate) async fn launch(
    me: &ThreadState,
    child: Child,
    number: u64,
    main_module: &MainModule,
    arguments: &[Payload],
) -> ThreadId {
    let costs = me.costs();
    me.ensure_tracker_is_running().await;
    let preparation = Preparation::dump(me, arguments).await;
    me.native_holding_lock(costs.process.exec).await;
    let child = Child {
        boot: costs.process.boot,
        exit: costs.process.spawn_exit,
        preparation: Some(preparation.clone()),
        imports: child.imports + main_module.imports_of(number),
        private_memory: Bytes(costs.memory.interpreter.0 + main_module.memory.0),
        ..child
    };
    let interpreter = me.interpreter.spawned(&child.name);
    let id = child.launch(me, interpreter);
    preparation.write(me).await;
    id
}
