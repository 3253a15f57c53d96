//! Time spent in each state: a track is in one labelled state at a time, and the ledger adds up the times.

use crate::units::Nanos;

/// The number of something whose time is recorded, in the order in which tracks are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Track(pub u32);

/// The state of a track, less than [`LABELS`]. Its meaning is defined by the floor that uses it.
pub type Label = u8;

/// Number of different labels that are possible.
pub const LABELS: usize = 16;

/// An interval with one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The track.
    pub track: Track,
    /// Its state.
    pub label: Label,
    /// The beginning, inclusive.
    pub from: Nanos,
    /// The end, exclusive.
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
    /// A ledger that also keeps every span, for tests and timelines.
    #[cfg(feature = "internals")]
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

    /// When `track` entered its present state.
    #[cfg(feature = "internals")]
    pub fn since(&self, track: Track) -> Nanos {
        self.tracks[track.0 as usize].since
    }

    /// Opens a track that starts in state `label`.
    pub fn open(&mut self, label: Label, now: Nanos) -> Track {
        self.tracks.push(Account {
            label,
            since: now,
            totals: [0; LABELS],
        });
        Track(self.tracks.len() as u32 - 1)
    }

    /// From now on `track` is in state `label`.
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

    /// Time that `track` has spent in each state until `now`.
    pub fn totals(&self, track: Track, now: Nanos) -> [u64; LABELS] {
        let account = &self.tracks[track.0 as usize];
        let mut totals = account.totals;
        totals[account.label as usize] += now.0 - account.since.0;
        totals
    }

    /// Every span that has ended so far; empty unless recording.
    #[cfg(feature = "internals")]
    pub fn spans(&self) -> &[Span] {
        self.record.as_deref().unwrap_or_default()
    }
}
