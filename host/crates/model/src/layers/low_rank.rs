//! The trainable low-rank part of a projection: LoRA (Hu et al. 2021, arXiv:2106.09685), its rank-stabilised scale
//! (Kalajdzievski 2023, arXiv:2312.03732) and DoRA (Liu et al. 2024, arXiv:2402.09353).

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;

/// Low-rank factors beside a frozen weight.
#[derive(Module, Debug)]
pub struct LowRank {
    /// Down-projection `[d_in, rank]`: the transpose of PEFT's `lora_A.weight`.
    pub down: Param<Tensor<2>>,
    /// Up-projection `[rank, d_out]`: the transpose of PEFT's `lora_B.weight`.
    pub up: Param<Tensor<2>>,
    /// DoRA's magnitude per output feature, `[d_out]`: PEFT's `lora_magnitude_vector`.
    pub magnitude: Option<Param<Tensor<1>>>,
    /// `alpha / rank`, or `alpha / sqrt(rank)` for rsLoRA.
    pub scale: f64,
    /// Dropout of the adapter's input while training.
    pub dropout: Dropout,
}

impl LowRank {
    /// An adapter from its factors.
    pub fn new(down: Tensor<2>, up: Tensor<2>, scale: f64, dropout: f64) -> Self {
        Self {
            down: Param::from_tensor(down),
            up: Param::from_tensor(up),
            magnitude: None,
            scale,
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// PEFT's initialisation: the down-projection Kaiming-uniform with `a = sqrt(5)`, that is uniform within
    /// `1 / sqrt(d_in)`; the up-projection zero, so that training starts at the base model.
    ///
    /// Drawn on the host, so that a seed gives the same factors on every device.
    pub fn initial(
        [d_in, d_out]: [usize; 2],
        rank: usize,
        scale: f64,
        dropout: f64,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Self {
        let bound = (d_in as f32).powf(-0.5);
        let values: Vec<f32> = (0..d_in * rank).map(|_| rng.random_range(-bound..bound)).collect();
        let down = Tensor::from_data(TensorData::new(values, [d_in, rank]), device);
        Self::new(down, Tensor::zeros([rank, d_out], device), scale, dropout)
    }

    /// Rank of the factors.
    pub fn rank(&self) -> usize {
        self.down.dims()[1]
    }

    /// The change of the weight, `scale * down * up`, shape `[d_in, d_out]`.
    pub fn delta(&self) -> Tensor<2> {
        self.down.val().matmul(self.up.val()) * self.scale
    }

    /// The low-rank path alone: `scale * (dropout(x) down) up`. Factors are multiplied in the dtype of `x`, whatever
    /// they are kept in.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let dtype = x.dtype();
        let (down, up) = (self.down.val().cast(dtype), self.up.val().cast(dtype));
        x.matmul(down.unsqueeze()).matmul(up.unsqueeze()) * self.scale
    }
}
