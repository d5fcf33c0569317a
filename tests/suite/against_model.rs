//! Random sequences of calls, compared with the plain model (`model`) after each of them: every
//! answer, everything that waits, and who was woken.

use std::rc::Rc;

use eric_sse::{Delivery, Error, Message, MessageQueueListener, Position, SseChannel};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::model::{Kind, Manner, Model};
use super::random::check;
use super::reader::{Reader, number};
use crate::suite::test;

#[derive(Clone, Debug)]
enum Action {
    Add(Manner),
    Register(usize),
    Remove(usize),
    Start(usize),
    Stop(usize),
    Dispatch(usize),
    Broadcast,
    DeliverNext(usize),
    Open(usize, Kind),
    Watch(Kind),
    Poll(usize),
    GiveBack,
    DropStream(usize),
    Close,
}

fn any_action() -> impl Strategy<Value = Action> {
    let at = || 0usize..6;
    let kind = || prop::sample::select(vec![Kind::Messages, Kind::Events, Kind::Bytes]);
    let manners = vec![Manner::Plain, Manner::Plain, Manner::Picky, Manner::Quitter];
    prop_oneof![
        12 => prop::sample::select(manners).prop_map(Action::Add),
        5 => at().prop_map(Action::Register),
        3 => at().prop_map(Action::Remove),
        20 => at().prop_map(Action::Start),
        5 => at().prop_map(Action::Stop),
        20 => at().prop_map(Action::Dispatch),
        30 => Just(Action::Broadcast),
        15 => at().prop_map(Action::DeliverNext),
        15 => (at(), kind()).prop_map(|(at, kind)| Action::Open(at, kind)),
        5 => kind().prop_map(Action::Watch),
        50 => at().prop_map(Action::Poll),
        8 => Just(Action::GiveBack),
        3 => at().prop_map(Action::DropStream),
        1 => Just(Action::Close),
    ]
}

/// The crate and the model side by side. Listeners and streams have the same indices in both.
#[derive(Default)]
struct Pair {
    channel: SseChannel,
    model: Model,
    listeners: Vec<MessageQueueListener>,
    /// Dropped streams leave a gap.
    readers: Vec<Option<Reader>>,
    /// The item of a stream of messages, if nothing was delivered since: the stream and the
    /// message.
    held: Option<(usize, Delivery<Message>)>,
    /// The event id of each message, by its number; `None` if it could not be sent.
    ids: Vec<Option<String>>,
}

fn code<T>(result: Result<T, impl Into<Error>>) -> Result<T, &'static str> {
    result.map_err(|error| error.into().code())
}

impl Pair {
    /// Runs an action on both, and compares what they answer.
    fn run(&mut self, action: &Action) -> TestCaseResult {
        let (listeners, readers) = (self.listeners.len(), self.readers.len());
        match *action {
            Action::Add(manner) => self.add(manner),
            Action::Register(at) if listeners > 0 => self.register(at % listeners),
            Action::Remove(at) if listeners > 0 => self.remove(at % listeners),
            Action::Start(at) if listeners > 0 => self.start(at % listeners),
            Action::Stop(at) if listeners > 0 => self.stop(at % listeners),
            Action::Dispatch(at) if listeners > 0 => self.dispatch(at % listeners),
            Action::Broadcast => self.broadcast(),
            Action::DeliverNext(at) if listeners > 0 => self.deliver_next(at % listeners),
            Action::Open(at, kind) if listeners > 0 => self.open(at % listeners, kind),
            Action::Watch(kind) => self.watch(kind),
            Action::Poll(at) if readers > 0 => self.poll(at % readers),
            Action::GiveBack => self.give_back(),
            Action::DropStream(at) if readers > 0 => self.drop_stream(at % readers),
            Action::Close => self.close(),
            _ => Ok(()),
        }
    }

    fn add(&mut self, manner: Manner) -> TestCaseResult {
        let listener = MessageQueueListener::new();
        let own = listener.clone();
        if manner != Manner::Plain {
            listener.set_on_message(Some(Rc::new(move |message: &Message| {
                if manner.stops_at(number(message)) {
                    own.stop_sync();
                }
                match manner.refuses(number(message)) {
                    true => Err("refused".into()),
                    false => Ok(()),
                }
            })));
        }
        self.listeners.push(listener);
        self.model.add(manner);
        self.register(self.listeners.len() - 1)
    }

    fn register(&mut self, at: usize) -> TestCaseResult {
        let registered = code(self.channel.register_listener(&self.listeners[at]));
        prop_assert_eq!(registered, self.model.register(at));
        Ok(())
    }

    fn remove(&mut self, at: usize) -> TestCaseResult {
        let removed = code(self.channel.remove_listener(self.listeners[at].id()));
        prop_assert_eq!(removed, self.model.remove(at));
        Ok(())
    }

    fn start(&mut self, at: usize) -> TestCaseResult {
        self.listeners[at].start_sync();
        self.model.start(at);
        Ok(())
    }

