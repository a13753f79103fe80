//! What a query selects, as far as it is written.

/// The columns that a query selects.
#[derive(Clone, Debug, Default)]
pub(crate) struct SelectedRow {
    /// How many there have to be, where what stands around the query says so.
    pub wanted: Option<usize>,
    /// Those with a comma behind them, without stars.
    pub listed: usize,
    /// Tables all of whose columns are selected: by their names, or those of FROM.
    pub stars: Vec<Option<Vec<u8>>>,
    /// Whether nobody counts them.
    pub is_unknown: bool,
    /// Number of the first one with an aggregate, from 0 on.
    pub aggregate: Option<usize>,
    pub item: SelectedItem,
    /// Those that have a name: a column's, or a new one.
    pub names: Vec<Vec<u8>>,
    /// New names alone.
    pub new_names: Vec<Vec<u8>>,
    /// Whether the last one has an aggregate.
    pub aggregates: bool,
    /// New names of those that have one.
    pub aggregate_names: Vec<Vec<u8>>,
}

/// The last thing that is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SelectedItem {
    #[default]
    Nothing,
    /// A column as it is, or something under a new name.
    Named(Vec<u8>),
    Star,
    Other,
}

impl SelectedRow {
    /// Begins the next item.
    pub fn end_item(&mut self) {
        self.aggregates = false;
        match std::mem::take(&mut self.item) {
            SelectedItem::Star => return,
            SelectedItem::Named(name) => self.names.push(name),
            SelectedItem::Nothing | SelectedItem::Other => {}
        }
        self.listed += 1;
    }

    /// Takes a column.
    pub fn column(&mut self, name: &[u8]) {
        self.item = match self.item {
            SelectedItem::Nothing => SelectedItem::Named(name.to_vec()),
            _ => SelectedItem::Other,
        };
    }

    /// Takes a new name of the last item.
    pub fn rename(&mut self, name: &[u8]) {
        self.item = SelectedItem::Named(name.to_vec());
        self.new_names.push(name.to_vec());
        if self.aggregates {
            self.aggregate_names.push(name.to_vec());
        }
    }

    /// Takes `*`, or that of a table.
    pub fn star(&mut self, of: Option<Vec<u8>>) {
        self.stars.push(of);
        self.item = SelectedItem::Star;
    }

    /// Whether one more column may follow.
    pub fn may_grow(&self) -> bool {
        self.wanted.is_none_or(|wanted| self.listed + 1 < wanted)
    }
}
