//! The bindings of the npm package, called as its TypeScript calls them.

use eric_sse::wasm::channels::RawChannel;
use eric_sse::wasm::host::{Host, install_host};
use eric_sse::wasm::messages::JsMessage;
use eric_sse::wasm::streams::{
    CLOSED, ENDED, GIVEN, QUIET, end, next, open_streams, park, take_woken, woken,
};
use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(inline_js = "
    let asked = 0;
    let lastGiven;
    let gifts = 0;
    export const given = () => lastGiven;
    export const timesGiven = () => gifts;
    // In the order of `js/wasm/exceptions.ts`.
    const CODES = [
        'ERIC_INVALID_CHANNEL',
        'ERIC_INVALID_LISTENER',
        'ERIC_INVALID_MESSAGE',
        'ERIC_NO_MESSAGES',
        'ERIC_QUEUE_FULL',
    ];
    export const host = () => ({
        exception: (number, message, detail) =>
            Object.assign(new Error(message), { code: CODES[number], detail }),
        wakeSoon: () => { asked += 1; },
        chunk: () => new Draft(),
        give: (value) => { lastGiven = value; gifts += 1; },
    });
    // What was written, a line each: how it is written is the package's business.
    class Draft {
        text = '';
        #add(...words) { return (this.text += words.join(' ') + '\\n').length; }
        start(retry, id) { return this.#add('start', retry, id); }
        write({ kind, text }) { return this.#add('message', kind, text); }
        event(type, id, data) { return this.#add('event', type, id, data); }
        finish() { return new TextEncoder().encode(this.text); }
    }
    export const timesAsked = () => asked;
    export const message = (kind, text) => ({ kind, text });
    export const codeOf = (error) => String(error?.code);
")]
extern "C" {
    fn host() -> Host;
    #[wasm_bindgen(js_name = timesAsked)]
    fn times_asked() -> u32;
    fn given() -> JsValue;
    #[wasm_bindgen(js_name = timesGiven)]
    fn times_given() -> u32;
    fn message(kind: &str, text: &str) -> JsMessage;
    #[wasm_bindgen(js_name = codeOf)]
    fn code_of(error: &JsValue) -> String;
}

fn channel() -> RawChannel {
    another_life(None, 0.0)
}

fn another_life(epoch: Option<String>, sequence: f64) -> RawChannel {
    install_host(host());
    let (messages, retry) = (10.0, 15_000.0);
    RawChannel::new(
        false,
        retry,
        messages,
        f64::INFINITY,
        f64::INFINITY,
        epoch,
        sequence,
        0.0,
    )
}

/// Registers a running listener without a limit.
fn add(channel: &RawChannel, id: &str) -> usize {
    usize::try_from(channel.add(id, true, 0, 0.0, 0.0, false, None)).unwrap()
}

/// Returns the event id of the newest broadcast.
fn event_id(channel: &RawChannel) -> String {
    channel.event_id(None);
    given().as_string().unwrap()
}

/// Opens a stream of messages, or one of bytes.
fn open(channel: &RawChannel, key: usize, position_events: Option<bool>) -> usize {
    usize::try_from(channel.open(key, ignore(), position_events)).unwrap()
}

/// Sends to everybody. Returns what that returns: the sequence number.
fn broadcast(channel: &RawChannel, message: JsMessage) -> f64 {
    channel.broadcast(message, 5.0, None, 0.0)
}

fn ignore() -> Function {
    Function::new_no_args("")
}

/// Takes something that was given, behind which there is more.
fn taken(stream: usize) -> JsValue {
    assert_eq!(next(stream), GIVEN);
    given()
}

/// Takes something that was given, behind which there is nothing, so that the stream waits.
fn last_taken(stream: usize) -> JsValue {
    assert_eq!(next(stream), GIVEN | QUIET);
    given()
}

fn text(chunk: &JsValue) -> String {
    String::from_utf8(chunk.unchecked_ref::<Uint8Array>().to_vec()).unwrap()
}

#[wasm_bindgen_test]
fn a_message_comes_out_as_the_object_that_went_in() {
    let channel = channel();
    let subscription = add(&channel, "a");
    let stream = open(&channel, subscription, None);
    let sent: JsValue = message("tick", "1").into();
    assert_eq!(broadcast(&channel, sent.clone().unchecked_into()), 1.0);
    let again = message("tick", "2");
    broadcast(&channel, again);
    assert!(taken(stream) == sent);
    last_taken(stream);
    assert_eq!(next(stream), QUIET);
    end(stream);
}

#[wasm_bindgen_test]
fn the_host_is_asked_once_for_all_that_is_woken_in_a_turn() {
    let channel = channel();
    let streams: Vec<_> = ["a", "b", "c"]
        .map(|id| open(&channel, add(&channel, id), None))
        .to_vec();
    take_woken();
    for stream in &streams {
        assert_eq!(next(*stream), QUIET);
    }
    let before = times_asked();
    broadcast(&channel, message("tick", "1"));
    broadcast(&channel, message("tick", "2"));
    assert_eq!(times_asked() - before, 1);
    let mut numbers: Vec<_> = (0..take_woken()).map(woken).collect();
    numbers.sort_unstable();
    assert!(
        numbers
            .into_iter()
            .eq(streams.iter().map(|stream| *stream as u32))
    );
    assert_eq!((take_woken(), woken(0)), (0, u32::MAX));
    streams.into_iter().for_each(end);
}

#[wasm_bindgen_test]
fn streams_at_the_same_place_get_the_same_array() {
    let channel = channel();
    let [a, b] = ["a", "b"].map(|id| {
        let subscription = add(&channel, id);
        open(&channel, subscription, Some(false))
    });
    for stream in [a, b] {
        let start = event_id(&channel);
        assert_eq!(text(&last_taken(stream)), format!("start 15000 {start}\n"));
    }
    for stream in [a, b] {
        assert_eq!(next(stream), QUIET);
    }
    broadcast(&channel, message("tick", "one"));
    assert_eq!(take_woken(), 2);
    let before = times_given();
    assert_eq!(text(&last_taken(a)), "message tick one\n");
    assert_eq!(text(&last_taken(b)), "message tick one\n");
    assert_eq!(times_given() - before, 1, "it crosses once");
    [a, b].into_iter().for_each(end);
}

#[wasm_bindgen_test]
fn a_closed_channel_says_so_and_its_streams_end() {
    let channel = channel();
    let subscription = add(&channel, "a");
    let stream = open(&channel, subscription, None);
    channel.close();
    assert_eq!([next(stream), next(stream)], [CLOSED, ENDED]);
    assert!(!channel.is_running(subscription));
    assert_eq!(broadcast(&channel, message("tick", "1")), 0.0);
    let error = given();
    assert_eq!(code_of(&error), "ERIC_INVALID_CHANNEL");
    end(stream);
}

#[wasm_bindgen_test]
fn what_a_callback_throws_comes_out_of_deliver_as_it_is() {
    let channel = channel();
    let subscription = add(&channel, "a");
    channel.set_on_message(subscription, Some(Function::new_no_args("throw 'refused'")));
    assert_eq!(
        channel.dispatch(subscription, message("tick", "1"), 5.0),
        1.0
    );
    assert!(given().as_string().unwrap().ends_with("-0.1"));
    assert!(!channel.deliver(subscription));
    assert_eq!(given(), JsValue::from_str("refused"));
    assert!(!channel.deliver(subscription));
    assert_eq!(code_of(&given()), "ERIC_NO_MESSAGES");
}

#[wasm_bindgen_test]
fn numbers_that_are_unknown_do_no_harm() {
    let channel = channel();
    let unknown = 4_000_000_000;
    assert_eq!(next(unknown), ENDED);
    assert!(!park(unknown));
    end(unknown);
    channel.remove(unknown);
    channel.set_running(unknown, true);
    assert_eq!(channel.dispatch(unknown, message("tick", "1"), 5.0), 0.0);
    assert_eq!(code_of(&given()), "ERIC_INVALID_LISTENER");
}

#[wasm_bindgen_test]
fn ended_streams_and_removed_listeners_leave_nothing_open() {
    let channel = channel();
    let before = open_streams();
    for _ in 0..1000 {
        let subscription = add(&channel, "a");
        let stream = open(&channel, subscription, Some(false));
        next(stream);
        end(stream);
        channel.remove(subscription);
    }
    assert_eq!(open_streams(), before);
    assert_eq!(add(&channel, "a"), 0);
}

#[wasm_bindgen_test]
fn a_listener_has_everything_up_to_an_id() {
    let channel = channel();
    let subscription = add(&channel, "a");
    assert!(channel.last_id(subscription));
    assert_eq!(given(), event_id(&channel));
    assert!(!channel.last_id(subscription + 1));
}

#[wasm_bindgen_test]
fn a_full_listener_refuses_is_disconnected_or_told() {
    let channel = channel();
    let limited = |id, overflow| channel.add(id, true, overflow, 1.0, 100.0, false, None) as usize;
    let [told, left, refusing] = [
        limited("told", 1),
        limited("left", 2),
        limited("refusing", 3),
    ];
    broadcast(&channel, message("tick", "1"));
    assert_eq!(broadcast(&channel, message("tick", "2")), 0.0);
    let full = given();
    assert_eq!(code_of(&full), "ERIC_QUEUE_FULL");
    let except = Some("refusing\nnobody".into());
    // Negative, as a listener was disconnected: its id is handed over.
    assert_eq!(
        channel.broadcast(message("tick", "3"), 5.0, except, 0.0),
        -2.0
    );
    assert_eq!(given(), "left");
    // Its key stays until it is removed.
    assert_ne!(add(&channel, "next"), left);
    channel.remove(left);
    assert_eq!(add(&channel, "another"), left);
    let stream = open(&channel, told, None);
    let gap = taken(stream).as_string().unwrap();
    assert!(
        gap.starts_with("{\"reason\":\"overflow\",\"missed\":1,"),
        "{gap}"
    );
    assert!(last_taken(stream).is_object());
    end(stream);
    // delivered, replayed, dropped, refused, filtered, discarded, queued, bytes, lag, remembered
    let stats = channel.stats(Some(told));
    assert_eq!(
        stats[..10],
        [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    );
    assert!(channel.waiting_since(told).is_nan() && !channel.waiting_since(refusing).is_nan());
    // broadcasts, refused sends, overflows, kept messages, kept bytes
    assert_eq!(channel.stats(None)[10..], [2.0, 1.0, 2.0, 10.0]);
}

#[wasm_bindgen_test]
fn a_filter_passes_over_what_it_does_not_want_and_what_it_throws_upon() {
    let channel = channel();
    let subscription = add(&channel, "a");
    let filter = Function::new_with_args(
        "sent",
        "if (sent.text === '2') throw 0; return sent.text !== '1'",
    );
    channel.set_filter(subscription, Some(filter));
    for text in ["1", "2", "3"] {
        broadcast(&channel, message("tick", text));
    }
    assert!(channel.deliver(subscription));
    let text = js_sys::Reflect::get(&given(), &"text".into()).unwrap();
    assert_eq!(text.as_string().as_deref(), Some("3"));
    assert_eq!(channel.stats(Some(subscription))[4], 2.0);
}

#[wasm_bindgen_test]
fn a_listener_goes_on_after_an_event_id() {
    let channel = channel();
    broadcast(&channel, message("tick", "1"));
    let last = event_id(&channel);
    broadcast(&channel, message("tick", "2"));
    let subscription = channel.add("a", true, 0, 0.0, 0.0, true, Some(last.clone())) as usize;
    let stream = open(&channel, subscription, None);
    let gap = || taken(stream).as_string().unwrap();
    // A client that presents the same id a second time has not received the gap.
    for _ in 0..2 {
        assert!(taken(stream).is_object());
        assert!(gap().contains("forgotten"));
        assert_eq!(next(stream), QUIET);
        channel.rewind(subscription, &last);
    }
    channel.rewind(subscription, "nonsense");
    assert!(gap().contains("unknown"));
    end(stream);
}

#[wasm_bindgen_test]
fn a_channel_goes_on_as_one_that_has_ended() {
    let channel = another_life(Some("abc".into()), 7.0);
    assert_eq!(event_id(&channel), "abc-7");
    for (text, number) in [("8", 8.0), ("9", 9.0)] {
        assert_eq!(broadcast(&channel, message("tick", text)), number);
    }
    let subscription = channel.add("a", true, 0, 0.0, 0.0, false, Some("abc-8".into()));
    let stream = open(&channel, subscription as usize, Some(false));
    let bytes = text(&last_taken(stream));
    assert_eq!(bytes, "start 15000 abc-8\nmessage tick 9\n");
    end(stream);
}
