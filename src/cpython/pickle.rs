//! Pickling and unpickling: `Modules/_pickle.c`. C code that keeps the interpreter lock until it is through.

use super::thread_state::ThreadState;
use crate::os::Activity;
use crate::profile::{BytesPerMicro, PickleSpeeds};
use crate::scenario::{Payload, PayloadKind};
use crate::units::{Bytes, Nanos};

impl ThreadState {
    /// `ForkingPickler.dumps`
    pub async fn dumps(&self, payloads: &[Payload]) {
        self.serialize(payloads, &self.os().costs().pickle.dumps).await;
    }

    /// `ForkingPickler.loads`
    pub async fn loads(&self, payloads: &[Payload]) {
        self.serialize(payloads, &self.os().costs().pickle.loads).await;
    }

    async fn serialize(&self, payloads: &[Payload], speeds: &PickleSpeeds) {
        let data: Nanos = payloads
            .iter()
            .map(|payload| speeds.of(payload.kind).time(payload.size))
            .sum();
        let time = self.os().costs().pickle.call + data;
        self.busy_with(Activity::Serialization, self.native_holding_lock(time))
            .await;
    }

    /// Length of the pickle of a call or a result with these payloads.
    pub fn pickled_size(&self, payloads: &[Payload]) -> Bytes {
        let data: u64 = payloads.iter().map(|payload| payload.size.0).sum();
        Bytes(self.os().costs().pickle.envelope.0 + data)
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
