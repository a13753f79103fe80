//! Root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467).

use burn::module::Module;
use burn::tensor::{DType, Tensor};

use crate::weights::values_of;

/// `y = x / sqrt(mean(x^2) + epsilon) * (scale + offset)` over the last dimension; the scale is frozen.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// Scale per feature as files hold it, shape `[width]`.
    pub scale: Tensor<1>,
    /// Added to the scale. Not folded into it: in bf16 the sum would lose bits that the scale has.
    pub offset: f32,
    /// Added to the mean square.
    pub epsilon: f64,
}

impl RmsNorm {
    /// Normalises `[.., width]`, in f32 whatever the dtype.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        if let Some(normed) = crate::kernels::rms_norm_on_card(self, &x) {
            return normed;
        }
        let dtype = x.dtype();
        let wide = x.cast(DType::F32);
        let inverse = self.inverse_root(wide.clone());
        (wide * inverse * self.factors().unsqueeze()).cast(dtype)
    }

    /// `1 / sqrt(mean(x^2) + epsilon)` over the last dimension.
    pub(crate) fn inverse_root<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        (x.square().mean_dim(D - 1) + self.epsilon).sqrt().recip()
    }

    /// What features are multiplied by, in f32.
    pub fn values(&self) -> Vec<f32> {
        values_of(self.factors())
    }

    /// The same, as a tensor.
    pub(crate) fn factors(&self) -> Tensor<1> {
        let scale = self.scale.clone().cast(DType::F32);
        if self.offset == 0.0 { scale } else { scale + self.offset }
    }
}
