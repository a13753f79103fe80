//! Well-known binary geometry as well-known text (OGC Simple Features 06-103r4, sections 7 and 8; PostGIS EWKB flags included).

/// WKT of a WKB or EWKB geometry; `None` when the bytes are something else.
pub(crate) fn to_text(bytes: &[u8]) -> Option<String> {
    let mut reader = WkbReader { bytes, depth: 0 };
    let text = reader.geometry(true)?;
    reader.bytes.is_empty().then_some(text)
}

struct WkbReader<'a> {
    bytes: &'a [u8],
    depth: u32,
}

struct Shape {
    little: bool,
    code: u32,
    dimensions: usize,
}

impl WkbReader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*head)
    }

    fn number(&mut self, little: bool) -> Option<u32> {
        let bytes = self.take::<4>()?;
        Some(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn shape(&mut self) -> Option<Shape> {
        let little = self.take::<1>()?[0] == 1;
        let word = self.number(little)?;
        if word & 0x2000_0000 != 0 {
            self.number(little)?;
        }
        let code = word & 0x0fff_ffff;
        let z = word & 0x8000_0000 != 0 || matches!(code / 1000, 1 | 3);
        let m = word & 0x4000_0000 != 0 || matches!(code / 1000, 2 | 3);
        Some(Shape {
            little,
            code: code % 1000,
            dimensions: 2 + usize::from(z) + usize::from(m),
        })
    }

    fn geometry(&mut self, named: bool) -> Option<String> {
        self.depth += 1;
        if self.depth > 32 {
            return None;
        }
        let shape = self.shape()?;
        let (name, body) = match shape.code {
            1 => ("POINT", format!("({})", self.point(&shape)?)),
            2 => ("LINESTRING", self.list(&shape, Self::point)?),
            3 => (
                "POLYGON",
                self.list(&shape, |reader, shape| reader.list(shape, Self::point))?,
            ),
            4 => ("MULTIPOINT", self.list(&shape, |reader, _| reader.geometry(false))?),
            5 => (
                "MULTILINESTRING",
                self.list(&shape, |reader, _| reader.geometry(false))?,
            ),
            6 => ("MULTIPOLYGON", self.list(&shape, |reader, _| reader.geometry(false))?),
            7 => (
                "GEOMETRYCOLLECTION",
                self.list(&shape, |reader, _| reader.geometry(true))?,
            ),
            _ => return None,
        };
        self.depth -= 1;
        Some(if named { format!("{name}{body}") } else { body })
    }

    fn point(&mut self, shape: &Shape) -> Option<String> {
        let mut coordinates = Vec::with_capacity(shape.dimensions);
        for _ in 0..shape.dimensions {
            let bytes = self.take::<8>()?;
            coordinates.push(
                if shape.little {
                    f64::from_le_bytes(bytes)
                } else {
                    f64::from_be_bytes(bytes)
                }
                .to_string(),
            );
        }
        Some(coordinates.join(" "))
    }

    fn list(&mut self, shape: &Shape, item: impl Fn(&mut Self, &Shape) -> Option<String>) -> Option<String> {
        let count = self.number(shape.little)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self, shape)?);
        }
        Some(format!("({})", items.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::to_text;

    fn double(value: f64) -> Vec<u8> {
        value.to_le_bytes().to_vec()
    }

    #[test]
    fn points_and_lines_read_as_text() {
        let point = [vec![1, 1, 0, 0, 0], double(1.0), double(2.5)].concat();
        assert_eq!(to_text(&point).as_deref(), Some("POINT(1 2.5)"));
        let line = [
            vec![1, 2, 0, 0, 0, 2, 0, 0, 0],
            double(0.0),
            double(0.0),
            double(1.0),
            double(-1.0),
        ]
        .concat();
        assert_eq!(to_text(&line).as_deref(), Some("LINESTRING(0 0,1 -1)"));
        let with_srid = [vec![1, 1, 0, 0, 0x20, 0xe6, 0x10, 0, 0], double(1.0), double(2.0)].concat();
        assert_eq!(to_text(&with_srid).as_deref(), Some("POINT(1 2)"));
        assert_eq!(to_text(&[1, 2, 0, 0, 0, 255, 255, 255, 255]), None);
        assert_eq!(to_text(b"hello"), None);
    }
}
