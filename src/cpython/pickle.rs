//! Pickling and unpickling: `Modules/_pickle.c`. C code that keeps the interpreter lock until it is through.

use super::thread_state::ThreadState;
use crate::os::Activity;
use crate::profile::{BytesPerMicro, PickleSpeeds};
use crate::scenario::{Payload, PayloadKind};
use crate::units::{Bytes, Nanos};

/// What is pickled around the payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrapping {
    /// A call with its function, or its result: what executors and pools send.
    #[default]
    Call,
    /// Nothing: a program of its own sends its data as they are.
    Object,
}

impl ThreadState {
    /// `ForkingPickler.dumps` of a call or a result.
    pub async fn dumps(&self, payloads: &[Payload]) {
        self.dumps_in(Wrapping::Call, payloads).await;
    }

    /// `ForkingPickler.loads` of a call or a result.
    pub async fn loads(&self, payloads: &[Payload]) {
        self.loads_in(Wrapping::Call, payloads).await;
    }

    /// Length of the pickle of a call or a result with these payloads.
    pub fn pickled_size(&self, payloads: &[Payload]) -> Bytes {
        self.pickled_size_in(Wrapping::Call, payloads)
    }

    /// `ForkingPickler.dumps`
    pub async fn dumps_in(&self, wrapping: Wrapping, payloads: &[Payload]) {
        let costs = &self.os().costs().pickle;
        let call = match wrapping {
            Wrapping::Call => costs.call,
            Wrapping::Object => costs.object_dumps,
        };
        self.serialize(call, payloads, &costs.dumps).await;
    }

    /// `ForkingPickler.loads`
    pub async fn loads_in(&self, wrapping: Wrapping, payloads: &[Payload]) {
        let costs = &self.os().costs().pickle;
        let call = match wrapping {
            Wrapping::Call => costs.call,
            Wrapping::Object => costs.object_loads,
        };
        self.serialize(call, payloads, &costs.loads).await;
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
    pub fn pickled_size_in(&self, wrapping: Wrapping, payloads: &[Payload]) -> Bytes {
        let costs = &self.os().costs().pickle;
        let around = match wrapping {
            Wrapping::Call => costs.envelope,
            Wrapping::Object => costs.object,
        };
        Bytes(around.0 + payloads.iter().map(|payload| payload.size.0).sum::<u64>())
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
