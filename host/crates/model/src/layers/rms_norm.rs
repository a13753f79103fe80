//! Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467).

use burn::module::Module;
use burn::tensor::{DType, Tensor};

/// `y = x / sqrt(mean(x^2) + epsilon) * scale` over the last dimension; the scale is frozen.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// Scale per feature, shape `[width]`.
    pub scale: Tensor<1>,
    /// Added to the mean square.
    pub epsilon: f64,
}

impl RmsNorm {
    /// A norm with the given scale.
    pub fn new(scale: Tensor<1>, epsilon: f64) -> Self {
        Self { scale, epsilon }
    }

    /// Normalises `[.., width]`, in f32 whatever the dtype.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let dtype = x.dtype();
        let wide = x.cast(DType::F32);
        let inverse = (wide.clone().square().mean_dim(D - 1) + self.epsilon).sqrt().recip();
        (wide * inverse * self.scale.clone().cast(DType::F32).unsqueeze()).cast(dtype)
    }
}
