//! The wall to JavaScript: convert in, call the core, convert out.
//!
//! ## Shape
//!
//! JavaScript holds the objects that its users see; this side holds what they stand for. A channel
//! is a class, freed by the engine's finalizer. Listeners and streams are numbers, freed by the
//! calls that remove and end them, so that nothing waits for a garbage collector.
//!
//! A message crosses once when it is sent, as a handle to the JavaScript object [`JsMessage`]. Its
//! text never does: JavaScript writes the chunks that this side has put in order.
//!
//! ## Waiting
//!
//! A stream that has nothing to offer is parked with a waker that notes its number. The first
//! number noted in a turn has the host schedule one microtask, which takes all of them
//! ([`take_woken`](streams::take_woken)) and looks at those streams again. Promises are made in
//! JavaScript.
//!
//! ## Re-entrancy
//!
//! Exports take `&self` and hold no borrow while JavaScript runs. A stream that is asked for more,
//! or ended, by the very callback that it is waiting for says so instead of failing.
//!
//! Nothing here is public interface: the package's TypeScript is.
//!
//! The crate has these bindings only with the feature `npm`. `platform/` holds the files that the
//! core always needs of JavaScript; `crate::platform` declares them.

mod allocator;
pub mod channels;
mod chunks;
mod handover;
pub mod host;
pub mod messages;
pub mod streams;
mod subscriptions;
