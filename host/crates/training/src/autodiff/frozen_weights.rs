//! The frozen matrices of one layer in the dtype of its activations.

use burn::tensor::{DType, Tensor};
use nl2sql_model::layers::DecoderLayer;

/// The matrices `[d_out, d_in]` of a layer's projections; packed ones are opened once for all that reads them, and closed with this.
pub struct LayerWeights {
    matrices: Vec<Tensor<2>>,
}

impl LayerWeights {
    /// Opens the matrices of `layer`.
    pub fn open(layer: &DecoderLayer, dtype: DType) -> Self {
        let projections = layer.projections().into_iter();
        Self {
            matrices: projections
                .map(|projection| projection.weight.matrix(dtype).transpose())
                .collect(),
        }
    }

    /// That of a projection by its place in [`DecoderLayer::PROJECTIONS`].
    pub fn of(&self, place: usize) -> Tensor<2> {
        self.matrices[place].clone()
    }
}
