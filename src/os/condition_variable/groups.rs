//! The two groups of waiters of glibc's condition variable: G1, which takes signals, and G2, which does not yet.
//!
//! Groups are numbered, so that one closes and the next takes its place in a single step, however many waiters they
//! have. The sleepers of each group form a list through their places, in the order in which they fell asleep.

use super::Signal;
use super::places::{Place, Places};
use crate::os::ThreadId;

/// Waiters in two groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    waiters: Places<Waiter>,
    /// Number of the older group. Groups with lower numbers are closed: each of their members has a signal.
    older_number: u64,
    /// G1: takes signals.
    older: Group,
    /// G2: new waiters join it.
    younger: Group,
    /// Signals in the older group that no thread has taken yet: `__g_signals`.
    tokens: usize,
}

#[derive(Debug)]
struct Waiter {
    thread: ThreadId,
    /// Number of its group.
    group: u64,
    /// Its neighbours among the sleepers of its group, while it sleeps there.
    sleeps: Option<Neighbours>,
}

/// A link of the list of sleepers.
#[derive(Clone, Copy, Debug, Default)]
struct Neighbours {
    before: Option<Place>,
    behind: Option<Place>,
}

#[derive(Debug, Default)]
struct Group {
    /// Waiters that have not left, with a signal or without.
    members: usize,
    oldest_sleeper: Option<Place>,
    youngest_sleeper: Option<Place>,
}

impl Groups {
    pub fn begin(&mut self, thread: ThreadId) -> Place {
        self.younger.members += 1;
        self.waiters.take(Waiter {
            thread,
            group: self.older_number + 1,
            sleeps: None,
        })
    }

    pub fn take_signal(&mut self, place: Place) -> bool {
        let group = self.waiters[place].group;
        let has_signal = if group == self.older_number {
            self.tokens > 0
        } else {
            group < self.older_number
        };
        if has_signal {
            if group == self.older_number {
                self.tokens -= 1;
            }
            self.leave(place);
        }
        has_signal
    }

    pub fn fall_asleep(&mut self, place: Place) {
        let group = self.waiters[place].group;
        let Some(list) = self.group(group) else {
            return;
        };
        let before = list.youngest_sleeper.replace(place);
        if before.is_none() {
            list.oldest_sleeper = Some(place);
        }
        self.waiters[place].sleeps = Some(Neighbours { before, behind: None });
        if let Some(before) = before {
            self.neighbours_of(before).behind = Some(place);
        }
    }

    pub fn leave_futex(&mut self, place: Place) -> bool {
        let Some(Neighbours { before, behind }) = self.waiters[place].sleeps.take() else {
            return false;
        };
        if let Some(before) = before {
            self.neighbours_of(before).behind = behind;
        }
        if let Some(behind) = behind {
            self.neighbours_of(behind).before = before;
        }
        let group = self.waiters[place].group;
        if let Some(list) = self.group(group) {
            if before.is_none() {
                list.oldest_sleeper = behind;
            }
            if behind.is_none() {
                list.youngest_sleeper = before;
            }
        }
        true
    }

    /// If all other members of its group have a signal, the remaining one is its own, and it passes that on.
    pub fn cancel(&mut self, place: Place) -> bool {
        let group = self.waiters[place].group;
        let leaves_signal = if group == self.older_number {
            self.unsignalled() == 0
        } else {
            group < self.older_number
        };
        if group == self.older_number && leaves_signal {
            self.tokens -= 1;
        }
        self.leave(place);
        leaves_signal
    }

    pub fn signal(&mut self) -> Signal {
        if self.unsignalled() == 0 {
            if self.younger.members == 0 {
                return Signal::Lost;
            }
            self.quiesce_and_switch_g1();
        }
        self.tokens += 1;
        self.wake_oldest_sleeper()
    }

    /// Members of the older group without a signal: `__g_size`.
    fn unsignalled(&self) -> usize {
        self.older.members - self.tokens
    }

    /// `__condvar_quiesce_and_switch_g1`: the older group is closed, and the younger group takes its place.
    fn quiesce_and_switch_g1(&mut self) {
        // A group never has more sleepers than members without a signal, and the older group has none of these.
        debug_assert!(self.older.oldest_sleeper.is_none(), "a closed group has sleepers");
        self.older_number += 1;
        self.older = std::mem::take(&mut self.younger);
        self.tokens = 0;
    }

    /// `futex_wake(&__g_signals, 1)`
    fn wake_oldest_sleeper(&mut self) -> Signal {
        let Some(place) = self.older.oldest_sleeper else {
            return Signal::Noticed;
        };
        self.leave_futex(place);
        Signal::Wakes(self.waiters[place].thread)
    }

    fn leave(&mut self, place: Place) {
        let group = self.waiters[place].group;
        if let Some(group) = self.group(group) {
            group.members -= 1;
        }
        self.waiters.give_back(place);
    }

