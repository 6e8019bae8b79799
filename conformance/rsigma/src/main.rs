//! Runs the engine of rsigma, unchanged, over a file of rules and a file of events (one JSON object a line).
//!
//!     rsigma-peer eval  RULES EVENTS            one JSON line a result, with the number of its event from 0
//!     rsigma-peer bench RULES EVENTS [--routed] [--index] [--rounds=N] [--time=FIELD]
//!                                               seconds a round from bytes to results, and what they were
//!     rsigma-peer load  RULES                   seconds to read and compile the rules
use rsigma_eval::{CorrelationConfig, CorrelationEngine, EvaluationResult, JsonEvent, LogSourceExtractor, ResultBody};
use rsigma_parser::{SigmaCollection, parse_sigma_yaml};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| args.iter().find_map(|arg| arg.strip_prefix(name)).map(str::to_string);
    match args.get(1).map(String::as_str) {
        Some("eval") => eval(&args[2], &args[3]),
        Some("bench") => bench(&args[2], &args[3], &option),
        Some("load") => {
            let text = fs::read_to_string(&args[2]).expect("the rules are there");
            let started = Instant::now();
            let engine = engine(&collection(&text), &option);
            let seconds = started.elapsed().as_secs_f64();
            println!("{}", json!({ "seconds": seconds, "cpuSeconds": cpu_seconds(), "rules": engine.detection_rule_count(), "peakMib": peak_mib() }));
        }
        _ => panic!("eval, bench or load"),
    }
}

fn collection(text: &str) -> SigmaCollection {
    let collection = parse_sigma_yaml(text).expect("the rules are YAML");
    assert!(collection.errors.is_empty(), "{:?}", collection.errors);
    collection
}

/// Panics where a rule is refused.
fn engine(collection: &SigmaCollection, option: &dyn Fn(&str) -> Option<String>) -> CorrelationEngine {
    let mut config = CorrelationConfig { max_state_entries: 10_000_000, ..CorrelationConfig::default() };
    config.timestamp_fields.insert(0, option("--time=").unwrap_or("time".into()));
    let mut engine = CorrelationEngine::new(config);
    if option("--index").is_some() {
        engine.set_cross_rule_ac(true);
    }
    if option("--routed").is_some() {
        engine.set_logsource_extractor(Some(LogSourceExtractor::new().with_field_names("ls_product", "ls_service", "ls_category")));
    }
    engine.add_collection(collection).expect("the rules compile");
    engine
}

fn eval(rules: &str, events: &str) {
    let none = |_: &str| None;
    let mut engine = engine(&collection(&fs::read_to_string(rules).expect("the rules are there")), &none);
    let text = fs::read_to_string(events).expect("the events are there");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (at, line) in text.lines().enumerate() {
        let value: Value = serde_json::from_str(line).expect("an event is JSON");
        for EvaluationResult { header, body } in engine.process_event(&JsonEvent::borrow(&value)) {
            let told = match body {
                ResultBody::Detection(_) => json!({ "event": at, "rule": header.rule_id }),
                ResultBody::Correlation(fired) => json!({
                    "event": at,
                    "rule": header.rule_id,
                    "group": fired.group_key,
                    "value": fired.aggregated_value,
                }),
            };
            writeln!(out, "{told}").expect("somebody reads");
        }
    }
}

/// From the bytes of the events to results: each line is parsed, evaluated, and the ids of what it matched are written down.
fn bench(rules: &str, events: &str, option: &dyn Fn(&str) -> Option<String>) {
    let collection = collection(&fs::read_to_string(rules).expect("the rules are there"));
    let text = fs::read_to_string(events).expect("the events are there");
    let rounds: usize = option("--rounds=").map_or(1, |n| n.parse().expect("a number"));
    for _ in 0..rounds {
        let mut engine = engine(&collection, option);
        let mut found = String::new();
        let (mut matches, mut count) = (0u64, 0u64);
        let mut nanos: Vec<u32> = Vec::new();
        let (started, cpu_started) = (Instant::now(), cpu_seconds());
        let mut last = started;
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).expect("an event is JSON");
            for result in engine.process_event(&JsonEvent::borrow(&value)) {
                matches += 1;
                if result.is_correlation() {
                    found.push('+');
                }
                write!(found, "{} ", result.header.rule_id.as_deref().unwrap_or("-")).expect("text grows");
            }
            found.push('\n');
            count += 1;
            let now = Instant::now();
            nanos.push((now - last).as_nanos() as u32);
            last = now;
        }
        let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu_started);
        nanos.sort_unstable();
        let p99 = nanos[(nanos.len() * 99 / 100).min(nanos.len() - 1)];
        if let Some(file) = option("--found=") {
            fs::write(file, &found).expect("the folder is there");
        }
        println!(
            "{}",
            json!({ "seconds": seconds, "cpuSeconds": cpu, "events": count, "matches": matches, "p99us": f64::from(p99) / 1000.0, "groups": engine.state_count(), "peakMib": peak_mib() })
        );
    }
}

/// What the process, of one thread, has had of a processor; 0 where the system does not say.
fn cpu_seconds() -> f64 {
    let nanos = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    nanos.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// The most memory that the process ever held; 0 where the system does not say.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
