//! SQL Server's geometry and geography as well-known text ([MS-SSCLRT], section 2.1).
//!
//! The protocol library says that a column is of a CLR type and not of which: bytes are read strictly, and what is no geometry stays bytes.
//! Geography puts latitude first; its spatial references are those of ellipsoids, which plane geometry rarely has.

/// Bits of the serialization properties.
const HAS_Z: u8 = 0x01;
const HAS_M: u8 = 0x02;
const SINGLE_POINT: u8 = 0x08;
const SINGLE_LINE: u8 = 0x10;

/// Spatial references of `sys.spatial_reference_systems`, which geography alone must have.
const OF_ELLIPSOIDS: std::ops::RangeInclusive<i32> = 4_120..=4_999;

/// Offset of a shape that has no parent or no figure.
const NONE: i32 = -1;

/// Nesting deeper than this is refused.
const DEEPEST: u32 = 32;

/// The text of a value; `None` when the bytes are something else, or have arcs, which well-known text of this standard has not.
pub(super) fn to_text(bytes: &[u8]) -> Option<String> {
    let mut reader = Reader { bytes };
    let value = Geometry::read(&mut reader)?;
    if !reader.bytes.is_empty() {
        return None;
    }
    value.shape(0, true, 0)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<i32> {
        self.take().map(i32::from_le_bytes)
    }

    fn double(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    /// A count of items of at least `size` bytes each, which must be there.
    fn count(&mut self, size: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.bytes.len() / size).then_some(count)
    }
}

struct Shape {
    parent: i32,
    figure: i32,
    kind: u8,
}

struct Geometry {
    points: Vec<(f64, f64)>,
    /// Where the points of each figure begin.
    figures: Vec<usize>,
    shapes: Vec<Shape>,
}

impl Geometry {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let reference = reader.number()?;
        let version = reader.byte()?;
        let properties = reader.byte()?;
        if !matches!(version, 1 | 2) {
            return None;
        }
        let single = match (properties & SINGLE_POINT != 0, properties & SINGLE_LINE != 0) {
            (true, false) => Some((1, 1)),
            (false, true) => Some((2, 2)),
            (false, false) => None,
            (true, true) => return None,
        };
        let count = match single {
            Some((points, _)) => points,
            None => reader.count(16)?,
        };
        let mut points = Vec::with_capacity(count);
        for _ in 0..count {
            let (first, second) = (reader.double()?, reader.double()?);
            let latitude_first = OF_ELLIPSOIDS.contains(&reference);
            points.push(if latitude_first {
                (second, first)
            } else {
                (first, second)
            });
        }
        let measures = usize::from(properties & HAS_Z != 0) + usize::from(properties & HAS_M != 0);
        for _ in 0..measures * count {
            reader.double()?;
        }
        if let Some((_, kind)) = single {
            let shape = Shape {
                parent: NONE,
                figure: 0,
                kind,
            };
            return Some(Self {
                points,
                figures: vec![0],
                shapes: vec![shape],
            });
        }
        let mut figures = Vec::new();
        for _ in 0..reader.count(5)? {
            reader.byte()?;
            figures.push(usize::try_from(reader.number()?).ok()?);
        }
        let mut shapes = Vec::new();
        for _ in 0..reader.count(9)? {
            shapes.push(Shape {
                parent: reader.number()?,
                figure: reader.number()?,
                kind: reader.byte()?,
            });
        }
        Some(Self {
            points,
            figures,
            shapes,
        })
    }

    fn shape(&self, at: usize, named: bool, depth: u32) -> Option<String> {
        let shape = self.shapes.get(at)?;
        if depth > DEEPEST {
            return None;
        }
        let name = match shape.kind {
            1 => "POINT",
            2 => "LINESTRING",
            3 => "POLYGON",
            4 => "MULTIPOINT",
            5 => "MULTILINESTRING",
            6 => "MULTIPOLYGON",
            7 => "GEOMETRYCOLLECTION",
            _ => return None,
        };
        let body = match shape.kind {
            1 | 2 => self.figures_of(at)?.first().cloned(),
            3 => Some(self.figures_of(at)?).filter(|rings| !rings.is_empty()).map(listed),
            kind => {
                let parts = (at + 1..self.shapes.len()).filter(|part| self.shapes[*part].parent == at as i32);
                let texts = parts.map(|part| self.shape(part, kind == 7, depth + 1));
                Some(texts.collect::<Option<Vec<_>>>()?)
                    .filter(|parts| !parts.is_empty())
                    .map(listed)
            }
        };
        Some(match (body, named) {
            (Some(body), true) => format!("{name}{body}"),
            (Some(body), false) => body,
            (None, true) => format!("{name} EMPTY"),
            (None, false) => "EMPTY".into(),
        })
    }

    /// The point lists of a shape's figures: up to where the figures of the next shape begin.
    fn figures_of(&self, at: usize) -> Option<Vec<String>> {
        let first = self.shapes[at].figure;
        if first == NONE {
            return Some(Vec::new());
        }
        let later = self.shapes[at + 1..].iter().find(|shape| shape.figure != NONE);
        let end = later.map_or(Some(self.figures.len()), |shape| usize::try_from(shape.figure).ok())?;
        let first = usize::try_from(first).ok().filter(|first| *first < end)?;
        (first..end).map(|figure| self.points_of(figure)).collect()
    }

    fn points_of(&self, figure: usize) -> Option<String> {
        let begin = *self.figures.get(figure)?;
        let end = self.figures.get(figure + 1).copied().unwrap_or(self.points.len());
        let points = self.points.get(begin..end)?;
        Some(listed(points.iter().map(|(x, y)| format!("{x} {y}")).collect()))
    }
}

