//! Trained values on a device as one flat array, their places in a model, and the sums of their gradients.

use burn::module::Param;
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::layers::{DecoderLayer, LowRank};
use nl2sql_model::{Decoder, OutputHead};

use crate::parameters::{LowRankSlots, ParameterLayout, Slot};

/// The flat array of trained values on a device, in f32.
pub struct DeviceValues<'a> {
    flat: Tensor<1>,
    layout: &'a ParameterLayout,
}

impl<'a> DeviceValues<'a> {
    /// Uploads the values.
    pub fn upload(values: &[f32], layout: &'a ParameterLayout, device: &Device) -> Self {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        Self {
            flat: Tensor::from_data(data, (device, DType::F32)),
            layout,
        }
    }

    /// Values that lie on a device already.
    pub fn on_device(flat: Tensor<1>, layout: &'a ParameterLayout) -> Self {
        Self { flat, layout }
    }

    /// The flat array.
    pub fn flat(&self) -> &Tensor<1> {
        &self.flat
    }

    /// A model with the values in it: adapters in every layer, trained tables in place of frozen ones. Tables are leaves
    /// of a graph where `tracked` is set; adapters become so layer by layer ([`tracked_layer`]).
    pub fn put_into(&self, frozen: &Decoder, adapter: &AdapterConfig, dropout: f64, tracked: bool) -> Decoder {
        let mut model = frozen.clone();
        for (number, layer) in model.layers.iter_mut().enumerate() {
            let slots = self.layout.projections(number);
            for (projection, slots) in layer.projections_mut().into_iter().zip(slots) {
                projection.adapter = slots.map(|slots| self.low_rank(slots, adapter.scale(), dropout));
            }
        }
        // A tied head keeps reading the frozen table, as in PEFT.
        let frozen_table = frozen.embedding.table.val();
        if let (Some(_), None, OutputHead::Tied(_)) = (self.layout.embedding(), self.layout.head(), &model.head) {
            model.head = OutputHead::Trained(untracked(frozen_table));
        }
        let table = |slot| match tracked {
            true => Param::from_tensor(self.matrix(slot).autodiff()),
            false => untracked(self.matrix(slot)),
        };
        if let Some(slot) = self.layout.embedding() {
            model.embedding.table = table(slot);
        }
        if let Some(slot) = self.layout.head() {
            model.head = OutputHead::Trained(table(slot));
        }
        model
    }

    /// PEFT's factors are the transposes of the model's.
    fn low_rank(&self, slots: LowRankSlots, scale: f64, dropout: f64) -> LowRank {
        let factor = |slot| self.matrix(slot).transpose();
        let mut factors = LowRank::new(factor(slots.down), factor(slots.up), scale, dropout);
        factors.magnitude = slots.magnitude.map(|slot| {
            let range = &self.layout.slots()[slot].range;
            Param::from_tensor(self.flat.clone().narrow(0, range.start, range.len()))
        });
        factors
    }

    fn matrix(&self, slot: usize) -> Tensor<2> {
        let Slot { shape, range, .. } = &self.layout.slots()[slot];
        let values = self.flat.clone().narrow(0, range.start, range.len());
        values.reshape([shape[0], shape[1]])
    }
}

fn untracked(table: Tensor<2>) -> Param<Tensor<2>> {
    Param::from_tensor(table).set_require_grad(false)
}

/// The layer with its adapters as leaves of a graph.
pub fn tracked_layer(layer: &DecoderLayer) -> DecoderLayer {
    let mut layer = layer.clone();
    for projection in layer.projections_mut() {
        if let Some(factors) = &mut projection.adapter {
            factors.down = Param::from_tensor(factors.down.val().autodiff());
            factors.up = Param::from_tensor(factors.up.val().autodiff());
            let magnitude = factors.magnitude.take();
            factors.magnitude = magnitude.map(|magnitude| Param::from_tensor(magnitude.val().autodiff()));
        }
    }
    layer
}

/// Sums of gradients on the device, by slot, in PEFT's layout and f32.
pub struct DeviceGradients<'a> {
    layout: &'a ParameterLayout,
    sums: Vec<Option<Tensor<1>>>,
}

impl<'a> DeviceGradients<'a> {
    /// Nothing summed yet.
    pub fn new(layout: &'a ParameterLayout) -> Self {
        Self {
            layout,
            sums: vec![None; layout.slots().len()],
        }
    }

    /// Adds what `graph` holds for the adapters of layer `number`.
    pub fn add_layer(&mut self, number: usize, layer: &DecoderLayer, graph: &Gradients) {
        let layout = self.layout;
        for (projection, slots) in layer.projections().iter().zip(layout.projections(number)) {
            let (Some(slots), Some(factors)) = (slots, &projection.adapter) else {
                continue;
            };
            self.add(slots.down, factors.down.val().grad(graph).map(Tensor::transpose));
            self.add(slots.up, factors.up.val().grad(graph).map(Tensor::transpose));
            if let (Some(slot), Some(magnitude)) = (slots.magnitude, &factors.magnitude) {
                self.add(slot, magnitude.val().grad(graph));
            }
        }
    }

    /// Adds what `graph` holds for a trained table.
    pub fn add_table(&mut self, slot: Option<usize>, table: &Tensor<2>, graph: &Gradients) {
        if let Some(slot) = slot {
            self.add(slot, table.grad(graph));
        }
    }

    fn add<const D: usize>(&mut self, slot: usize, gradient: Option<Tensor<D>>) {
        let Some(gradient) = gradient else { return };
        let flat = gradient.reshape([self.layout.slots()[slot].range.len()]);
        let sum = &mut self.sums[slot];
        *sum = Some(match sum.take() {
            Some(sum) => sum + flat,
            None => flat,
        });
    }

    /// All sums as one array on the device.
    pub fn flat(self, device: &Device) -> Tensor<1> {
        let parts: Vec<Tensor<1>> = self
            .sums
            .into_iter()
            .zip(self.layout.slots())
            .map(|(sum, slot)| sum.unwrap_or_else(|| Tensor::zeros([slot.range.len()], (device, DType::F32))))
            .collect();
        Tensor::cat(parts, 0)
    }
}
