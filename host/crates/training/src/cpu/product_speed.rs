//! Measures how fast this CPU multiplies with frozen matrices.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::factor::FactorScratch;
use super::frozen::{FrozenMatrix, Precision};

/// Largest side of the measured matrices; larger ones are multiplied as fast.
const MAX_SIDE: usize = 1024;

/// Time measured per worker.
const MEASURED: Duration = Duration::from_millis(150);

/// Operations per second of one of `workers` threads that multiply `tokens` rows at once with a frozen matrix of shape `[rows, columns]`,
/// all sides shrunk to [`MAX_SIDE`]; the slowest thread's.
pub fn product_speed(tokens: usize, [rows, columns]: [usize; 2], precision: Precision, workers: usize) -> f64 {
    let [tokens, rows, columns] = [tokens, rows, columns].map(|side| side.clamp(1, MAX_SIDE));
    let values = (0..rows * columns)
        .map(|i| (i * 7_919 % 1_009) as f32 / 504.0 - 1.0)
        .collect();
    let matrix = FrozenMatrix::new(values, rows, columns, precision);
    let barrier = Barrier::new(workers);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| measured(&matrix, tokens, &barrier)))
            .collect();
        running
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .fold(f64::INFINITY, f64::min)
    })
}

fn measured(matrix: &FrozenMatrix, tokens: usize, start: &Barrier) -> f64 {
    let (mut opened, mut products) = (Vec::new(), FactorScratch::default());
    let x = vec![0.5; tokens * matrix.cols()];
    let mut out = vec![0.0; tokens * matrix.rows()];
    let mut multiply = || matrix.factor(&mut opened).project(&x, &mut out, &mut products);
    multiply();
    start.wait();
    let began = Instant::now();
    let mut count = 0;
    while began.elapsed() < MEASURED {
        multiply();
        count += 1;
    }
    2.0 * (count * tokens * matrix.rows() * matrix.cols()) as f64 / began.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_precision_has_a_speed() {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8, Precision::Nf4] {
            let speed = product_speed(48, [64, 96], precision, 2);
            assert!(speed.is_finite() && speed > 0.0, "{precision}: {speed}");
        }
    }
}
