//! Operations of layers: gradients that are written out against those of burn's graph, and kernels of graphics cards against burn's operations
//! on the CPU.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use nl2sql_model::architecture::Activation;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use nl2sql_model::kernels::{
    AdamWStep, AdamWTensors, Factor, accumulate_gradients, adamw, add_low_rank, gated, project_down,
};
use nl2sql_model::kernels::{
    HeadLayout, VisibleKeys, cross_entropy, gated_backward, heads, heads_backward, masked_softmax,
    masked_softmax_backward, rms_norm_backward,
};
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use nl2sql_model::layers::{BlockQuantised, QuantisedBits};
use nl2sql_model::layers::{RmsNorm, RotaryAngles, RotaryFrequencies};

fn drawn(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7_919 + salt * 104_729) % 1_009) as f32 / 504.0 - 1.0)
        .collect()
}

fn tensor<const D: usize>(shape: [usize; D], salt: usize, device: &Device) -> Tensor<D> {
    let values = drawn(shape.iter().product(), salt);
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.inner().into_data().convert::<f32>().try_to_vec().unwrap()
}

fn norm(width: usize, device: &Device) -> RmsNorm {
    RmsNorm {
        scale: tensor([width], 9, device),
        offset: 0.5,
        epsilon: 1e-5,
    }
}

fn angles(length: usize, head_dim: usize, device: &Device) -> RotaryAngles {
    let half = head_dim / 2;
    let frequencies = RotaryFrequencies {
        frequencies: (0..half).map(|pair| 1.0 / (1.0 + pair as f32)).collect(),
        factor: 1.25,
    };
    frequencies.angles(&[(3..3 + length).collect()], device)
}

fn assert_close(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let top = theirs.iter().fold(0.0f32, |top, value| top.max(value.abs()));
    for (place, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 2e-5 * top, "{what}: {a} instead of {b} at {place}");
    }
}

/// The gradient of `of(x)` for `x`, given that of the result, by burn's graph.
fn by_graph<const D: usize, const E: usize>(
    x: Tensor<D>,
    gradient: Tensor<E>,
    of: impl Fn(Tensor<D>) -> Tensor<E>,
) -> Vec<f32> {
    let x = x.autodiff().require_grad();
    let mut graph = (of(x.clone()) * gradient.autodiff()).sum().backward();
    values(x.grad_remove(&mut graph).unwrap())
}

#[test]
fn written_gradients_are_those_of_the_graph() {
    let device = Device::flex();
    let (x, gradient) = (tensor([7, 20], 1, &device), tensor([7, 20], 2, &device));
    let norm_of_rows = norm(20, &device);
    let ours = rms_norm_backward(&norm_of_rows, &x, &gradient, None);
    let theirs = by_graph(x.clone(), gradient.clone(), |x| norm_of_rows.forward(x));
    assert_close(&values(ours), &theirs, "norm");

    for activation in [Activation::Silu, Activation::GeluTanh] {
        let up = tensor([7, 20], 3, &device);
        let (wide, up) = (x.clone() * 4.0, up.clone());
        let [for_gate, for_up] = gated_backward(activation, &wide, &up, &gradient);
        let open = |gate: Tensor<2>, up: Tensor<2>| activation.of(gate) * up;
        let theirs = by_graph(wide.clone(), gradient.clone(), |gate| open(gate, up.clone().autodiff()));
        assert_close(&values(for_gate), &theirs, "gate");
        let theirs = by_graph(up.clone(), gradient.clone(), |up| open(wide.clone().autodiff(), up));
        assert_close(&values(for_up), &theirs, "gated values");
    }

    let angles = angles(5, 8, &device);
    let norm_of_heads = norm(8, &device);
    let (x, gradient) = (tensor([10, 24], 4, &device), tensor([2, 3, 5, 8], 5, &device));
    for (norm, angles) in [
        (Some(&norm_of_heads), Some(&angles)),
        (None, Some(&angles)),
        (None, None),
    ] {
        let layout = HeadLayout {
            rows: 2,
            head_dim: 8,
            norm,
            angles,
        };
        let ours = heads_backward(layout, &x, &gradient);
        let theirs = by_graph(x.clone(), gradient.clone(), |x| heads(layout, &x));
        assert_close(&values(ours), &theirs, "heads");
    }

    let scores = tensor([2, 3, 8, 9], 6, &device);
    let gradient = tensor([2, 3, 8, 9], 7, &device);
    for window in [None, Some(3)] {
        let visible = VisibleKeys {
            queries: 4,
            first_query: 5,
            window,
        };
        let weights = masked_softmax(scores.clone(), visible, 0.7);
        let ours = masked_softmax_backward(&weights, gradient.clone(), 0.7);
        let theirs = by_graph(scores.clone(), gradient.clone(), |scores| {
            masked_softmax(scores, visible, 0.7)
        });
        assert_close(&values(ours), &theirs, "softmax");
    }
}