fn listed(items: Vec<String>) -> String {
    format!("({})", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::to_text;

    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn numbers(values: &[i32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Plane, valid, of these points, figures and shapes.
    fn geometry(points: &[f64], figures: &[i32], shapes: &[(i32, i32, u8)]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 1, 4];
        bytes.extend(numbers(&[points.len() as i32 / 2]));
        bytes.extend(doubles(points));
        bytes.extend(numbers(&[figures.len() as i32]));
        figures.iter().for_each(|offset| {
            bytes.push(1);
            bytes.extend(numbers(&[*offset]));
        });
        bytes.extend(numbers(&[shapes.len() as i32]));
        shapes.iter().for_each(|(parent, figure, kind)| {
            bytes.extend(numbers(&[*parent, *figure]));
            bytes.push(*kind);
        });
        bytes
    }

    #[test]
    fn every_kind_reads_as_text() {
        let square = [
            0.0, 0.0, 4.0, 0.0, 4.0, 4.0, 0.0, 0.0, 1.0, 1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 1.0,
        ];
        for (bytes, text) in [
            (
                [vec![0, 0, 0, 0, 1, 0x0C], doubles(&[1.0, 2.5])].concat(),
                "POINT(1 2.5)",
            ),
            // Geography, latitude first, with a height.
            (
                [vec![0xE6, 0x10, 0, 0, 1, 0x0D], doubles(&[47.6, -122.3, 9.0])].concat(),
                "POINT(-122.3 47.6)",
            ),
            (
                [vec![0, 0, 0, 0, 1, 0x14], doubles(&[0.0, 0.0, 1.0, -1.0])].concat(),
                "LINESTRING(0 0,1 -1)",
            ),
            (
                geometry(&[0.0, 0.0, 1.0, 1.0, 2.0, 0.0], &[0], &[(-1, 0, 2)]),
                "LINESTRING(0 0,1 1,2 0)",
            ),
            (
                geometry(&square, &[0, 4], &[(-1, 0, 3)]),
                "POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))",
            ),
            (
                geometry(&[1.0, 2.0, 3.0, 4.0], &[0, 1], &[(-1, 0, 4), (0, 0, 1), (0, 1, 1)]),
                "MULTIPOINT((1 2),(3 4))",
            ),
            (
                geometry(
                    &[1.0, 2.0, 0.0, 0.0, 1.0, 1.0],
                    &[0, 1],
                    &[(-1, 0, 7), (0, 0, 1), (0, 1, 2), (0, -1, 3)],
                ),
                "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1),POLYGON EMPTY)",
            ),
            (geometry(&[], &[], &[(-1, -1, 1)]), "POINT EMPTY"),
        ] {
            assert_eq!(to_text(&bytes).as_deref(), Some(text), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_geometry_stays_what_it_is() {
        let point = [vec![0, 0, 0, 0, 1, 0x0C], doubles(&[1.0, 2.5])].concat();
        for end in 0..point.len() {
            assert_eq!(to_text(&point[..end]), None);
        }
        assert_eq!(to_text(&[point, vec![0]].concat()), None);
        // A hierarchyid, a count beyond the bytes, a shape that is its own parent, a figure that is not there, arcs.
        assert_eq!(to_text(&[0x5A, 0xC0]), None);
        assert_eq!(to_text(&[0, 0, 0, 0, 1, 4, 255, 255, 255, 127]), None);
        assert_eq!(to_text(&geometry(&[1.0, 2.0], &[0], &[(0, 3, 1)])), None);
        assert_eq!(to_text(&geometry(&[1.0, 2.0], &[9], &[(-1, 0, 1)])), None);
        assert_eq!(to_text(&geometry(&[1.0, 2.0], &[0], &[(-1, 0, 8)])), None);
    }
}
