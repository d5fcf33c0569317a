//! Streams that wait cost nothing.

use std::thread::sleep;
use std::time::Duration;

use super::support::*;

#[test]
fn a_thousand_idle_streams_take_less_than_a_hundredth_of_a_core() {
    if !cfg!(target_os = "linux") {
        return;
    }
    allow_descriptors();
    let daemon = Daemon::new();
    let channel = daemon.channel();
    let mut watchers = daemon.watch(&channel, 1000);
    let before = daemon.cpu();
    sleep(Duration::from_secs(4));
    let spent = daemon.cpu() - before;
    assert!(spent <= Duration::from_millis(40), "{spent:?} of 4 s");
    daemon.broadcast(&channel, 0..3);
    for watcher in &mut watchers {
        assert_eq!(numbers(watcher, 3), [0, 1, 2]);
    }
    let memory = daemon.memory("VmRSS");
    assert!(memory < 32 * 1024, "{memory} KiB");
}