#[test]
fn gradients_of_logits_are_those_of_the_graph() {
    let device = Device::flex();
    let logits = tensor([6, 11], 1, &device);
    let targets = Tensor::<1, Int>::from_data(TensorData::new(vec![0i64, 10, 3, 3, 7, 1], [6]), &device);
    let (losses, gradient) = cross_entropy(logits.clone(), targets.clone(), 0.25);
    let summed = |logits: Tensor<2>| {
        let likelihoods = burn::tensor::activation::log_softmax(logits, 1);
        likelihoods.gather(1, targets.clone().unsqueeze_dim(1)).sum().neg()
    };
    assert_close(&values(losses.sum()), &values(summed(logits.clone())), "losses");
    let ones = Tensor::<1>::from_data(TensorData::new(vec![0.25f32], [1]), &device);
    assert_close(&values(gradient), &by_graph(logits, ones, summed), "logits");
}

/// What every operation gives on a device.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn everything(device: &Device) -> Vec<(String, Vec<f32>)> {
    let mut all = Vec::new();
    // Widths beyond what a cube has units for, and such that no power of two divides.
    for (rows, width) in [(7, 20), (3, 1_500), (1, 33)] {
        let at = |what: &str| format!("{what} of {rows} x {width}");
        let norm = norm(width, device);
        let [x, gradient, added] = [1, 2, 3].map(|salt| tensor([rows, width], salt, device));
        all.push((at("norm"), values(norm.forward(x.clone()))));
        all.push((
            at("norm's gradient"),
            values(rms_norm_backward(&norm, &x, &gradient, None)),
        ));
        let sum = rms_norm_backward(&norm, &x, &gradient, Some(&added));
        all.push((at("norm's gradient with another"), values(sum)));
        for activation in [Activation::Silu, Activation::GeluTanh] {
            let x = x.clone() * 30.0;
            all.push((at("gated"), values(gated(activation, &x, &added))));
            let [a, b] = gated_backward(activation, &x, &added, &gradient);
            all.push((at("gate's gradient"), values(a)));
            all.push((at("gated values' gradient"), values(b)));
        }
    }
    all.extend(of_heads(device));
    all.extend(of_attention(device));
    all.extend(of_factors(device));
    all.extend(of_optimizer(device));
    for bits in [QuantisedBits::Four, QuantisedBits::Eight] {
        let blocks = BlockQuantised::from_rows(&drawn(5 * 100, 3), 100, bits, device);
        all.push((format!("blocks of {bits:?} bits"), values(blocks.open(DType::F32))));
    }
    for (rows, vocab) in [(6, 11), (2, 3_001)] {
        let logits = tensor([rows, vocab], 1, device) * 20.0;
        let targets = (0..rows).map(|row| (row * 577 % vocab) as i64).collect::<Vec<_>>();
        let targets = Tensor::<1, Int>::from_data(TensorData::new(targets, [rows]), device);
        let (losses, gradient) = cross_entropy(logits, targets, 0.25);
        all.push((format!("losses over {vocab}"), values(losses)));
        all.push((format!("logits' gradient over {vocab}"), values(gradient)));
    }
    all
}

