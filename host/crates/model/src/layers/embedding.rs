//! The embedding table, which may also be the output head.

use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};

/// Vectors of tokens, shape `[vocab, hidden]`; frozen unless named in `modules_to_save`.
#[derive(Module, Debug)]
pub struct TokenEmbedding {
    /// The table. Requires no gradient until [`TokenEmbedding::unfreeze`].
    pub table: Param<Tensor<2>>,
}

impl TokenEmbedding {
    /// A frozen table.
    pub fn new(table: Tensor<2>) -> Self {
        Self {
            table: Param::from_tensor(table).set_require_grad(false),
        }
    }

    /// Looks tokens up: `[rows, length]` to `[rows, length, hidden]`.
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        burn::tensor::module::embedding(self.table.val(), tokens)
    }

    /// The table as an output head: `[positions, hidden]` to `[positions, vocab]`.
    pub fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        let table = self.table.val().cast(hidden.dtype());
        hidden.matmul(table.transpose())
    }

    /// Makes the table trainable.
    #[must_use]
    pub fn unfreeze(self) -> Self {
        Self {
            table: self.table.set_require_grad(true),
        }
    }
}
