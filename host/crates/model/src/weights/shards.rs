//! The safetensors files of a folder, memory-mapped and looked up by tensor name.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::error::{ModelError, Result};

const FETCH_AGAIN: &str = "The download may be incomplete; fetch the file again.";

/// Where one tensor lies.
#[derive(Debug, Clone)]
struct Location {
    file: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    start: usize,
    end: usize,
}

/// A borrowed tensor: its dtype, shape and little-endian bytes.
#[derive(Debug, Clone, Copy)]
pub struct TensorView<'a> {
    /// Element type.
    pub dtype: Dtype,
    /// Dimensions, outermost first.
    pub shape: &'a [usize],
    /// Bytes in the mapped file.
    pub bytes: &'a [u8],
}

/// Every tensor of one or several safetensors files.
#[derive(Debug)]
pub struct ShardedTensors {
    files: Vec<(PathBuf, Mmap)>,
    tensors: BTreeMap<String, Location>,
}

impl ShardedTensors {
    /// Opens a model folder: `model.safetensors.index.json` with its shards, or `model.safetensors`.
    ///
    /// # Errors
    /// When files are missing, truncated or not safetensors.
    pub fn open_folder(folder: &Path) -> Result<Self> {
        let index = folder.join("model.safetensors.index.json");
        if index.exists() {
            return Self::open_index(folder, &index);
        }
        let single = folder.join("model.safetensors");
        if single.exists() {
            return Self::open_files(vec![single]);
        }
        Err(ModelError::weights(
            folder,
            "no model.safetensors and no model.safetensors.index.json",
            "Give a Hugging Face model folder with safetensors weights, or import a GGUF file first.",
        ))
    }

    /// Opens the given files.
    ///
    /// # Errors
    /// As [`ShardedTensors::open_folder`].
    pub fn open_files(paths: Vec<PathBuf>) -> Result<Self> {
        let mut opened = Self {
            files: Vec::new(),
            tensors: BTreeMap::new(),
        };
        for path in paths {
            opened.add_file(path)?;
        }
        Ok(opened)
    }

    fn open_index(folder: &Path, index: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(index).map_err(|source| ModelError::file("read", index, source))?;
        let document: Value = serde_json::from_str(&text).map_err(|source| ModelError::json(index, source))?;
        let map = document
            .get("weight_map")
            .and_then(Value::as_object)
            .ok_or_else(|| ModelError::weights(index, "no `weight_map` object", FETCH_AGAIN))?;
        let mut names: Vec<&str> = map.values().filter_map(Value::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        if let Some(missing) = paths.iter().find(|path| !path.exists()) {
            return Err(ModelError::weights(
                missing,
                format!("this shard is named by {} but is not there", index.display()),
                "Fetch the missing shard into the model folder.",
            ));
        }
        let opened = Self::open_files(paths)?;
        if let Some(name) = map.keys().find(|name| !opened.tensors.contains_key(*name)) {
            return Err(ModelError::weights(
                index,
                format!("tensor `{name}` is listed but in none of the shards"),
                FETCH_AGAIN,
            ));
        }
        Ok(opened)
    }

    fn add_file(&mut self, path: PathBuf) -> Result<()> {
        let file = File::open(&path).map_err(|source| ModelError::file("open", &path, source))?;
        // SAFETY: the map is read-only and private to this value. Another process truncating the file while it is
        // mapped would fault the reader, as with every program that maps model weights.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| ModelError::file("map", &path, source))?;
        let (header, metadata) = SafeTensors::read_metadata(&map).map_err(|error| {
            ModelError::weights(&path, format!("not a complete safetensors file: {error}"), FETCH_AGAIN)
        })?;
        let data_start = header + std::mem::size_of::<u64>();
        for (name, info) in metadata.tensors() {
            let location = Location {
                file: self.files.len(),
                dtype: info.dtype,
                shape: info.shape.clone(),
                start: data_start + info.data_offsets.0,
                end: data_start + info.data_offsets.1,
            };
            if location.end > map.len() {
                return Err(ModelError::weights(
                    &path,
                    format!(
                        "truncated: tensor `{name}` ends at byte {} of {}",
                        location.end,
                        map.len()
                    ),
                    FETCH_AGAIN,
                ));
            }
            self.tensors.insert(name, location);
        }
        self.files.push((path, map));
        Ok(())
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<TensorView<'_>> {
        self.tensors.get(name).map(|location| TensorView {
            dtype: location.dtype,
            shape: &location.shape,
            bytes: &self.files[location.file].1[location.start..location.end],
        })
    }

    /// The file a tensor lies in, or the first file for messages about absent tensors.
    pub fn path_of(&self, name: &str) -> &Path {
        let file = self.tensors.get(name).map_or(0, |location| location.file);
        self.files.get(file).map_or(Path::new(""), |(path, _)| path)
    }
}

impl TensorView<'_> {
    /// The values in f32, or `None` for a dtype that is not floating point of at most 32 bits.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        let halves = |convert: fn([u8; 2]) -> f32| {
            let pairs = self.bytes.chunks_exact(2);
            Some(pairs.map(|pair| convert([pair[0], pair[1]])).collect())
        };
        match self.dtype {
            Dtype::F32 => {
                let words = self.bytes.chunks_exact(4);
                Some(
                    words
                        .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                        .collect(),
                )
            }
            Dtype::F16 => halves(|pair| f16::from_le_bytes(pair).to_f32()),
            Dtype::BF16 => halves(|pair| bf16::from_le_bytes(pair).to_f32()),
            _ => None,
        }
    }
}