/// More values than one round of all units takes.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn of_optimizer(device: &Device) -> Vec<(String, Vec<f32>)> {
    let count = 70_001;
    let step = AdamWStep {
        fresh_mean: 0.1,
        kept_square: 0.99,
        fresh_square: 0.01,
        kept_value: 0.999,
        pace: 0.01,
        square_root_correction: 0.2,
        epsilon: 1e-6,
    };
    let mut all = Vec::new();
    for max_norm in [0.0, 1.0, 1e6] {
        let state = AdamWTensors {
            values: tensor([count], 1, device),
            means: tensor([count], 2, device) * 0.1,
            squares: tensor([count], 3, device).square(),
        };
        let loss = tensor([1], 5, device);
        let (state, figures) = adamw(state, &tensor([count], 4, device), &loss, step, max_norm);
        let AdamWTensors {
            values: kept,
            means,
            squares,
        } = state;
        for (what, tensor) in [
            ("values", kept),
            ("means", means),
            ("squares", squares),
            ("figures", figures),
        ] {
            all.push((format!("optimizer's {what}, at most {max_norm}"), values(tensor)));
        }
    }
    all
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn of_heads(device: &Device) -> Vec<(String, Vec<f32>)> {
    let mut all = Vec::new();
    for head_dim in [8, 128] {
        let norm_of_heads = norm(head_dim, device);
        let angles = angles(5, head_dim, device);
        let x = tensor([10, 3 * head_dim], 4, device);
        let gradient = tensor([2, 3, 5, head_dim], 5, device);
        for (norm, angles) in [
            (Some(&norm_of_heads), Some(&angles)),
            (Some(&norm_of_heads), None),
            (None, Some(&angles)),
            (None, None),
        ] {
            let layout = HeadLayout {
                rows: 2,
                head_dim,
                norm,
                angles,
            };
            let kind = format!("heads of {head_dim}, {} {}", norm.is_some(), angles.is_some());
            all.push((kind.clone(), values(heads(layout, &x))));
            all.push((
                format!("{kind}, gradient"),
                values(heads_backward(layout, &x, &gradient)),
            ));
        }
    }
    all
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn of_attention(device: &Device) -> Vec<(String, Vec<f32>)> {
    let mut all = Vec::new();
    for (queries, keys) in [(4, 9), (5, 5), (3, 700)] {
        for window in [None, Some(1), Some(3), Some(2_000)] {
            let visible = VisibleKeys {
                queries,
                first_query: keys - queries,
                window,
            };
            let shape = [2, 3, 2 * queries, keys];
            let weights = masked_softmax(tensor(shape, 6, device) * 5.0, visible, 0.7);
            let gradient = masked_softmax_backward(&weights, tensor(shape, 7, device), 0.7);
            all.push((format!("weights, {visible:?} of {keys}"), values(weights)));
            all.push((format!("scores' gradient, {visible:?} of {keys}"), values(gradient)));
        }
    }
    all
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn of_factors(device: &Device) -> Vec<(String, Vec<f32>)> {
    let mut all = Vec::new();
    for (tokens, rank) in [(9, 4), (70, 12), (1, 8)] {
        let widths = [40, 24, 150];
        let trained = tensor([rank * (40 + 24 + 150)], 1, device);
        let inputs: Vec<Tensor<2>> = widths
            .iter()
            .map(|&width| tensor([tokens, width], width, device))
            .collect();
        for rank_is_outer in [true, false] {
            let mut offset = 0;
            let factors: Vec<Factor> = widths
                .iter()
                .map(|&width| {
                    let begin = offset;
                    offset += rank * width;
                    Factor {
                        offset: begin,
                        rank,
                        width,
                        rank_is_outer,
                    }
                })
                .collect();
            // Several `lora_A` lie as one; several `lora_B` are of any widths.
            let parts = if rank_is_outer { 1 } else { 3 };
            let at = |what: &str| format!("{what}, {tokens} tokens, rank {rank}, {parts} parts");
            let low = project_down(&inputs[..parts], &trained, &factors[..parts], 0.3);
            all.push((at("low"), values(low.clone())));
            let bias = tensor([widths[0]], 3, device);
            let base = [2, 3, 4].map(|salt| tensor([tokens, widths[0]], salt, device));
            for bases in 1..=3 {
                let sum = add_low_rank(&base[..bases], (&low, 0), &trained, factors[0], 0.3, None);
                all.push((at("sum"), values(sum)));
            }
            let sum = add_low_rank(&base[..1], (&low, 0), &trained, factors[0], 0.3, Some(&bias));
            all.push((at("sum with bias"), values(sum)));
            if let Some(last) = factors.get(parts - 1).filter(|_| parts > 1) {
                let base = [tensor([tokens, last.width], 5, device)];
                let sum = add_low_rank(&base, (&low, 2 * rank), &trained, *last, 0.3, None);
                all.push((at("sum of the last part"), values(sum)));
            }
            let gradients = tensor([rank * (40 + 24 + 150)], 8, device);
            let gradients = accumulate_gradients(gradients, &inputs[..parts], &low, &factors[..parts], 0.3);
            all.push((at("factors' gradient"), values(gradients)));
        }
    }
    all
}

#[test]
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn graphics_card_computes_what_the_cpu_does() {
    let devices = nl2sql_model::device::devices();
    let Some(card) = devices.into_iter().find(|found| found.name != "cpu") else {
        eprintln!("skipped: graphics_card_computes_what_the_cpu_does needs a graphics card, or software Vulkan");
        return;
    };
    let expected = everything(&Device::flex());
    let apart = everything(&card.device)
        .into_iter()
        .zip(&expected)
        .map(|((what, ours), (_, theirs))| {
            assert_eq!(ours.len(), theirs.len(), "{what}");
            let top = theirs.iter().fold(0.0f32, |top, value| top.max(value.abs()));
            let pairs = ours.iter().zip(theirs);
            let apart = pairs.map(|(a, b)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() });
            (what, apart.fold(0.0, f32::max) / top)
        });
    let apart: Vec<(String, f32)> = apart.collect();
    let wrong: Vec<_> = apart.iter().filter(|(_, apart)| *apart > 1e-4).collect();
    assert!(wrong.is_empty(), "{}: {wrong:#?}", card.name);
    if let Some((what, apart)) = apart.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
        println!("{}: {what} is farthest, {apart:e} apart", card.name);
    }
}
