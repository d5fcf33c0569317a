//! Invalid requests: they are refused with a reason, and no other client notices.

use super::support::*;

/// Requests, and a word of the reason.
fn malformed() -> Vec<(Vec<u8>, &'static str)> {
    let nested = |open: &str, close: &str| {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        format!(r#"{{"t":"SECRET","p":{open}1{close}}}"#).into_bytes()
    };
    let mut table: Vec<(Vec<u8>, &str)> = vec![
        (b"\xEF\xBB\xBF{\"v\":\"c\"}".to_vec(), "byte-order mark"),
        (b"{\"t\":\"SECRET\",\"p\":\"\xFF\"}".to_vec(), "UTF-8"),
        (
            b"{\"t\":\"SECRET\",\"p\":\"\xED\xA0\x80\"}".to_vec(),
            "UTF-8",
        ),
        (b"\x00\x01\x02".to_vec(), "JSON object"),
        (b"[".repeat(100_000), "JSON object"),
        (b"{\"t\":".repeat(100_000), "cannot be read"),
        (nested("[", "]"), "recursion limit"),
        (nested("{\"a\":", "}"), "recursion limit"),
    ];
    let texts = [
        ("SECRET", "JSON object"),
        ("\"SECRET\"", "JSON object"),
        ("[1]", "JSON object"),
        ("null", "JSON object"),
        ("{", "EOF"),
        (r#"{"t":"SECRET"#, "EOF"),
        (r#"{"t":"SECRET","p":1"#, "EOF"),
        (r#"{"t":"SECRET","p":NaN}"#, "expected value"),
        (r#"{"t":"SECRET","p":[Infinity]}"#, "expected value"),
        (r#"{"t":"SECRET","p":1e999}"#, "out of range"),
        (r#"{"t":"SECRET","p":01}"#, "number"),
        (r#"{"t":"SECRET","p":"\ud800"}"#, "payload"),
        (r#"{"t":"SECRET","p":{"a":1,"a":2}}"#, "twice"),
        (r#"{"t":"SECRET","p":[{"a":1,"\u0061":2}]}"#, "twice"),
        (r#"{"t":"SECRET","t":"u"}"#, "twice"),
        (r#"{"v":"c","v":"c"}"#, "twice"),
        (r#"{"v":"c"} {"v":"c"}"#, "trailing"),
        (r#"{"v":"c"}x"#, "trailing"),
        (r#"{"v":"c",}"#, "trailing comma"),
        (r#"{'v':'c'}"#, "key must be a string"),
        (r#"{"v":"c","SECRET":1}"#, "unknown"),
        (r#"{"v":"SECRET"}"#, "unknown"),
        (r#"{"v":null,"t":"SECRET"}"#, "null"),
        (r#"{"v":1}"#, "not a string"),
        (r#"{"v":"r","c":["SECRET"]}"#, "not a string"),
        (r#"{"v":"r"}"#, "missing"),
        (r#"{"v":"d","c":"SECRET","t":"t"}"#, "missing"),
        (r#"{"v":"d","c":"a","r":1,"t":"t"}"#, "not a string"),
        (r#"{"v":"b","c":"SECRET","p":1}"#, "missing"),
        (r#"{"v":"b","c":"SECRET","t":null}"#, "missing"),
        (r#"{"v":"b","c":"SECRET","t":""}"#, "empty"),
        (r#"{"v":"b","c":"SECRET","t":"a\nb"}"#, "line feed"),
        ("{}", "missing"),
    ];
    table.extend(texts.map(|(text, reason)| (text.as_bytes().to_vec(), reason)));
    table
}

#[test]
fn an_invalid_request_is_refused_with_a_reason_and_without_an_echo() {
    let daemon = Daemon::new();
    for (request, reason) in malformed() {
        let shown = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
        let (code, message) = error(&daemon.ask(&request));
        assert_eq!(code, "ERIC_INVALID_MESSAGE", "{shown}");
        assert!(
            message.starts_with("InvalidMessageFormat: "),
            "{shown}: {message}"
        );
        assert!(message.contains(reason), "{shown}: {message}");
        assert!(!message.contains("SECRET"), "{shown}: {message}");
        assert!(message.len() < 200, "{shown}: {message}");
    }
    daemon.is_well();
}

#[test]
fn a_connection_continues_after_an_invalid_request() {
    let daemon = Daemon::new();
    let mut requests = Vec::new();
    for (request, _) in malformed() {
        requests.extend(request);
        requests.extend(b"\n{\"v\":\"s\"}\n");
    }
    let answers = daemon.ask(requests);
    for (number, line) in answers.lines().enumerate() {
        assert_eq!(
            line.starts_with("{\"error\""),
            number % 2 == 0,
            "{number}: {line}"
        );
    }
    assert_eq!(answers.lines().count(), 2 * malformed().len());
}

#[test]
fn an_empty_connection_and_blank_lines_are_skipped() {
    let daemon = Daemon::new();
    assert_eq!(daemon.ask(""), "");
    assert_eq!(daemon.ask("\n \r\n\t"), "");
    drop(daemon.connect());
    daemon.is_well();
}

#[test]
fn a_127_fold_nested_payload_gets_through() {
    let daemon = Daemon::new();
    let payload = format!("{}{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(daemon.ask(format!(r#"{{"t":"t","p":{payload}}}"#)), "ack");
}
