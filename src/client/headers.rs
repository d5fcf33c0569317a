//! The headers of a request or a response.

/// Headers. Their names are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Returns the value of a header; of the first one, if there are several of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Sets a header, in place of all others of this name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Returns the names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether the body is an event stream.
    pub(super) fn are_of_event_stream(&self) -> bool {
        let essence = self.get("content-type").unwrap_or_default().split(';');
        let essence = essence.map(str::trim_end).next().unwrap_or_default();
        essence.eq_ignore_ascii_case("text/event-stream")
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let headers = headers.into_iter().map(|(name, value)| {
            let mut name: String = name.into();
            name.make_ascii_lowercase();
            (name, value.into())
        });
        Self(headers.collect())
    }
}
