//! Templates: `[a|b]` is one of the alternatives (repeat one to make it likelier), `{name}` a slot that the language fills.

use crate::random::Draw;

/// `template` with every choice made; `fill` gives the text of a slot.
pub fn expand(template: &str, draw: &mut Draw, fill: &mut dyn FnMut(&str, &mut Draw) -> String) -> String {
    let mut text = String::with_capacity(96);
    expand_into(template, draw, fill, &mut text);
    text
}

fn expand_into(template: &str, draw: &mut Draw, fill: &mut dyn FnMut(&str, &mut Draw) -> String, text: &mut String) {
    let mut rest = template;
    while let Some(at) = rest.find(['[', '{']) {
        text.push_str(&rest[..at]);
        if rest.as_bytes()[at] == b'{' {
            let end = rest[at..].find('}').map_or(rest.len(), |end| at + end);
            text.push_str(&fill(&rest[at + 1..end], draw));
            rest = rest.get(end + 1..).unwrap_or_default();
        } else {
            let (alternatives, end) = alternatives(&rest[at + 1..]);
            if let Some(chosen) = draw.pick(&alternatives) {
                expand_into(chosen, draw, fill, text);
            }
            rest = rest.get(at + 1 + end..).unwrap_or_default();
        }
    }
    text.push_str(rest);
}

/// The alternatives of a bracket whose inside starts at `inside`, and where the text goes on.
fn alternatives(inside: &str) -> (Vec<&str>, usize) {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 0 => {
                found.push(&inside[start..at]);
                return (found, at + 1);
            }
            b']' => depth -= 1,
            b'|' if depth == 0 => {
                found.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inside[start..]);
    (found, inside.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_and_slots_are_filled() {
        let mut draw = Draw::new(1, "", 0);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            seen.insert(expand("[a|b[1|2]] {x}", &mut draw, &mut |name, _| name.to_uppercase()));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["a X", "b1 X", "b2 X"]);
    }
}
