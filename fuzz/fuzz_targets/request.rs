//! Any bytes that a client sends to the socket server are a request, or are refused by a short text
//! that repeats nothing of them.
//!
//! The input is taken as it is. Accepted requests are compared with another reader's result for the
//! same bytes, written anew and read again. Then they are spoilt in ways that have to be refused.
#![no_main]

use std::collections::BTreeMap;

use eric_sse::server::{MessageFields, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// No text about a request is longer, whatever the request.
const LONGEST_TEXT: usize = 200;

fuzz_target!(|bytes: &[u8]| match Request::parse(bytes) {
    Ok(request) => check_request(bytes, &request),
    Err(error) => check_refusal(bytes, &error.to_string()),
});

/// A request in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Read<'a> {
    verb: &'static str,
    channel: Option<&'a str>,
    listener: Option<&'a str>,
    message: Option<(&'a str, Option<&'a str>)>,
}

fn read<'a>(request: &'a Request<'_>) -> Read<'a> {
    fn message<'a>(fields: &'a MessageFields<'_>) -> Option<(&'a str, Option<&'a str>)> {
        Some((
            fields.event_type.as_str(),
            fields.payload.map(RawValue::get),
        ))
    }
    let (channel, listener, message) = match request {
        Request::Create(id) | Request::Stats(id) => (id.as_deref(), None, None),
        Request::Register(c) | Request::Watch(c, _) | Request::RemoveChannel(c) => {
            (Some(&**c), None, None)
        }
        Request::Dispatch(c, r, fields) => (Some(&**c), Some(&**r), message(fields)),
        Request::Broadcast(c, fields) => (Some(&**c), None, message(fields)),
        Request::BroadcastToAll(fields) => (None, None, message(fields)),
        Request::Listen(c, r, _) | Request::RemoveListener(c, r) => (Some(&**c), Some(&**r), None),
    };
    Read {
        verb: request.verb(),
        channel,
        listener,
        message,
    }
}

fn check_request(bytes: &[u8], request: &Request<'_>) {
    let text = std::str::from_utf8(bytes).expect("a request is UTF-8");
    let this = read(request);

    // As another reader has it, which takes the last of two equal keys: here every key is unique.
    let object: BTreeMap<String, &RawValue> = serde_json::from_str(text).expect("it is an object");
    let string = |key: &str| serde_json::from_str::<String>(object.get(key)?.get()).ok();
    assert!(
        object
            .keys()
            .all(|key| "cvtprn".contains(&**key) && key.len() == 1)
    );
    assert_eq!(string("v").as_deref().unwrap_or("-"), this.verb);
    // A field that the verb does not want is passed over.
    if this.channel.is_some() {
        assert_eq!(string("c").as_deref(), this.channel);
    }
    if this.listener.is_some() {
        assert_eq!(string("r").as_deref(), this.listener);
    }
    if let Some((event_type, payload)) = this.message {
        assert_eq!(string("t").as_deref(), Some(event_type));
        assert!(!event_type.is_empty() && !event_type.contains(['\r', '\n', '\0']));
        assert_eq!(payload.is_some(), object.contains_key("p"));
        if let Some(payload) = payload {
            assert_eq!(object["p"].get(), payload, "the text that was sent");
            assert!(keys_are_unique(payload), "{payload}");
        }
    }

    // Written anew, it is the same.
    let again = written(&this);
    let reread = Request::parse(again.as_bytes()).expect("what was read can be written");
    assert_eq!(read(&reread), this, "{again}");

    // The spoilt bytes are no request.
    let refused = |bytes: &[u8], what: &str| match Request::parse(bytes) {
        Ok(_) => panic!("{what} is accepted"),
        Err(error) => check_refusal(bytes, &error.to_string()),
    };
    refused(
        &[b"\xEF\xBB\xBF", again.as_bytes()].concat(),
        "a byte-order mark",
    );
    refused(format!("{again}{again}").as_bytes(), "a second object");
    refused(&again.as_bytes()[..again.len() - 1], "half an object");
    refused(&[again.as_bytes(), b"\xFF"].concat(), "what is no UTF-8");
    let with = |field: &str| match again.as_str() {
        "{}" => format!("{{{field}}}"),
        _ => format!("{},{field}}}", &again[..again.len() - 1]),
    };
    refused(with("\"x\":1").as_bytes(), "an unknown field");
    for key in ["c", "v", "t", "p", "r"] {
        // The key, and the same in an escape.
        let escaped = format!("\\u{:04x}", key.as_bytes()[0]);
        for key_again in [key, &escaped] {
            if this.has(key) {
                refused(
                    with(&format!("\"{key_again}\":null")).as_bytes(),
                    "a key that is there twice",
                );
            }
        }
        if this.has(key) && this.needs(key) {
            let without: String = written_without(&this, key);
            refused(without.as_bytes(), "a missing field");
        }
    }
    if this.message.is_some() {
        for payload in [
            "NaN",
            "-Infinity",
            "1e999",
            "{\"a\":1,\"a\":1}",
            "[\"\\ud800\"]",
            "01",
            "",
        ] {
            refused(with_payload(&this, payload).as_bytes(), payload);
        }
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        refused(with_payload(&this, &deep).as_bytes(), "deep nesting");
    }
}

