//! The parameters of Rust workers, each the twin of a worker of the same name in ../../src/platform/workers.ts.

use schemars::{schema::RootSchema, schema_for, JsonSchema};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

macro_rules! twins {
  ($($name:literal: $type:ty),* $(,)?) => {
    pub fn all() -> Vec<(&'static str, RootSchema)> {
      vec![$(($name, schema_for!($type))),*]
    }
  };
}

twins! {
  "texts": Texts,
  "numbers": Numbers,
  "booleans": Booleans,
  "defaults": Defaults,
  "lists of texts": ListsOfTexts,
  "segments": Segments,
  "requirements": Requirements,
  "enums": Enums,
  "other lists": OtherLists,
  "optional lists": OptionalLists,
  "unions": Unions,
  "objects": Objects,
  "records": Records,
  "recursive": Recursive,
  "anything": Anything,
  "titles": Titles,
  "media": Media,
  "ported media": PortedMedia,
  "splitter": Splitter,
  "nothing": Nothing,
}

/// As mcai_models and the Rust SDK define it.
#[derive(Clone, Deserialize, JsonSchema, Serialize)]
pub struct MediaSegment {
  pub start: u64,
  pub end: u64,
}

/// As mcai_models and the Rust SDK define it.
#[derive(Clone, Deserialize, JsonSchema, Serialize)]
pub struct Requirement {
  #[serde(default)]
  pub paths: Vec<String>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Texts {
  source_path: String,
  note: Option<String>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Numbers {
  count: u32,
  ratio: f64,
  offset: Option<i64>,
  gain: Option<f32>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Booleans {
  flag: bool,
  maybe: Option<bool>,
}

fn five() -> Option<u32> {
  Some(5)
}

fn half() -> Option<f64> {
  Some(0.5)
}

fn yes() -> Option<bool> {
  Some(true)
}

fn french() -> Option<String> {
  Some("fr".to_string())
}

fn negative() -> Option<i32> {
  Some(-3)
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Defaults {
  #[serde(default = "five")]
  count: Option<u32>,
  #[serde(default = "half")]
  ratio: Option<f64>,
  #[serde(default = "yes")]
  flag: Option<bool>,
  #[serde(default = "french")]
  language: Option<String>,
  #[serde(default = "negative")]
  offset: Option<i32>,
  #[serde(default)]
  none: Option<u32>,
}

fn languages() -> Option<Vec<String>> {
  Some(vec!["fr".to_string(), "en".to_string()])
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct ListsOfTexts {
  source_paths: Vec<String>,
  tags: Option<Vec<String>>,
  #[serde(default = "languages")]
  languages: Option<Vec<String>>,
}

fn first_minute() -> Option<Vec<MediaSegment>> {
  Some(vec![MediaSegment { start: 0, end: 60_000 }])
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Segments {
  segments: Vec<MediaSegment>,
  excluded: Option<Vec<MediaSegment>>,
  #[serde(default = "first_minute")]
  preview: Option<Vec<MediaSegment>>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Requirements {
  requirements: Requirement,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
enum Mode {
  Fast,
  Exact,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Enums {
  mode: Mode,
  fallback: Option<Mode>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct OtherLists {
  integers: Vec<i64>,
  floats: Vec<f64>,
  flags: Vec<bool>,
  tiles: Vec<Requirement>,
  rows: Vec<Vec<String>>,
  pair: (String, f64),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct OptionalLists {
  integers: Option<Vec<i64>>,
  tiles: Option<Vec<Requirement>>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum TextOrNumber {
  Text(String),
  Number(f64),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Unions {
  value: TextOrNumber,
  nullable: Option<String>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Area {
  left: i64,
  top: Option<i64>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Objects {
  area: Area,
  crop: Option<Area>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Records {
  labels: HashMap<String, String>,
  limits: Option<HashMap<String, f64>>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Node {
  name: String,
  children: Vec<Node>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Recursive {
  tree: Node,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Anything {
  value: serde_json::Value,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Titles {
  /// # Source
  /// Where the file is
  source_path: String,
  /// # Note
  note: Option<String>,
  /// # Segments
  segments: Vec<MediaSegment>,
}

fn one() -> Option<u32> {
  Some(1)
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Media {
  source_path: String,
  destination_path: String,
  #[serde(default = "one")]
  batch_size: Option<u32>,
  sdk_start_index: Option<u64>,
  sdk_stop_index: Option<u64>,
  threshold: f64,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct PortedMedia {
  source_path: String,
  destination_path: String,
  #[serde(default = "one")]
  batch_size: Option<u32>,
  sdk_start_index: Option<u64>,
  sdk_stop_index: Option<u64>,
  filter: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Splitter {
  source_path: String,
  requirements: Requirement,
  #[serde(default = "five")]
  count: Option<u32>,
  excluded: Option<Vec<MediaSegment>>,
  labels: Option<Vec<String>>,
}

#[derive(JsonSchema)]
struct Nothing {}
