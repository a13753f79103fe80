//! Reads and writes trained values as PEFT's `adapter_model.safetensors`.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::error::TrainError;
use crate::parameters::ParameterLayout;

/// Writes the trained values to `path` in f32 under PEFT's names and syncs the file.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, layout: &ParameterLayout, values: &[f32]) -> Result<(), TrainError> {
    let failed = |source| TrainError::file("write", path, source);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut views = BTreeMap::new();
    for slot in layout.slots() {
        let data = &bytes[4 * slot.range.start..4 * slot.range.end];
        let view = TensorView::new(Dtype::F32, slot.shape.clone(), data)
            .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        views.insert(slot.name.as_str(), view);
    }
    let metadata = std::collections::HashMap::from([(String::from("format"), String::from("pt"))]);
    let bytes = safetensors::serialize(views, Some(metadata))
        .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    crate::durable::write(path, &bytes)
}

/// Reads trained values that [`write()`] or PEFT wrote.
///
/// # Errors
/// When the file is broken, or holds other tensors than the layout asks for.
pub fn read(path: &Path, layout: &ParameterLayout) -> Result<Vec<f32>, TrainError> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::file("read", path, source))?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|error| TrainError::checkpoint(path, format!("is not a complete safetensors file: {error}")))?;
    let mut values = vec![0.0; layout.len()];
    for slot in layout.slots() {
        let view = tensors.tensor(&slot.name).map_err(|_| {
            TrainError::checkpoint(
                path,
                format!(
                    "has no tensor `{}`; it was trained with other targets, or on another base model",
                    slot.name
                ),
            )
        })?;
        if view.shape() != slot.shape || view.dtype() != Dtype::F32 {
            return Err(TrainError::checkpoint(
                path,
                format!(
                    "`{}`: expected F32 of shape {:?}, found {:?} of shape {:?}",
                    slot.name,
                    slot.shape,
                    view.dtype(),
                    view.shape()
                ),
            ));
        }
        for (value, bytes) in values[slot.range.clone()]
            .iter_mut()
            .zip(view.data().as_chunks::<4>().0)
        {
            *value = f32::from_le_bytes(*bytes);
        }
    }
    if tensors.len() != layout.slots().len() {
        return Err(TrainError::checkpoint(
            path,
            format!(
                "holds {} tensors where {} are trained; it was trained with other targets",
                tensors.len(),
                layout.slots().len()
            ),
        ));
    }
    Ok(values)
}
