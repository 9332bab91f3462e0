//! A scripted stand-in for the Messages API on loopback: enough for the real client to run without a network.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A running server. It ends with the process.
#[derive(Debug, Clone)]
pub struct MockApi {
    /// Where it listens.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    turns: Vec<Value>,
    next: usize,
    requests: Vec<Value>,
}

impl MockApi {
    /// Starts a server that answers the main conversation with `turns` in order, each a list of content
    /// blocks, and with "All done." after them.
    ///
    /// # Panics
    /// When loopback cannot be listened on.
    pub fn start(turns: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State { turns, next: 0, requests: Vec::new() }));
        let server = Self { port, state: Arc::clone(&state) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        server
    }

    /// The bodies of the main conversation's requests.
    ///
    /// # Panics
    /// When a serving thread panicked.
    pub fn requests(&self) -> Vec<Value> {
        self.state.lock().expect("no panic").requests.clone()
    }

    /// Whether any request carried a text: in the system prompt, a message, or a tool's result.
    pub fn model_saw(&self, needle: &str) -> bool {
        self.requests().iter().any(|request| texts(request).iter().any(|text| text.contains(needle)))
    }
}

/// Every text of a value, whatever it is nested in.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.split('?').next()?.to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    while chunked {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..size]);
        chunked = size > 0;
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = match path.as_str() {
        "/v1/messages" => message(&request, state),
        "/v1/messages/count_tokens" => (false, json!({"input_tokens": 100}).to_string()),
        _ => (false, "{}".to_owned()),
    };
    respond(stream, &answer)
}

fn respond(mut stream: TcpStream, (is_stream, body): &(bool, String)) -> Option<()> {
    let kind = if *is_stream { "text/event-stream; charset=utf-8" } else { "application/json" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nrequest-id: req_mock\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

/// Answers one request: the main conversation by script, side requests (titles and the like) with a word.
fn message(request: &Value, state: &Mutex<State>) -> (bool, String) {
    let tools = request["tools"].as_array().map_or(0, Vec::len);
    let is_main = tools > 0 && request["max_tokens"] != 1;
    let content = if is_main {
        let mut state = state.lock().expect("no panic");
        state.requests.push(request.clone());
        let turn = state.turns.get(state.next).cloned();
        state.next += 1;
        turn.unwrap_or_else(|| json!([{"type": "text", "text": "All done."}]))
    } else {
        json!([{"type": "text", "text": "ok"}])
    };
    let blocks: Vec<Value> = content
        .as_array()
        .cloned()
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(at, mut block)| {
            if block["type"] == "tool_use" {
                let turn = state.lock().expect("no panic").next;
                block["id"] = format!("toolu_mock_{turn:04}_{at:04}").into();
            }
            block
        })
        .collect();
    let stop = if blocks.iter().any(|block| block["type"] == "tool_use") { "tool_use" } else { "end_turn" };
    let usage = json!({"input_tokens": 100, "output_tokens": 20, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0});
    let mut whole = json!({"id": "msg_mock", "type": "message", "role": "assistant", "model": request["model"],
        "content": blocks, "stop_reason": stop, "stop_sequence": null, "usage": usage});
    if request["stream"] != true {
        return (false, whole.to_string());
    }
    let mut text = String::new();
    let mut event = |name: &str, mut data: Value| {
        data["type"] = name.into();
        text.push_str(&format!("event: {name}\ndata: {data}\n\n"));
    };
    whole["content"] = json!([]);
    whole["stop_reason"] = Value::Null;
    event("message_start", json!({"message": whole}));
    for (index, block) in blocks.iter().enumerate() {
        let (start, delta) = if block["type"] == "text" {
            (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": block["text"]}))
        } else {
            let start = json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}});
            (start, json!({"type": "input_json_delta", "partial_json": block["input"].to_string()}))
        };
        event("content_block_start", json!({"index": index, "content_block": start}));
        event("content_block_delta", json!({"index": index, "delta": delta}));
        event("content_block_stop", json!({"index": index}));
    }
    event("message_delta", json!({"delta": {"stop_reason": stop, "stop_sequence": null}, "usage": usage}));
    event("message_stop", json!({}));
    (true, text)
}