    /// The group with this number, unless it is closed.
    fn group(&mut self, number: u64) -> Option<&mut Group> {
        match number.checked_sub(self.older_number) {
            Some(0) => Some(&mut self.older),
            Some(_) => Some(&mut self.younger),
            None => None,
        }
    }

    fn neighbours_of(&mut self, place: Place) -> &mut Neighbours {
        self.waiters[place]
            .sleeps
            .as_mut()
            .expect("only sleepers stand in the list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same rules written down plainly: a list of waiters that every operation scans.
    #[derive(Default)]
    struct Model {
        waits: Vec<ModelWait>,
        tokens: usize,
        asleep: u64,
    }

    struct ModelWait {
        thread: ThreadId,
        group: ModelGroup,
        sleeps: Option<u64>,
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum ModelGroup {
        Younger,
        Older,
        Closed,
    }

    impl Model {
        fn members(&self, group: ModelGroup) -> usize {
            self.waits.iter().filter(|wait| wait.group == group).count()
        }

        fn of(&mut self, thread: ThreadId) -> &mut ModelWait {
            let mut waits = self.waits.iter_mut();
            waits
                .find(|wait| wait.thread == thread)
                .expect("the thread waits")
        }

        fn unsignalled(&self) -> usize {
            self.members(ModelGroup::Older) - self.tokens
        }

        fn take_signal(&mut self, thread: ThreadId) -> bool {
            let group = self.of(thread).group;
            let has_signal = group == ModelGroup::Closed || group == ModelGroup::Older && self.tokens > 0;
            if has_signal {
                self.tokens -= usize::from(group == ModelGroup::Older);
                self.waits.retain(|wait| wait.thread != thread);
            }
            has_signal
        }

        fn cancel(&mut self, thread: ThreadId) -> bool {
            let group = self.of(thread).group;
            let leaves_signal = match group {
                ModelGroup::Younger => false,
                ModelGroup::Older => self.unsignalled() == 0,
                ModelGroup::Closed => true,
            };
            self.tokens -= usize::from(leaves_signal && group == ModelGroup::Older);
            self.waits.retain(|wait| wait.thread != thread);
            leaves_signal
        }

        fn signal(&mut self) -> Signal {
            if self.unsignalled() == 0 {
                if self.members(ModelGroup::Younger) == 0 {
                    return Signal::Lost;
                }
                for wait in &mut self.waits {
                    wait.group = match wait.group {
                        ModelGroup::Younger => ModelGroup::Older,
                        ModelGroup::Older | ModelGroup::Closed => ModelGroup::Closed,
                    };
                }
                self.tokens = 0;
            }
            self.tokens += 1;
            let sleepers = self.waits.iter_mut();
            let oldest = sleepers
                .filter(|wait| wait.group == ModelGroup::Older && wait.sleeps.is_some())
                .min_by_key(|wait| wait.sleeps);
            oldest.map_or(Signal::Noticed, |wait| {
                wait.sleeps = None;
                Signal::Wakes(wait.thread)
            })
        }
    }

    proptest! {
        /// Eight threads wait, are signalled and time out in any order.
        #[test]
        fn groups_behave_like_a_list_of_waiters(
            operations in prop::collection::vec((0u32..8, 0u8..5), 1..300),
        ) {
            let (mut groups, mut model) = (Groups::default(), Model::default());
            let mut places: [Option<(Place, bool)>; 8] = [None; 8];
            for (index, operation) in operations {
                let (slot, thread) = (index as usize, ThreadId(index));
                match (operation, places[slot]) {
                    (0, _) => prop_assert_eq!(groups.signal(), model.signal()),
                    (_, None) => {
                        places[slot] = Some((groups.begin(thread), false));
                        model.waits.push(ModelWait { thread, group: ModelGroup::Younger, sleeps: None });
                    }
                    // An awake waiter looks for a signal before it sleeps.
                    (_, Some((place, false))) => {
                        let taken = groups.take_signal(place);
                        prop_assert_eq!(taken, model.take_signal(thread));
                        if taken {
                            places[slot] = None;
                        } else {
                            groups.fall_asleep(place);
                            model.asleep += 1;
                            let number = model.asleep;
                            model.of(thread).sleeps = Some(number);
                            places[slot] = Some((place, true));
                        }
                    }
                    // A sleeper is back: it was woken, or its time is up.
                    (kind, Some((place, true))) => {
                        let was_asleep = groups.leave_futex(place);
                        prop_assert_eq!(was_asleep, model.of(thread).sleeps.take().is_some());
                        places[slot] = Some((place, false));
                        if was_asleep && kind > 1 {
                            prop_assert_eq!(groups.cancel(place), model.cancel(thread));
                            places[slot] = None;
                        }
                    }
                }
            }
        }
    }
}
