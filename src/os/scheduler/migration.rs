//! A waiting thread moves to another CPU: `detach_task` and `attach_task` of `kernel/sched/fair.c`.

use super::queueing::Queueing;
use super::tables::{CpuId, Tables};
use crate::os::ThreadId;
use crate::units::Nanos;

impl Queueing {
    /// `attach_task`: takes a waiting thread of `from` into the queue of the busy CPU `to`.
    pub fn move_to_queue(&mut self, tables: &mut Tables, now: Nanos, from: (CpuId, usize), to: CpuId) {
        tables.look(now, to);
        self.make_up_for_ticks(tables, now, to);
        let moved = self.migrate(tables, now, from, to);
        let entity = tables[moved].entity;
        self.put(tables, now, to, moved, entity);
    }

    /// Takes the waiting thread at a position of the queue of `from`, and gives it the standing for `to` that it had
    /// here. The caller puts it into that queue, or on the CPU.
    pub fn migrate(
        &mut self,
        tables: &mut Tables,
        now: Nanos,
        (from, index): (CpuId, usize),
        to: CpuId,
    ) -> ThreadId {
        tables.look(now, from);
        let (slice, tick) = (self.slice(), self.costs().tick.0 as i64);
        let virtual_time = tables[from].queue.virtual_time(tables.running_on(from));
        let moved = self.take(tables, now, from, index);
        let mut entity = moved.entity;
        self.moves += 1;
        entity.moved = self.moves;
        entity.lag = virtual_time.map_or(0, |virtual_time| entity.lag_at(virtual_time, slice, tick));
        let running = tables.running_on(to).copied();
        tables[to].queue.place(&mut entity, running.as_ref(), slice);
        tables[moved.thread].entity = entity;
        tables.carry(now, moved.thread, to);
        moved.thread
    }
}
