//! The parser, on any input.

use eric_sse::server::Request;
use proptest::prelude::*;
use serde_json::{Value, json};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A text that an event type may be.
fn event_type() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("it fits a line", |text| {
        !text.is_empty() && !text.contains(['\r', '\n', '\0'])
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Request::parse(&bytes);
    }

    /// Pieces of requests find their way further in than bytes do.
    #[test]
    fn any_pieces_are_read_or_refused(pieces in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"", "\\", "\"v\":", "\"c\":", "\"t\":\"t\"", "\"p\":", "\"r\":", "\"b\"", "\"d\"",
        "null", "1e5", "-", "0", "\\u00", "\\ud800", " ", "\r", "ä", "\u{feff}",
    ]), 0..24)) {
        let text = pieces.concat();
        if let Ok(request) = Request::parse(text.as_bytes()) {
            let object: Value = serde_json::from_str(&text).expect("a request is JSON");
            prop_assert!(object.is_object());
            prop_assert_eq!(object.get("v").and_then(Value::as_str).unwrap_or("-"), request.verb());
        }
    }

    #[test]
    fn a_message_is_read_as_it_was_written(c: String, r: String, t in event_type(), p in value()) {
        let text = json!({ "v": "d", "c": c, "r": r, "t": t, "p": p }).to_string();
        let Ok(Request::Dispatch(channel, listener, fields)) = Request::parse(text.as_bytes()) else {
            return Err(TestCaseError::fail(text));
        };
        prop_assert_eq!((&*channel, &*listener), (&*c, &*r));
        prop_assert_eq!(fields.event_type.as_str(), t);
        prop_assert_eq!(fields.payload.expect("it has one").get(), p.to_string());
    }

    #[test]
    fn a_request_that_is_cut_short_is_refused(c: String, t in event_type(), p in value(), cut: prop::sample::Index) {
        let text = json!({ "v": "b", "c": c, "t": t, "p": p }).to_string();
        prop_assert!(Request::parse(&text.as_bytes()[..cut.index(text.len())]).is_err());
    }
}
