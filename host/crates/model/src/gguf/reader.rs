//! Reads a GGUF file's table of contents; tensors stay in the mapped file.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use super::blocks::BlockFormat;
use super::metadata::{MetaValue, Metadata};
use crate::error::{ModelError, Result};

/// An open GGUF file.
#[derive(Debug)]
pub(super) struct GgufFile {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
    pub(super) tensors: BTreeMap<String, GgufTensor>,
    map: Mmap,
}

/// Where a tensor lies and how it is stored.
#[derive(Debug, Clone)]
pub(super) struct GgufTensor {
    /// Dimensions, outermost first (the file lists them innermost first).
    pub(super) shape: Vec<usize>,
    pub(super) format: BlockFormat,
    start: usize,
    bytes: usize,
}

const FETCH_AGAIN: &str = "The download may be incomplete; fetch the file again.";
/// Lists and tables longer than this are taken for damage.
const MAX_ITEMS: u64 = 1 << 24;

impl GgufFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| ModelError::file("open", path, source))?;
        // SAFETY: the map is read-only and private to this value. Another process truncating the file while it is
        // mapped would fault the reader, as with every program that maps model weights.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| ModelError::file("map", path, source))?;
        let contents = Cursor {
            bytes: &map,
            position: 0,
            path,
        }
        .contents();
        let (metadata, tensors) = contents?;
        Ok(Self {
            path: path.to_owned(),
            metadata,
            tensors,
            map,
        })
    }

    /// The tensor's values in f32, row by row.
    pub(super) fn values(&self, tensor: &GgufTensor) -> Vec<f32> {
        tensor
            .format
            .values(&self.map[tensor.start..tensor.start + tensor.bytes])
    }

    pub(super) fn refuse(&self, reason: impl Into<String>, help: impl Into<String>) -> ModelError {
        ModelError::gguf(&self.path, reason, help)
    }
}

type Contents = (Metadata, BTreeMap<String, GgufTensor>);

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    path: &'a Path,
}

impl Cursor<'_> {
    fn contents(&mut self) -> Result<Contents> {
        if self.take(4)? != b"GGUF" {
            return Err(self.broken("it does not begin with `GGUF`"));
        }
        let version = self.u32()?;
        if !(2..=3).contains(&version) {
            return Err(self.broken(&format!("version {version} is not known; 2 and 3 are")));
        }
        let tensor_count = self.count()?;
        let entry_count = self.count()?;
        let mut metadata = Metadata::default();
        for _ in 0..entry_count {
            let key = self.text()?;
            let kind = self.u32()?;
            let value = self.value(kind)?;
            metadata.entries.insert(key, value);
        }
        let mut tensors = BTreeMap::new();
        for _ in 0..tensor_count {
            let (name, tensor) = self.tensor()?;
            tensors.insert(name, tensor);
        }
        let alignment = metadata.whole("general.alignment").unwrap_or(32).clamp(1, 1 << 16) as usize;
        let data = self.position.next_multiple_of(alignment);
        for (name, tensor) in &mut tensors {
            let end = data
                .checked_add(tensor.start)
                .and_then(|start| start.checked_add(tensor.bytes))
                .filter(|end| *end <= self.bytes.len());
            if end.is_none() {
                return Err(self.broken(&format!("truncated: tensor `{name}` lies beyond the end")));
            }
            tensor.start += data;
        }
        Ok((metadata, tensors))
    }

    fn tensor(&mut self) -> Result<(String, GgufTensor)> {
        let name = self.text()?;
        let dimensions = self.u32()?;
        let mut shape = Vec::new();
        for _ in 0..dimensions.min(8) {
            shape.push(self.u64()? as usize);
        }
        shape.reverse();
        let code = self.u32()?;
        let format = BlockFormat::from_code(code).ok_or_else(|| {
            ModelError::gguf(
                self.path,
                format!("tensor `{name}` is quantised in a way that is not supported (type {code})"),
                format!(
                    "Supported: {}. Use another quantisation of the model.",
                    BlockFormat::names()
                ),
            )
        })?;
        let offset = self.u64()? as usize;
        let elements = shape
            .iter()
            .try_fold(1usize, |product, size| product.checked_mul(*size));
        let bytes = elements
            .and_then(|elements| format.bytes_of(elements))
            .ok_or_else(|| self.broken(&format!("tensor `{name}` has the impossible shape {shape:?}")))?;
        let tensor = GgufTensor {
            shape,
            format,
            start: offset,
            bytes,
        };
        Ok((name, tensor))
    }

    fn value(&mut self, kind: u32) -> Result<MetaValue> {
        Ok(match kind {
            0 => MetaValue::Unsigned(u64::from(self.take(1)?[0])),
            1 => MetaValue::Signed(i64::from(self.take(1)?[0] as i8)),
            2 => MetaValue::Unsigned(u64::from(u16::from_le_bytes(self.array()?))),
            3 => MetaValue::Signed(i64::from(i16::from_le_bytes(self.array()?))),
            4 => MetaValue::Unsigned(u64::from(self.u32()?)),
            5 => MetaValue::Signed(i64::from(i32::from_le_bytes(self.array()?))),
            6 => MetaValue::Float(f32::from_le_bytes(self.array()?)),
            7 => MetaValue::Bool(self.take(1)?[0] != 0),
            8 => MetaValue::Text(self.text()?),
            9 => {
                let item_kind = self.u32()?;
                if item_kind == 9 {
                    return Err(self.broken("a list of lists is not supported"));
                }
                let count = self.count()?;
                let items = (0..count).map(|_| self.value(item_kind)).collect::<Result<_>>()?;
                MetaValue::List(items)
            }
            10 => MetaValue::Unsigned(self.u64()?),
            11 => MetaValue::Signed(i64::from_le_bytes(self.array()?)),
            12 => MetaValue::Double(f64::from_le_bytes(self.array()?)),
            other => return Err(self.broken(&format!("metadata of unknown type {other}"))),
        })
    }

    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let end = self.position.checked_add(count).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else {
            return Err(self.broken("truncated: the table of contents ends early"));
        };
        let taken = &self.bytes[self.position..end];
        self.position = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<u64> {
        match self.u64()? {
            count if count <= MAX_ITEMS => Ok(count),
            count => Err(self.broken(&format!("a table of {count} items is not plausible"))),
        }
    }

    fn text(&mut self) -> Result<String> {
        let length = self.u64()?;
        let bytes = self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn broken(&self, reason: &str) -> ModelError {
        ModelError::gguf(self.path, format!("{reason} (byte {})", self.position), FETCH_AGAIN)
    }
}
