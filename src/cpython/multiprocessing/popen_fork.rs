//! Starting a process by `os.fork()`: `Lib/multiprocessing/popen_fork.py`.

use super::connection;
use super::process::Child;
use crate::cpython::interpreter::pystate::ThreadState;
use crate::os::ThreadId;

/// `Popen._launch`: forks in the calling thread, with its interpreter lock held. The more memory the parent maps, the
/// longer this takes.
pub(crate) async fn launch(me: &ThreadState, child: Child) -> ThreadId {
    let costs = &me.costs().process;
    // One pipe tells the parent that the child has ended, the other one tells the child that the parent has.
    connection::open_pipes(me, 2).await;
    let mapped = me.os().mapped(me.interpreter.process);
    // PyOS_BeforeFork, PyOS_AfterFork_Parent.
    me.stop_the_world().await;
    me.native_holding_lock(costs.fork + costs.fork_per_mib * (mapped.0 >> 20))
        .await;
    me.start_the_world().await;
    me.os()
        .share_pages(me.interpreter.process, costs.copies, costs.copied_after);
    let child = Child {
        copies: costs.child_copies,
        ..child
    };
    let interpreter = me.interpreter.forked(&child.name);
    let id = child.launch(me, interpreter);
    // The child's ends.
    connection::close(me, 2).await;
    id
}
