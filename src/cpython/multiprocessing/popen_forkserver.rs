//! Starting a process through the fork server: `Lib/multiprocessing/popen_forkserver.py`.

use super::forkserver::{self, ForkServer};
use super::process::Child;
use super::spawn::{MainModule, Preparation};
use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::Payload;
use crate::os::ThreadId;
use crate::units::Nanos;

/// `Popen._launch`: the server forks process `number`. The first start boots the server, and each start waits for the
/// child's pid.
pub(crate) async fn launch(
    me: &ThreadState,
    child: Child,
    number: u64,
    main_module: &MainModule,
    arguments: &[Payload],
    server: &ForkServer,
) -> ThreadId {
    let costs = me.costs();
    let preparation = Preparation::dump(me, arguments).await;
    let running = server.ensure_running(me, main_module).await;
    me.bytecode(costs.process.forkserver_request).await;
    let imports = if forkserver::preloads_main(me) {
        Nanos::ZERO
    } else {
        child.imports + main_module.imports_of(number)
    };
    let child = Child {
        boot: costs.process.forkserver_bootstrap,
        preparation: Some(preparation.clone()),
        imports,
        private_memory: costs.memory.forkserver_worker,
        ..child
    };
    let status = running.connect_to_new_process(me, child).await;
    preparation.write(me).await;
    status.read_pid(me).await
}
