//! Where time goes: each track is in one labelled state at a time, and the ledger adds up how long.

use crate::units::Nanos;

/// Whose time it is. Tracks are numbered by the floor that opens them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Track(pub u32);

/// What a track is doing, below [`LABELS`]. The meaning belongs to the floor that uses it.
pub type Label = u8;

/// How many labels there are room for.
pub const LABELS: usize = 16;

/// A stretch of time with one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Whose.
    pub track: Track,
    /// Doing what.
    pub label: Label,
    /// From, inclusive.
    pub from: Nanos,
    /// To, exclusive.
    pub to: Nanos,
}

/// Totals by track and label, and on request every span.
#[derive(Default)]
pub struct Ledger {
    tracks: Vec<Account>,
    record: Option<Vec<Span>>,
}

struct Account {
    label: Label,
    since: Nanos,
    totals: [u64; LABELS],
}

impl Ledger {
    /// A ledger that also keeps every span: for tests and timelines.
    pub fn recording() -> Self {
        Self {
            tracks: Vec::new(),
            record: Some(Vec::new()),
        }
    }

    /// Whether every span is kept.
    pub const fn is_recording(&self) -> bool {
        self.record.is_some()
    }

    /// When `track` came into the state that it is in.
    pub fn since(&self, track: Track) -> Nanos {
        self.tracks[track.0 as usize].since
    }

    /// A new track that starts in `label`.
    pub fn open(&mut self, label: Label, now: Nanos) -> Track {
        self.tracks.push(Account {
            label,
            since: now,
            totals: [0; LABELS],
        });
        Track(self.tracks.len() as u32 - 1)
    }

    /// From now on `track` is in `label`.
    pub fn enter(&mut self, track: Track, label: Label, now: Nanos) {
        let account = &mut self.tracks[track.0 as usize];
        if let Some(record) = &mut self.record
            && now > account.since
        {
            record.push(Span {
                track,
                label: account.label,
                from: account.since,
                to: now,
            });
        }
        account.totals[account.label as usize] += now.0 - account.since.0;
        account.since = now;
        account.label = label;
    }

    /// Time that `track` has spent in each label up to `now`.
    pub fn totals(&self, track: Track, now: Nanos) -> [u64; LABELS] {
        let account = &self.tracks[track.0 as usize];
        let mut totals = account.totals;
        totals[account.label as usize] += now.0 - account.since.0;
        totals
    }

    /// Every span that has ended so far; empty unless recording.
    pub fn spans(&self) -> &[Span] {
        self.record.as_deref().unwrap_or_default()
    }
}
