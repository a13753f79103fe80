//! BLEU-4 over characters and ROUGE-1/2/L over words, as LLaMA-Factory's `scripts/eval_bleu_rouge.py` computes them.
//!
//! Values are percentages, rounded to four digits per row; a run's figure is the plain mean of its rows. The parts
//! mirror the script's: [`bleu`] (nltk), [`words`] (jieba), [`sentences`] and [`rouge`] (rouge-chinese).

pub mod bleu;
pub mod python;
pub mod rouge;
pub mod score;
pub mod sentences;
pub mod words;
