//! Operations of a decoder layer, forward and backward, that take one launch on graphics cards.
//!
//! Each stands here twice: in burn's tensor operations, which every device has, and below `cube` as a CubeCL kernel for the devices that
//! CubeCL computes on (CUDA, wgpu). Gradients are written out, so that no graph is recorded; tensors that have one take burn's operations.
//! Kernels compute in f32 whatever the dtype of their tensors.

mod adamw;
mod cross_entropy;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod cube;
mod gated_activation;
mod heads;
mod low_rank;
mod masked_softmax;
mod rms_norm;

pub use adamw::{AdamWStep, AdamWTensors, adamw};
pub use cross_entropy::cross_entropy;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub(crate) use cube::{packed_blocks::open as open_blocks, rms_norm::forward as rms_norm_on_card};
pub use gated_activation::{gated, gated_backward};
pub use heads::{HeadLayout, heads, heads_backward};
pub use low_rank::{Factor, accumulate_gradients, add_low_rank, project_down};
pub use masked_softmax::{VisibleKeys, masked_softmax, masked_softmax_backward};
pub use rms_norm::rms_norm_backward;

/// Takes the kernel where the tensors lie on a device that CubeCL computes on, else burn's operations.
macro_rules! kernel_or {
    ($kernel:expr, $plain:expr) => {{
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        if let Some(result) = $kernel {
            return result;
        }
        $plain
    }};
}
use kernel_or;
