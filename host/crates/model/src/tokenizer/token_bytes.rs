//! What each token adds to a text, byte for byte.
//!
//! A token need not hold whole characters, so that it has bytes, and no text of its own.

use std::collections::HashMap;

use tokenizers::{DecoderWrapper, Tokenizer};

/// Bytes of every token in order of their ids; none for special tokens, which are no text.
pub(super) fn token_bytes(tokenizer: &Tokenizer) -> Vec<Vec<u8>> {
    let added = tokenizer.get_added_tokens_decoder();
    let alphabet = tokenizer.get_decoder().is_some_and(is_byte_level).then(byte_alphabet);
    let largest = tokenizer.get_vocab(true).into_values().max();
    let ids = 0..largest.map_or(0, |largest| largest + 1);
    ids.map(|id| match (added.get(&id), &alphabet) {
        (Some(token), _) if token.special => Vec::new(),
        (Some(token), Some(_)) => token.content.clone().into_bytes(),
        (None, Some(alphabet)) => {
            let token = tokenizer.id_to_token(id).unwrap_or_default();
            token
                .chars()
                .filter_map(|letter| alphabet.get(&letter).copied())
                .collect()
        }
        // Gemma's runs of spaces and lines are added tokens, which its decoder reads as any other piece.
        (_, None) => sentence_piece(&tokenizer.id_to_token(id).unwrap_or_default()),
    })
    .collect()
}

fn is_byte_level(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().any(is_byte_level),
        _ => false,
    }
}

/// The characters GPT-2 writes bytes with: printable ones stand for themselves, the others follow from U+0100.
fn byte_alphabet() -> HashMap<char, u8> {
    let printable = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let (shown, hidden): (Vec<u8>, Vec<u8>) = (0..=u8::MAX).partition(printable);
    let hidden = ('\u{100}'..).zip(hidden);
    shown
        .into_iter()
        .map(|byte| (char::from(byte), byte))
        .chain(hidden)
        .collect()
}

/// `▁` is a space, and `<0x0A>` a byte.
fn sentence_piece(token: &str) -> Vec<u8> {
    let hexadecimal = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
    match hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace('\u{2581}', " ").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use serde_json::json;

    use super::*;

    /// A tokenizer of one token a byte, and one special token.
    fn byte_level() -> Tokenizer {
        let letters = byte_alphabet();
        let vocabulary: serde_json::Map<_, _> = letters
            .iter()
            .map(|(letter, byte)| (letter.to_string(), json!(byte)))
            .collect();
        let bytes = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true });
        let stop = json!({ "id": 256, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true });
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
            "added_tokens": [stop], "pre_tokenizer": bytes, "decoder": bytes,
            "model": { "type": "BPE", "vocab": vocabulary, "merges": [] },
        });
        Tokenizer::from_str(&tokenizer.to_string()).unwrap()
    }

    #[test]
    fn bytes_of_tokens_are_the_text() {
        let tokenizer = byte_level();
        let bytes = token_bytes(&tokenizer);
        let text = "SELECT \"名称\", é FROM t\n -- \u{1f600}";
        let encoding = tokenizer.encode(text, false).unwrap();
        let ids = encoding.get_ids().iter();
        let written: Vec<u8> = ids.flat_map(|id| bytes[*id as usize].clone()).collect();
        assert_eq!(String::from_utf8(written).unwrap(), text);
        assert!(bytes[256].is_empty(), "special tokens are no text");
    }

    /// Pieces with `▁` for a space and single bytes, as Mistral's and Gemma's tokenizers have them; Gemma adds runs of spaces as tokens.
    #[test]
    fn added_tokens_of_pieces_are_read_as_pieces() {
        let added = json!({ "id": 4, "content": "\u{2581}\u{2581}", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": false });
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "post_processor": null, "added_tokens": [added],
            "normalizer": { "type": "Replace", "pattern": { "String": " " }, "content": "\u{2581}" },
            "pre_tokenizer": null,
            "decoder": { "type": "Sequence", "decoders": [
                { "type": "Replace", "pattern": { "String": "\u{2581}" }, "content": " " },
                { "type": "ByteFallback" }, { "type": "Fuse" },
            ] },
            "model": {
                "type": "BPE", "byte_fallback": true, "unk_token": null, "merges": [["\u{2581}", "a"]],
                "vocab": { "a": 0, "\u{2581}": 1, "\u{2581}a": 2, "<0x0A>": 3, "\u{2581}\u{2581}": 4 },
            },
        });
        let tokenizer = Tokenizer::from_str(&tokenizer.to_string()).unwrap();
        let bytes = token_bytes(&tokenizer);
        let encoding = tokenizer.encode("a a\na", false).unwrap();
        assert_eq!(encoding.get_ids(), [0, 2, 3, 0]);
        for id in 0..5 {
            let text = tokenizer.decode(&[id], false).unwrap();
            assert_eq!(bytes[id as usize], text.as_bytes(), "token {id}");
        }
    }

    #[test]
    fn pieces_of_words_have_their_spaces() {
        assert_eq!(sentence_piece("\u{2581}FROM"), b" FROM");
        assert_eq!(sentence_piece("<0x0A>"), b"\n");
        assert_eq!(sentence_piece("<0xZZ>"), b"<0xZZ>");
    }
}