impl Read<'_> {
    fn has(&self, key: &str) -> bool {
        match key {
            "c" => self.channel.is_some(),
            "v" => self.verb != "-",
            "r" => self.listener.is_some(),
            "t" => self.message.is_some(),
            _ => self.message.is_some_and(|(_, payload)| payload.is_some()),
        }
    }

    /// Returns whether the request is invalid without a field that it has.
    fn needs(&self, key: &str) -> bool {
        match key {
            // A message with an id and without a verb is not for everybody.
            "v" => true,
            "p" => false,
            "c" => !matches!(self.verb, "c" | "s"),
            _ => true,
        }
    }
}

fn written(request: &Read<'_>) -> String {
    written_without(request, "")
}

fn written_without(request: &Read<'_>, left_out: &str) -> String {
    let payload = request.message.and_then(|(_, payload)| payload);
    let mut fields = Map::new();
    let mut add = |key: &str, value: Option<&str>| {
        if let Some(value) = value
            && key != left_out
        {
            fields.insert(key.into(), json!(value));
        }
    };
    add("v", (request.verb != "-").then_some(request.verb));
    add("c", request.channel);
    add("r", request.listener);
    add("t", request.message.map(|(event_type, _)| event_type));
    let head = Value::Object(fields).to_string();
    match payload.filter(|_| left_out != "p") {
        Some(payload) if head == "{}" => format!("{{\"p\":{payload}}}"),
        Some(payload) => format!("{},\"p\":{payload}}}", &head[..head.len() - 1]),
        None => head,
    }
}

fn with_payload(request: &Read<'_>, payload: &str) -> String {
    let head = written_without(request, "p");
    format!("{},\"p\":{payload}}}", &head[..head.len() - 1])
}

/// Whether no object has a key twice. Counts the members of the text, and of what keeps one of
/// each.
fn keys_are_unique(payload: &str) -> bool {
    let value: Value = serde_json::from_str(payload).expect("it was read before");
    fn members(value: &Value) -> usize {
        match value {
            Value::Array(values) => values.iter().map(members).sum(),
            Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
            _ => 0,
        }
    }
    // Outside of strings a colon stands for a member.
    let (mut colons, mut inside, mut escaped) = (0, false, false);
    for byte in payload.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => inside = !inside,
            b':' if !inside => colons += 1,
            _ => {}
        }
    }
    colons == members(&value)
}

/// The words of all reasons. Others are the request's, and so are long numbers.
const WORDS: &str = "\
    a above an and appears are at b be byte c cannot carriage channel character characters column \
    comma contains control d digits does empty end EOF error escape event events exceeded \
    expected feed field fields finite fit float found has hex holds how id ident in invalid is it \
    JSON key l leading letters limit line list listener lone many mark message missing must n NaN \
    no not NUL null number object of on one or order out p parsing passed payload point quotes r \
    range rc read recursion request return rl s starts stream string surrogate t the there they \
    to trailing twice type u0000 u001F unexpected unicode unknown UTF v value verb w which while \
    whole with";

fn check_refusal(bytes: &[u8], text: &str) {
    let shown = String::from_utf8_lossy(bytes);
    assert!(text.len() <= LONGEST_TEXT, "{shown}: {text}");
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        let is_number = word.len() <= 7 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = WORDS.split(' ').any(|known| known == word);
        assert!(is_number || is_word, "{shown}: {text}: {word}");
    }
}
