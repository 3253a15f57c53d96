//! Pickling and unpickling: `Modules/_pickle.c`, which is C code that keeps the interpreter lock until it is done.
//!
//! This module also knows how much memory objects and their pickles occupy.

use crate::cpython::interpreter::pystate::ThreadState;
use crate::model::{Payload, PayloadKind};
use crate::os::Activity;
use crate::profile::{BytesPerMicro, ObjectSizes, PickleSpeeds};
use crate::units::{Bytes, Nanos};

/// What is pickled together with the payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// A call with its function, or its result, as executors and pools send it.
    #[default]
    Call,
    /// Nothing: a program without an executor sends its data as they are.
    Object,
}

impl ThreadState {
    /// `ForkingPickler.dumps` of a call or a result. The pickle occupies memory until it is [freed](Self::free).
    pub(crate) async fn dumps(&self, payloads: &[Payload]) {
        self.dumps_in(Wrapping::Call, payloads).await;
    }

    /// `ForkingPickler.loads` of a call or a result. The objects exist before the pickle is freed.
    pub(crate) async fn loads(&self, payloads: &[Payload]) {
        self.loads_in(Wrapping::Call, payloads).await;
    }

    /// Allocates the memory of objects with this data in this thread's process.
    pub(crate) fn hold(&self, payloads: &[Payload]) {
        self.allocate(self.size_as_objects(payloads));
    }

    /// Frees the memory of objects that nothing refers to any more.
    pub(crate) fn let_go(&self, payloads: &[Payload]) {
        self.free(self.size_as_objects(payloads));
    }

    /// CPU time to deallocate the objects of a payload.
    pub(crate) fn time_to_free(&self, payload: Payload) -> Nanos {
        self.costs().pickle.free.of(payload.kind).time(payload.size)
    }

    /// `PyMem_Malloc`, and the first touch of the memory.
    pub(crate) fn allocate(&self, bytes: Bytes) {
        self.os().map(self.interpreter.process, bytes);
    }

    /// `PyMem_Free`
    pub(crate) fn free(&self, bytes: Bytes) {
        self.os().unmap(self.interpreter.process, bytes);
    }

    /// Memory that these payloads occupy as objects.
    pub(crate) fn size_as_objects(&self, payloads: &[Payload]) -> Bytes {
        let sizes = &self.costs().memory.objects;
        let objects = payloads.iter().map(|payload| sizes.of(*payload));
        Bytes(objects.fold(0, |sum, size| sum.saturating_add(size.0)))
    }

    /// Length of the pickle of a call or a result with these payloads.
    pub(crate) fn pickled_size(&self, payloads: &[Payload]) -> Bytes {
        self.pickled_size_in(Wrapping::Call, payloads)
    }

    /// `ForkingPickler.dumps`
    pub(crate) async fn dumps_in(&self, wrapping: Wrapping, payloads: &[Payload]) {
        let costs = &self.costs().pickle;
        let call = match wrapping {
            Wrapping::Call => costs.call_dumps,
            Wrapping::Object => costs.object_dumps,
        };
        self.serialize(call, payloads, &costs.dumps).await;
        self.allocate(self.pickled_size_in(wrapping, payloads));
    }

    /// `ForkingPickler.loads`
    pub(crate) async fn loads_in(&self, wrapping: Wrapping, payloads: &[Payload]) {
        let costs = &self.costs().pickle;
        let call = match wrapping {
            Wrapping::Call => costs.call_loads,
            Wrapping::Object => costs.object_loads,
        };
        self.serialize(call, payloads, &costs.loads).await;
        self.hold(payloads);
        self.free(self.pickled_size_in(wrapping, payloads));
    }

    async fn serialize(&self, call: Nanos, payloads: &[Payload], speeds: &PickleSpeeds) {
        let data: Nanos = payloads
            .iter()
            .map(|payload| speeds.of(payload.kind).time(payload.size))
            .sum();
        self.busy_with(Activity::Serialization, self.native_holding_lock(call + data))
            .await;
    }

    /// Length of the pickle.
    pub(crate) fn pickled_size_in(&self, wrapping: Wrapping, payloads: &[Payload]) -> Bytes {
        let costs = &self.costs().pickle;
        let around = match wrapping {
            Wrapping::Call => costs.envelope,
            Wrapping::Object => costs.object,
        };
        let sizes = payloads.iter().map(|payload| payload.size.0);
        Bytes(sizes.fold(around.0, u64::saturating_add))
    }
}

impl PickleSpeeds {
    fn of(&self, kind: PayloadKind) -> BytesPerMicro {
        match kind {
            PayloadKind::Bytes => self.bytes,
            PayloadKind::ListFloat => self.list_float,
            PayloadKind::ListInt => self.list_int,
            PayloadKind::Dict => self.dict,
            PayloadKind::ListTuple => self.list_tuple,
        }
    }
}

impl ObjectSizes {
    fn of(&self, payload: Payload) -> Bytes {
        let share = match payload.kind {
            PayloadKind::Bytes => self.bytes,
            PayloadKind::ListFloat => self.list_float,
            PayloadKind::ListInt => self.list_int,
            PayloadKind::Dict => self.dict,
            PayloadKind::ListTuple => self.list_tuple,
        };
        let size = u128::from(payload.size.0) * u128::from(share) / 1024;
        Bytes(u64::try_from(size).unwrap_or(u64::MAX))
    }
}
