//! Restoring: a channel goes on as another life of one that has ended.

use std::rc::Rc;
use std::time::Duration;

use crate::channel::AbstractChannel;
use crate::log::Log;
use crate::model::claim;
use crate::model::error::SendError;
use crate::model::position::Position;
use crate::platform::clock;

impl<M> AbstractChannel<M> {
    /// Makes a new channel another life of one that has ended. It takes over the epoch, and its
    /// numbers continue after an event id. Clients of the former channel then resume without a gap,
    /// except for their dispatches.
    ///
    /// [Refill](Self::refill) the channel with the broadcasts after that id first of all.
    ///
    /// The id of a broadcast is enough if nothing was dispatched. Otherwise append a number that no
    /// dispatch has exceeded, as in `e-17.3`. A client that reconnects with the id of a later
    /// dispatch receives a gap `unknown`.
    ///
    /// Returns whether it was done. It is not if the id is invalid, or if the channel was used: if
    /// it has issued an event id, or had listeners or messages.
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
            let state = self.core.shared.state.borrow();
            state.log.tail() > 1
                || state.next_subscription > 0
                || self.core.shared.epoch.get().is_some()
        };
        match claim::parts(last_event_id) {
            Some((epoch, position)) if !is_used => {
                self.core.shared.epoch.get_or_init(|| epoch.into());
                let mut state = self.core.shared.state.borrow_mut();
                state.log = Log::new(state.log.history(), position.sequence() + 1);
                state.dispatched = position.dispatch_number();
                true
            }
            _ => false,
        }
    }

    /// Sends a message again that a former life of the [restored](Self::restore) channel has sent
    /// `age` ago. Send the oldest first.
    ///
    /// # Errors
    ///
    /// Those of [`broadcast`](Self::broadcast).
    pub fn refill(
        &self,
        message: M,
        except: &[&str],
        age: Duration,
    ) -> Result<Position, SendError<M>> {
        let except = except.iter().map(|id| Rc::from(*id));
        let at = clock::milliseconds() - age.as_secs_f64() * 1000.0;
        let newest = self.core.shared.state.borrow().log.newest_at();
        let at = newest.map_or(at, |newest| at.max(newest));
        self.send(message, except.collect(), at)
    }
}
