//! The last touches to a question: spacing, capital and end mark.

/// `text` with single spaces and a capital at its start; values inside it are left as they are.
pub fn polish(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut polished = String::with_capacity(text.len());
    for (index, word) in words.iter().enumerate() {
        let glued = matches!(*word, "?" | "." | "," | "?.");
        if index > 0 && !glued {
            polished.push(' ');
        }
        if index == 0 {
            let mut characters = word.chars();
            polished.extend(characters.next().map(|first| first.to_ascii_uppercase()));
            polished.push_str(characters.as_str());
        } else {
            polished.push_str(word);
        }
    }
    // A value may end in a full stop itself.
    if polished.ends_with("..") {
        polished.pop();
    }
    polished
}
