//! Restoring: a channel goes on as another life of one that has ended.

use std::rc::Rc;
use std::time::Duration;

use crate::channel::AbstractChannel;
use crate::log::Log;
use crate::model::error::SendError;
use crate::model::gap;
use crate::model::position::Position;
use crate::platform::clock;

impl<M> AbstractChannel<M> {
    /// Makes a new channel another life of one that has ended: it has its epoch, and goes on with
    /// its numbers right behind an event id. The messages that the former channel broadcast after
    /// that id are [refilled](Self::refill) first. So clients of the former life go on without a
    /// gap, except for dispatches to them.
    ///
    /// An id of a broadcast is enough where nothing was dispatched. Otherwise it is followed by a
    /// number that no dispatch has exceeded, as in `e-17.3`: an id of a later dispatch is unknown.
    ///
    /// Returns whether it does. It does not when the id is invalid, or when the channel has been
    /// used: when an event id was asked of it, or there were listeners or messages.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use eric_sse::{Message, SseChannel};
    /// let (former, channel) = (SseChannel::new(), SseChannel::new());
    /// let start = former.last_event_id();
    /// former.broadcast(Message::new("tick", 1)?)?;
    ///
    /// assert!(channel.restore(start.as_str()));
    /// channel.refill(Message::new("tick", 1)?, &[], Duration::from_secs(10))?;
    /// assert_eq!(channel.last_event_id(), former.last_event_id());
    /// # Ok::<(), eric_sse::Error>(())
    /// ```
    #[must_use = "a channel that was not restored has numbers of its own"]
    pub fn restore(&self, last_event_id: &str) -> bool {
        let is_used = {
            let state = self.core.state.borrow();
            state.log.tail() > 1 || state.next_seat > 0 || self.core.epoch.get().is_some()
        };
        match gap::parts(last_event_id) {
            Some((epoch, position)) if !is_used => {
                self.core.epoch.get_or_init(|| epoch.into());
                let mut state = self.core.state.borrow_mut();
                state.log = Log::new(state.log.history(), position.sequence() + 1);
                state.dispatched = position.dispatch_number();
                true
            }
            _ => false,
        }
    }

    /// Sends a message that was sent before, so long ago, in a former life of the
    /// [restored](Self::restore) channel. The oldest comes first.
    ///
    /// # Errors
    ///
    /// As those of [`broadcast`](Self::broadcast).
    pub fn refill(
        &self,
        message: M,
        except: &[&str],
        age: Duration,
    ) -> Result<Position, SendError<M>> {
        let bytes = (self.core.weigh)(&message);
        let except = except.iter().map(|id| Rc::from(*id));
        let at = clock::milliseconds() - age.as_secs_f64() * 1000.0;
        let newest = self.core.state.borrow().log.newest_at();
        let at = newest.map_or(at, |newest| at.max(newest));
        self.broadcast_to_all_but(except.collect(), message, bytes, at)
    }
}
