//! The steps of a connection.
//!
//! Idle -> Requesting -> Open -> (Waiting -> Idle ->) ... -> Ended. A request that brings an event
//! stream opens the connection. A loss ends it, or is followed by a wait and another request, which
//! has the last event ID.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::alarm::Alarm;
use super::clock::Clock;
use super::decoder::{EventStreamDecoder, ReceivedEvent};
use super::error::ConnectError;
use super::handle::ConnectionHandle;
use super::liveness::Liveness;
use super::options::{ConnectOptions, OnState, Reconnect, Resume};
use super::policy::{Decision, Loss, Policy, Refused};
use super::reading::{Brought, Reading};
use super::refusal::Refusal;
use super::request::{Attempt, Request};
use super::state::{ConnectionEnd, State};
use super::transport::{Response, Transport};
use crate::platform::ids;

pub(super) struct Machine<T: Transport, C: Clock> {
    pub(super) request: Request,
    transport: T,
    resume: Option<Resume>,
    retry: Duration,
    connect_timeout: Duration,
    on_state: Option<OnState>,
    policy: Policy,
    pub(super) decoder: EventStreamDecoder,
    liveness: Liveness,
    alarm: Alarm<C>,
    pub(super) handle: ConnectionHandle,
    phase: Phase<T>,
    /// A request may have reached the server.
    is_sent: bool,
    pub(super) end: Option<ConnectionEnd>,
    /// The last item, until it is taken.
    failure: Option<ConnectError>,
}

enum Phase<T: Transport> {
    /// The next attempt is due.
    Idle,
    /// A request was sent, and has until a time to be answered.
    Requesting(Pin<Box<T::Sending>>, Duration),
    Refused(Refusal<T>),
    Open(Reading<T>),
    /// The next attempt is due at a time.
    Waiting(Duration),
    Ended,
}

impl<T: Transport, C: Clock> Machine<T, C> {
    pub(super) fn new(request: Request, transport: T, options: ConnectOptions, clock: C) -> Self {
        let otherwise = match options.resume {
            Some(_) => Reconnect::OnError,
            None if request.is_get() => Reconnect::Always,
            None => Reconnect::Never,
        };
        Self {
            request,
            transport,
            policy: Policy {
                reconnect: options.reconnect.unwrap_or(otherwise),
                has_resume: options.resume.is_some(),
                renews_credentials: options.renews_credentials,
                max_retry: options.max_retry,
                max_retries: options.max_retries,
                retries: 0,
                refused: None,
                has_opened: false,
            },
            resume: options.resume,
            retry: options.retry,
            connect_timeout: options.connect_timeout,
            on_state: options.on_state,
            decoder: EventStreamDecoder::new()
                .with_last_event_id(options.last_event_id)
                .with_max_event_bytes(options.max_event_bytes),
            liveness: Liveness::new(options.heartbeat),
            alarm: Alarm::new(clock),
            handle: ConnectionHandle::default(),
            phase: Phase::Idle,
            is_sent: false,
            end: None,
            failure: None,
        }
    }

