//! serde_json.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct User {
    id: u64,
    full_name: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u8>,
}

crate::pairs! {
    fn decode(text: &str) -> Result<User, String> {
        let user: User = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if user.full_name.is_empty() { return Err("no name".to_string()) }
        Ok(user)
    }
    with (r#"{"id":1,"fullName":"A","tags":["x"]}"#), (r#"{"id":1,"fullName":""}"#), (r#"{"id":-1}"#), ("");

    fn encode(id: u64, name: &str) -> serde_json::Result<String> {
        serde_json::to_string(&User { id, full_name: name.trim().to_string(), tags: vec![], age: name.len().try_into().ok() })
    }
    with (3, " bo "), (0, "");

    fn round_trip(id: u64) -> bool {
        let text = encode(id, "n").unwrap();
        decode(&text).is_ok_and(|user| user.id == id && user.tags.is_empty())
    }
    with (4);

    fn pick<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
        let mut at = value;
        for key in path.split('.') {
            at = match at {
                Value::Object(map) => map.get(key)?,
                Value::Array(all) => all.get(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }
    with (&json!({"a": [1, {"b": null}]}), "a.1.b"), (&json!({"a": 1}), "a.b"), (&json!([]), "x");

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(all) => { let mut d = 0; for v in all { d = d.max(depth(v)); } d + 1 }
            Value::Object(map) => { let mut d = 0; for v in map.values() { d = d.max(depth(v)); } d + 1 }
            _ => 0,
        }
    }
    with (&json!([[1], {"a": [[]]}])), (&json!(1));

    fn merge(a: &mut Value, b: Value) {
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => for (key, value) in b { merge(a.entry(key).or_insert(Value::Null), value); },
            (a, b) => *a = b,
        }
    }
    with (&mut json!({"a": {"b": 1}}), json!({"a": {"c": 2}}));

    fn merged() -> Value {
        let mut base = json!({"a": {"b": 1}, "x": [1]});
        merge(&mut base, json!({"a": {"b": 2, "c": 3}, "x": null}));
        base
    }
    with ();

    fn total(text: &str) -> Option<f64> {
        let value: Value = serde_json::from_str(text).ok()?;
        value["items"].as_array()?.iter().map(|item| item["price"].as_f64().unwrap_or(0.0) * item.get("n").and_then(Value::as_u64).unwrap_or(1) as f64).reduce(|a, b| a + b)
    }
    with (r#"{"items":[{"price":1.5,"n":2},{"price":1}]}"#), (r#"{"items":[]}"#), ("{}"), ("x");

    fn build(names: &[&str]) -> Value {
        let mut map = Map::new();
        for (i, name) in names.iter().enumerate() {
            map.insert((*name).to_string(), json!({ "index": i, "upper": name.to_uppercase() }));
        }
        map.retain(|key, _| key != "skip");
        Value::Object(map)
    }
    with (&["a", "skip", "b"]), (&[]);

    fn render(value: &Value) -> String {
        match value {
            Value::Null => "-".to_string(),
            Value::Bool(b) => if *b { "yes" } else { "no" }.to_string(),
            Value::Number(n) if n.is_f64() => format!("{:.1}", n.as_f64().unwrap()),
            Value::Number(n) => n.to_string(),
            Value::String(s) => s.clone(),
            Value::Array(all) => all.len().to_string() + " items",
            Value::Object(map) => { let keys: Vec<&str> = map.keys().map(String::as_str).collect(); keys.join("|") }
        }
    }
    with (&json!(null)), (&json!(true)), (&json!(1.25)), (&json!(3)), (&json!("s")), (&json!([1])), (&json!({"b": 1, "a": 2}));
}