    fn stop(&mut self, at: usize) -> TestCaseResult {
        self.listeners[at].stop_sync();
        self.model.stop(at);
        Ok(())
    }

    fn dispatch(&mut self, at: usize) -> TestCaseResult {
        let sent = code(
            self.channel
                .dispatch(self.listeners[at].id(), self.next_message()),
        );
        let expected = self.model.dispatch(at, self.ids.len());
        self.sent(sent, expected)
    }

    fn broadcast(&mut self) -> TestCaseResult {
        let sent = code(self.channel.broadcast(self.next_message()));
        let expected = self.model.broadcast(self.ids.len());
        self.sent(sent, expected)
    }

    fn next_message(&self) -> Message {
        Message::new("number", self.ids.len()).expect("a legal message")
    }

    fn sent(
        &mut self,
        sent: Result<Position, &'static str>,
        expected: Result<(), &'static str>,
    ) -> TestCaseResult {
        prop_assert_eq!(sent.map(drop), expected);
        let id = |position| self.channel.event_id(position).as_str().to_string();
        self.ids.push(sent.ok().map(id));
        Ok(())
    }

    fn deliver_next(&mut self, at: usize) -> TestCaseResult {
        self.held = None;
        let delivered = code(self.channel.deliver_next(self.listeners[at].id()));
        prop_assert_eq!(
            delivered.map(|message| number(&message)),
            self.model.deliver_next(at)
        );
        Ok(())
    }

    fn open(&mut self, at: usize, kind: Kind) -> TestCaseResult {
        let opened = code(Reader::open(&self.channel, &self.listeners[at], kind));
        prop_assert_eq!(
            opened.as_ref().map(|_| ()).map_err(|code| *code),
            self.model.open(at, kind)
        );
        self.readers.extend(opened.ok().map(Some));
        Ok(())
    }

    fn watch(&mut self, kind: Kind) -> TestCaseResult {
        let opened = code(Reader::watch(&self.channel, kind));
        prop_assert_eq!(
            opened.as_ref().map(|_| ()).map_err(|code| *code),
            self.model.watch(kind)
        );
        if let Ok(reader) = opened {
            self.listeners.push(reader.listener().clone());
            self.readers.push(Some(reader));
        }
        Ok(())
    }

    fn poll(&mut self, at: usize) -> TestCaseResult {
        let Some(reader) = &mut self.readers[at] else {
            return Ok(());
        };
        let read = reader.poll(&self.channel);
        prop_assert_eq!(read.answer, self.model.poll(at));
        for (number, id) in read.ids {
            prop_assert_eq!(
                Some(id),
                self.ids[number].clone(),
                "the event id of {}",
                number
            );
        }
        self.held = read.delivery.map(|delivery| (at, delivery));
        Ok(())
    }

    fn give_back(&mut self) -> TestCaseResult {
        if let Some((at, delivery)) = self.held.take()
            && let Some(reader) = &self.readers[at]
        {
            self.model.give_back(at, number(&delivery));
            reader.give_back(delivery);
        }
        Ok(())
    }

    fn drop_stream(&mut self, at: usize) -> TestCaseResult {
        if self.readers[at].take().is_some() {
            self.model.drop_stream(at);
        }
        Ok(())
    }

    fn close(&mut self) -> TestCaseResult {
        self.channel.close();
        self.model.close();
        Ok(())
    }

    /// Compares what can be seen without changing it.
    fn compare(&self) -> TestCaseResult {
        let registered = self
            .model
            .registered
            .iter()
            .map(|at| self.listeners[*at].id().to_string());
        let listeners = self.channel.listeners();
        let listed = listeners.iter().map(|listener| listener.id().to_string());
        prop_assert_eq!(listed.collect::<Vec<_>>(), registered.collect::<Vec<_>>());
        prop_assert_eq!(self.channel.listener_count(), self.model.registered.len());
        for (listener, expected) in self.listeners.iter().zip(&self.model.listeners) {
            let waiting = self.channel.waiting(listener.id()).ok();
            prop_assert_eq!(
                waiting,
                expected.queue.as_ref().map(|queue| queue.len() as u64)
            );
            prop_assert_eq!(listener.is_running_sync(), expected.running);
        }
        for (at, (reader, expected)) in self.readers.iter().zip(&self.model.streams).enumerate() {
            if let (Some(reader), Some(expected)) = (reader, expected)
                && expected.waits
            {
                let wakes = usize::from(expected.called);
                prop_assert_eq!(reader.wakes(), wakes, "wake-ups of stream {}", at);
            }
        }
        Ok(())
    }
}

impl Drop for Pair {
    /// A listener whose callback owns it would stay for ever.
    fn drop(&mut self) {
        self.listeners
            .iter()
            .for_each(|listener| listener.set_on_message(None));
    }
}

#[test]
fn a_channel_does_what_the_plain_model_does() {
    check(600, prop::collection::vec(any_action(), 0..80), |actions| {
        let mut pair = Pair::default();
        for action in &actions {
            pair.run(action)?;
            pair.compare()?;
        }
        Ok(())
    });
}