    /// Returns the next item of the stream.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<ReceivedEvent, ConnectError>>> {
        loop {
            self.obey(context);
            if self.end.is_some() {
                return Poll::Ready(self.failure.take().map(Err));
            }
            if let Some(event) = ready!(self.step(context)) {
                return Poll::Ready(Some(Ok(event)));
            }
        }
    }

    fn obey(&mut self, context: &Context<'_>) {
        let orders = self.handle.take(context.waker());
        if self.end.is_some() {
            return;
        }
        if orders.closes {
            return self.finish(ConnectionEnd::Left);
        }
        match &self.phase {
            Phase::Open(_) if orders.reconnects && self.policy.reconnect != Reconnect::Never => {
                self.leave_response(true);
                self.phase = Phase::Idle;
            }
            Phase::Waiting(_) if orders.reconnects || orders.checks.is_some() => {
                self.phase = Phase::Idle;
            }
            Phase::Open(_) => {
                if let Some(was_away) = orders.checks {
                    self.liveness.check(was_away, self.alarm.now());
                }
            }
            _ => {}
        }
    }

    /// Takes one step. Returns an event, or `None` when there may be another step at once.
    fn step(&mut self, context: &mut Context<'_>) -> Poll<Option<ReceivedEvent>> {
        match &mut self.phase {
            Phase::Idle => self.begin(),
            Phase::Requesting(sending, until) => match sending.as_mut().poll(context) {
                Poll::Ready(Ok(response)) => self.answered(response),
                Poll::Ready(Err(error)) => {
                    self.lose(Loss::of(ConnectError::Request(Arc::from(error.into()))));
                }
                Poll::Pending => {
                    ready!(self.alarm.poll(*until, context));
                    self.lose(Loss::of(ConnectError::Timeout(self.connect_timeout)));
                }
            },
            Phase::Refused(refusal) => {
                if refusal.poll(context).is_pending() {
                    ready!(self.alarm.poll(refusal.until, context));
                }
                let error = refusal.error();
                match self.policy.refusal(error, self.alarm.unix_time()) {
                    Refused::Gone => self.finish(ConnectionEnd::Gone),
                    Refused::Renew => self.phase = Phase::Idle,
                    Refused::Lost(loss) => self.lose(loss),
                }
            }
            Phase::Open(reading) => {
                let brought = reading.poll(
                    &mut self.decoder,
                    &mut self.liveness,
                    &mut self.alarm,
                    context,
                );
                match ready!(brought) {
                    Brought::Event(event) => return Poll::Ready(Some(event)),
                    Brought::Closed => self.finish(ConnectionEnd::Closed),
                    Brought::Loss(loss) => {
                        self.leave_response(loss.error.is_none());
                        self.lose(loss);
                    }
                }
            }
            Phase::Waiting(until) => {
                ready!(self.alarm.poll(*until, context));
                self.phase = Phase::Idle;
            }
            Phase::Ended => {}
        }
        Poll::Ready(None)
    }

    /// Sends the request of an attempt.
    fn begin(&mut self) {
        let attempt = Attempt {
            retries: self.policy.retries,
            last_event_id: self.decoder.last_event_id().into(),
            refused: self.policy.refused,
        };
        let resumed = self.resume.as_mut().filter(|_| self.is_sent);
        let request = match resumed.map(|resume| resume(&attempt)) {
            None => self.request.clone(),
            Some(Some(request)) => request,
            Some(None) => return self.lose(Loss::of(ConnectError::NothingToResume)),
        };
        self.report(&State::Connecting(attempt.clone()));
        let until = self.alarm.now().saturating_add(self.connect_timeout);
        self.is_sent = true;
        let sending = self.transport.send(request.for_attempt(&attempt), attempt);
        self.phase = Phase::Requesting(Box::pin(sending), until);
    }

    fn answered(&mut self, response: Response<T::Body>) {
        let now = self.alarm.now();
        let Response {
            status, headers, ..
        } = &response;
        if !(200..300).contains(status) || *status == 204 || !headers.are_of_event_stream() {
            self.phase = Phase::Refused(Refusal::new(response, now));
            return;
        }
        self.policy.opened();
        let state = State::Open {
            status: *status,
            headers: headers.clone(),
        };
        self.phase = Phase::Open(Reading::new(response.body, &mut self.decoder, now));
        self.report(&state);
    }

    fn leave_response(&mut self, is_clean: bool) {
        if let Phase::Open(reading) = &self.phase {
            let time = self.alarm.now().saturating_sub(reading.opened_at);
            self.policy.lasted(time, is_clean);
        }
        self.liveness.end();
    }

    fn lose(&mut self, loss: Loss) {
        let base = self.decoder.reconnection_time().unwrap_or(self.retry);
        match self.policy.after(&loss, base, ids::fraction()) {
            Decision::Wait(delay) => {
                self.phase = Phase::Waiting(self.alarm.now().saturating_add(delay));
                let error = loss.error;
                self.report(&State::Waiting { delay, error });
            }
            Decision::End(end) => self.finish(end),
        }
    }

    fn finish(&mut self, end: ConnectionEnd) {
        self.phase = Phase::Ended;
        if let ConnectionEnd::Failed(error) = &end {
            self.failure = Some(error.clone());
        }
        self.end = Some(end.clone());
        self.report(&State::Ended(end));
    }

    fn report(&mut self, state: &State) {
        if let Some(on_state) = &mut self.on_state {
            on_state(state);
        }
    }
}
