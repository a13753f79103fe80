//! What a step gives, chosen on the device where that is possible, and read at once.

use burn::tensor::{Bool, DType, Element, Int, Tensor, TensorData, Transaction};

use crate::error::{InferenceError, Result};
use crate::{Advanced, Wanted};

/// Reads what is wanted of rows of logits `[rows, vocab]`, each with its number there.
pub(super) fn read(logits: Tensor<2>, rows: &[(usize, &Wanted)]) -> Result<Advanced> {
    let logits = logits.inner().cast(DType::F32);
    let numbers = |of: fn(&Wanted) -> bool| -> Vec<usize> {
        let rows = rows.iter().filter(|(_, wanted)| of(wanted));
        rows.map(|(number, _)| *number).collect()
    };
    let read = numbers(|wanted| matches!(wanted, Wanted::Logits));
    let chosen = numbers(|wanted| matches!(wanted, Wanted::Likeliest { .. }));
    let mut transaction = Transaction::default();
    if !read.is_empty() {
        transaction = transaction.register(rows_of(&logits, &read));
    }
    if !chosen.is_empty() {
        let forbidden = rows.iter().filter_map(|(_, wanted)| match wanted {
            Wanted::Likeliest { forbidden } => Some(forbidden.as_deref()),
            Wanted::Nothing | Wanted::Logits => None,
        });
        let logits = masked(rows_of(&logits, &chosen), &forbidden.collect::<Vec<_>>());
        let (peaks, tokens) = logits.max_dim_with_indices(1);
        transaction = transaction.register(peaks).register(tokens);
    }
    let data = transaction.try_execute().map_err(|error| unreadable(&error))?;
    let (logits, choices) = data.split_at(usize::from(!read.is_empty()));
    let mut advanced = Advanced::default();
    if let [logits] = logits {
        advanced.logits = values(logits)?;
    }
    if let [peaks, tokens] = choices {
        let peaks: Vec<f32> = values(peaks)?;
        let tokens: Vec<i64> = values(&tokens.clone().convert::<i64>())?;
        let likeliest = peaks.into_iter().zip(tokens);
        advanced.likeliest = likeliest
            .map(|(peak, token)| (peak > f32::NEG_INFINITY).then_some(token as u32))
            .collect();
    }
    Ok(advanced)
}

fn rows_of(logits: &Tensor<2>, numbers: &[usize]) -> Tensor<2> {
    if numbers.iter().copied().eq(0..logits.dims()[0]) {
        return logits.clone();
    }
    let indices: Vec<i64> = numbers.iter().map(|number| *number as i64).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [numbers.len()]), &logits.device());
    logits.clone().select(0, indices)
}

/// Logits `[rows, vocab]` with those of forbidden tokens at negative infinity.
fn masked(logits: Tensor<2>, forbidden: &[Option<&[bool]>]) -> Tensor<2> {
    if forbidden.iter().all(Option::is_none) {
        return logits;
    }
    let [rows, vocab] = logits.dims();
    let mut hidden = vec![false; rows * vocab];
    for (slots, forbidden) in hidden.chunks_mut(vocab).zip(forbidden) {
        let forbidden = forbidden.unwrap_or_default();
        slots.iter_mut().zip(forbidden).for_each(|(slot, token)| *slot = *token);
    }
    let hidden = Tensor::<2, Bool>::from_data(TensorData::new(hidden, [rows, vocab]), &logits.device());
    logits.mask_fill(hidden, f32::NEG_INFINITY)
}

fn values<E: Element>(data: &TensorData) -> Result<Vec<E>> {
    data.try_to_vec().map_err(|error| unreadable(&error))
}

fn unreadable(error: &dyn std::fmt::Debug) -> InferenceError {
    InferenceError::Logits {
        reason: format!("{error:?}"),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn each_row_gets_what_it_wants() {
        let infinite = f32::NEG_INFINITY;
        let logits = Tensor::from_floats(
            [[1.0, 3.0, 3.0], [7.0, 8.0, 9.0], [0.5, infinite, 0.25], [4.0, 5.0, 6.0]],
            &Device::flex(),
        );
        let likeliest = |forbidden: Option<[bool; 3]>| Wanted::Likeliest {
            forbidden: forbidden.map(Vec::from),
        };
        let wanted = [
            likeliest(None),
            Wanted::Logits,
            likeliest(Some([true, false, true])),
            likeliest(Some([false, false, true])),
        ];
        // Rows of logits need not be in the order of the batch.
        let rows: Vec<(usize, &Wanted)> = [0, 3, 2, 1].into_iter().zip(&wanted).collect();
        let advanced = read(logits, &rows).unwrap();
        assert_eq!(advanced.logits, [4.0, 5.0, 6.0]);
        assert_eq!(
            advanced.likeliest,
            [Some(1), None, Some(1)],
            "the first of equals, none, the best that is allowed"
        );
    }
}
