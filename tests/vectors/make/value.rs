//! CBOR items, built by hand: an item is its bytes, so that a wrong one is as easily made as a right one.

/// An encoded item.
pub(super) type Item = Vec<u8>;

pub(super) fn head(major: u8, value: u64) -> Item {
    let bytes = value.to_be_bytes();
    let (info, from) = match value {
        0..24 => (value as u8, 8),
        24..0x100 => (24, 7),
        0x100..0x1_0000 => (25, 6),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 0),
    };
    [&[major << 5 | info], &bytes[from..]].concat()
}

pub(super) fn int(value: i64) -> Item {
    if value < 0 { head(1, !value as u64) } else { head(0, value as u64) }
}

pub(super) fn bytes(value: &[u8]) -> Item {
    [head(2, value.len() as u64), value.to_vec()].concat()
}

pub(super) fn text(value: &str) -> Item {
    [head(3, value.len() as u64), value.into()].concat()
}

pub(super) fn array(items: &[Item]) -> Item {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub(super) fn tag(number: u64, item: Item) -> Item {
    [head(6, number), item].concat()
}

/// A map, written in the order that the format wants, or in another.
#[derive(Clone, Default)]
pub(super) struct Map(pub(super) Vec<(Item, Item)>);

impl Map {
    pub(super) fn of(pairs: &[(i64, Item)]) -> Self {
        Self(pairs.iter().map(|(key, value)| (int(*key), value.clone())).collect())
    }

    /// With `key` set to `value`.
    pub(super) fn with(mut self, key: i64, value: Item) -> Self {
        self = self.without(key);
        self.0.push((int(key), value));
        self
    }

    pub(super) fn without(mut self, key: i64) -> Self {
        self.0.retain(|(other, _)| *other != int(key));
        self
    }

    /// Ascending by key.
    pub(super) fn item(&self) -> Item {
        let mut sorted = self.clone();
        sorted.0.sort();
        sorted.unsorted()
    }

    /// In the order the pairs were put in.
    pub(super) fn unsorted(&self) -> Item {
        let pairs: Vec<u8> = self.0.iter().flat_map(|(key, value)| [&key[..], value].concat()).collect();
        [head(5, self.0.len() as u64), pairs].concat()
    }
}

/// `whole` with the first `from` in it replaced by `to`.
pub(super) fn replace(whole: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = whole.windows(from.len()).position(|window| window == from).expect("nothing to replace");
    [&whole[..at], to, &whole[at + from.len()..]].concat()
}
