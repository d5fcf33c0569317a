//! A transport of `eric_sse::client` over the `fetch` of JavaScript: in windows, workers and Node.
#![cfg(target_arch = "wasm32")]

use eric_sse::client::{Headers, Request, Response, Transport, transport_fn};
use futures::{Stream, stream};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestCache, RequestInit};

/// Sends the requests of a connection by `fetch`.
pub fn transport() -> impl Transport {
    transport_fn(async |request: Request, _attempt| {
        let abort = Abort(AbortController::new().map_err(text)?);
        let response: web_sys::Response = fetch(&request, &abort)
            .await
            .and_then(JsCast::dyn_into)
            .map_err(text)?;
        let entries = Array::from(&response.headers().entries());
        let headers: Headers = entries
            .iter()
            .map(|entry| {
                let entry = Array::from(&entry);
                let part = |index| entry.get(index).as_string().unwrap_or_default();
                (part(0), part(1))
            })
            .collect();
        Ok(Response {
            status: response.status(),
            headers,
            body: Box::pin(body(&response, abort)),
        })
    })
}

/// Ends a request when it is dropped.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn fetch(request: &Request, abort: &Abort) -> Result<JsValue, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in request.headers.iter() {
        // A header holds bytes: text beyond ASCII goes as UTF-8.
        let bytes: String = value.bytes().map(char::from).collect();
        headers.set(name, &bytes)?;
    }
    let init = RequestInit::new();
    init.set_method(&request.method);
    init.set_headers(&headers);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&abort.0.signal()));
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(&**body));
    }
    let global = js_sys::global();
    let fetch: Function = Reflect::get(&global, &"fetch".into())?.dyn_into()?;
    let promise: Promise = fetch
        .call2(&global, &JsValue::from_str(&request.url), &init)?
        .dyn_into()?;
    JsFuture::from(promise).await
}

/// The chunks of a body. The request is aborted when they are dropped.
fn body(
    response: &web_sys::Response,
    abort: Abort,
) -> impl Stream<Item = Result<Vec<u8>, String>> + use<> {
    let reader: Option<ReadableStreamDefaultReader> = response
        .body()
        .map(|body| body.get_reader().unchecked_into());
    stream::try_unfold((reader, abort), async |(reader, abort)| {
        let Some(open) = &reader else {
            return Ok(None);
        };
        let result = JsFuture::from(open.read()).await.map_err(text)?;
        let get = |name: &str| Reflect::get(&result, &name.into()).map_err(text);
        if get("done")?.is_truthy() {
            return Ok(None);
        }
        let chunk: Uint8Array = get("value")?.dyn_into().map_err(text)?;
        Ok(Some((chunk.to_vec(), (reader, abort))))
    })
}

fn text(error: JsValue) -> String {
    String::from(js_sys::Object::from(error).to_string())
}
