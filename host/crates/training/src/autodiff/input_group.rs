//! Projections of a layer that read the same input: frozen weights beside low-rank factors, forward and backward without a graph.

use burn::tensor::Tensor;
use nl2sql_model::kernels::{Factor, accumulate_gradients, add_low_rank, project_down};
use nl2sql_model::layers::{DecoderLayer, Projection};

use super::frozen_weights::LayerWeights;
use crate::parameters::{INPUT_GROUPS, ParameterLayout};

/// Trained values of a step and the sums of their gradients, flat arrays on a device in f32.
pub struct FlatState {
    /// The values.
    pub values: Tensor<1>,
    /// Sums of gradients.
    pub gradients: Tensor<1>,
    /// `alpha / rank` or its like.
    pub scale: f64,
}

impl FlatState {
    fn accumulate(&mut self, inputs: &[Tensor<2>], low: &Tensor<2>, factors: &[Factor], scale: f64) {
        // On graphics cards the array is written in place, and is its own result.
        let sums = self.gradients.clone();
        self.gradients = accumulate_gradients(sums, inputs, low, factors, scale);
    }
}

/// One projection of a group.
struct Member<'a> {
    projection: &'a Projection,
    /// `[d_out, d_in]`.
    weight: Tensor<2>,
    /// `lora_B` with the place of its ranks among the group's; `None` where the projection is not trained.
    up: Option<(Factor, usize)>,
}

/// Projections that read the same input.
pub struct InputGroup<'a> {
    members: Vec<Member<'a>>,
    /// The `lora_A` of all trained members, one below the other.
    down: Option<Factor>,
}

/// What a group computed of its input.
pub struct Projected {
    /// `[tokens, d_out]` of each member.
    pub outputs: Vec<Tensor<2>>,
    /// The input times all `lora_A`, `[tokens, ranks]`.
    pub low: Option<Tensor<2>>,
}

impl<'a> InputGroup<'a> {
    /// Group `number` of [`INPUT_GROUPS`] in layer `layer_number`.
    pub fn of(
        number: usize,
        layer_number: usize,
        layer: &'a DecoderLayer,
        weights: &LayerWeights,
        layout: &ParameterLayout,
    ) -> Self {
        let (projections, slots) = (layer.projections(), layout.projections(layer_number));
        let mut down: Option<Factor> = None;
        let mut members = Vec::new();
        for &place in INPUT_GROUPS[number] {
            let up = slots[place].map(|slots| {
                let (a, b) = (&layout.slots()[slots.down], &layout.slots()[slots.up]);
                let rank = a.shape[0];
                let stack = down.get_or_insert(Factor {
                    offset: a.range.start,
                    rank: 0,
                    width: a.shape[1],
                    rank_is_outer: true,
                });
                let column = stack.rank;
                stack.rank += rank;
                let factor = Factor {
                    offset: b.range.start,
                    rank,
                    width: b.shape[0],
                    rank_is_outer: false,
                };
                (factor, column)
            });
            members.push(Member {
                projection: projections[place],
                weight: weights.of(place),
                up,
            });
        }
        Self { members, down }
    }

    /// `input W^T + scale (input A^T) B^T + bias` of each member; `added` is added to the first.
    pub fn forward(&self, input: &Tensor<2>, state: &FlatState, added: Option<&Tensor<2>>) -> Projected {
        let low = self.low(input, state);
        let outputs = self.members.iter().enumerate().map(|(number, member)| {
            let mut bases = vec![input.clone().matmul(member.weight.clone().transpose())];
            bases.extend(added.filter(|_| number == 0).cloned());
            let bias = member.projection.bias.as_ref();
            match (&low, member.up) {
                (Some(low), Some((factor, column))) => {
                    add_low_rank(&bases, (low, column), &state.values, factor, state.scale, bias)
                }
                _ => sum_with_bias(bases, bias),
            }
        });
        Projected {
            outputs: outputs.collect(),
            low,
        }
    }

    /// The input times all `lora_A`, `[tokens, ranks]`.
    pub fn low(&self, input: &Tensor<2>, state: &FlatState) -> Option<Tensor<2>> {
        let down = self.down?;
        Some(project_down(std::slice::from_ref(input), &state.values, &[down], 1.0))
    }

    /// The gradient of the input, given those of the outputs; the factors' are added to the sums.
    pub fn backward(
        &self,
        input: &Tensor<2>,
        low: Option<&Tensor<2>>,
        gradients: &[Tensor<2>],
        state: &mut FlatState,
    ) -> Tensor<2> {
        let members = self.members.iter().zip(gradients);
        let bases: Vec<Tensor<2>> = members
            .clone()
            .map(|(member, gradient)| gradient.clone().matmul(member.weight.clone()))
            .collect();
        let (Some(down), Some(low)) = (self.down, low) else {
            return sum_with_bias(bases, None);
        };
        let trained = members.filter_map(|(member, gradient)| Some((gradient.clone(), member.up?.0)));
        let (given, ups): (Vec<_>, Vec<_>) = trained.unzip();
        let low_gradient = project_down(&given, &state.values, &ups, state.scale);
        state.accumulate(&given, low, &ups, state.scale);
        state.accumulate(std::slice::from_ref(input), &low_gradient, &[down], 1.0);
        add_low_rank(&bases, (&low_gradient, 0), &state.values, down, 1.0, None)
    }
}

fn sum_with_bias(bases: Vec<Tensor<2>>, bias: Option<&Tensor<1>>) -> Tensor<2> {
    let sum = bases.into_iter().reduce(|sum, base| sum + base);
    let sum = sum.unwrap_or_else(|| unreachable!("a group has a member"));
    match bias {
        Some(bias) => sum + bias.clone().unsqueeze(),
        None => sum,
    }
}
