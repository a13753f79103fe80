// The page in the reader's language.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { chinese } from "./chinese";
import { english } from "./english";

export type Word = keyof typeof english;
export type Words = Record<Word, string>;
export type Language = "en" | "zh";

const KEPT = "nl2sql-language";
const WORDS: Record<Language, Words> = { en: english, zh: chinese };

export interface Speaker {
  language: Language;
  /** A text with its places filled in. `{s}` is the plural of what stands before it, unless that is 1 of them. */
  say: (word: Word, places?: Record<string, string | number>) => string;
  number: (value: number, digits?: number) => string;
  percent: (value: number) => string;
  /** `1 h 5 min`. */
  duration: (seconds: number) => string;
  /** `3 minutes ago`. */
  ago: (time: number) => string;
  date: (time: number) => string;
}

export function readLanguage(): Language {
  const kept = localStorage.getItem(KEPT) ?? navigator.language;
  return kept.startsWith("zh") ? "zh" : "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export function speaker(language: Language): Speaker {
  const words = WORDS[language];
  const locale = language === "zh" ? "zh-CN" : "en";
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const say: Speaker["say"] = (word, places) => {
    let before = "";
    return words[word].replace(/\{(\w+)\}/g, (place, name: string) => {
      if (name === "s") return before === "1" ? "" : "s";
      before = String(places?.[name] ?? place);
      return before;
    });
  };
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  return {
    language,
    say,
    number: (value, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value),
    percent: (value) => new Intl.NumberFormat(locale, { style: "percent" }).format(value),
    duration(seconds) {
      if (seconds < 1) return unit(Number(seconds.toFixed(2)), "second");
      const whole = Math.round(seconds);
      if (whole < 60) return unit(whole, "second");
      const minutes = Math.floor(whole / 60);
      if (minutes < 60) return `${unit(minutes, "minute")} ${unit(whole % 60, "second")}`;
      return `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")}`;
    },
    ago(time) {
      const seconds = time - Date.now() / 1000;
      const steps: [Intl.RelativeTimeFormatUnit, number][] = [
        ["day", 86_400],
        ["hour", 3_600],
        ["minute", 60],
      ];
      const step = steps.find(([, length]) => Math.abs(seconds) >= length);
      return step ? relative.format(Math.round(seconds / step[1]), step[0]) : say("time.now");
    },
    date: (time) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(time * 1000),
  };
}

export const SpeakerContext = createContext<Speaker>(speaker("en"));

export function useWords(): Speaker {
  return useContext(SpeakerContext);
}
