// SQL with its words told apart, and places marked that a validator found wrong.

import { Fragment } from "preact";
import type { Finding, Position, Segment } from "../api_types";
import { useWords, type Word } from "../words/words";

const WORD =
  /^(all|and|as|asc|between|by|case|cast|cross|desc|distinct|else|end|except|exists|fetch|from|full|group|having|in|inner|intersect|is|join|left|like|limit|not|null|offset|on|or|order|outer|over|partition|right|select|then|union|using|values|when|where|with)$/i;
const TOKEN = /('(?:[^']|'')*'?)|(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|([\s\S])/g;

interface Mark {
  start: number;
  end: number;
  finding: Finding;
}

export function SqlText({ sql, findings = [] }: { sql: string; findings?: Finding[] }) {
  const { say } = useWords();
  const marks = marksOf(sql, findings);
  const edges = [...new Set([0, sql.length, ...marks.flatMap((mark) => [mark.start, mark.end])])].sort((a, b) => a - b);
  const parts = edges.slice(0, -1).map((start, at) => {
    const text = sql.slice(start, edges[at + 1]);
    const mark = marks.find((mark) => mark.start <= start && start < mark.end);
    if (!mark) return <Fragment key={start}>{coloured(text)}</Fragment>;
    const { severity, code, message } = mark.finding;
    return (
      <mark key={start} class={severity} title={`${code}: ${message}`}>
        <span class="unseen">[{say(`severity.${severity}` as Word)}: </span>
        {coloured(text)}
        <span class="unseen">]</span>
      </mark>
    );
  });
  return (
    <pre class="sql" tabIndex={0}>
      <code>{parts}</code>
    </pre>
  );
}

/** The answer against the reference, word by word. */
export function SqlDifference({ segments }: { segments: Segment[] }) {
  const { say } = useWords();
  return (
    <pre class="sql" tabIndex={0}>
      <code>
        {segments.map((segment, at) => {
          if (segment.kind === "same") return <Fragment key={at}>{coloured(segment.text)}</Fragment>;
          const title = say(`evaluation.${segment.kind}`);
          const Change = segment.kind === "missing" ? "del" : "ins";
          return (
            <Change key={at} title={title}>
              <span class="unseen">[{title}: </span>
              {segment.text}
              <span class="unseen">]</span>
            </Change>
          );
        })}
      </code>
    </pre>
  );
}

function coloured(text: string) {
  const parts: { kind: string; text: string }[] = [];
  for (const [all, literal, comment, word, number] of text.matchAll(TOKEN)) {
    const kind = literal || number ? "literal" : comment ? "comment" : word && WORD.test(word) ? "word" : "";
    const last = parts.at(-1);
    if (last && last.kind === kind) last.text += all;
    else parts.push({ kind, text: all });
  }
  return parts.map(({ kind, text }, at) => (kind ? <span key={at} class={kind}>{text}</span> : text));
}

/** Places in characters; a place without length is drawn over one character. */
function marksOf(sql: string, findings: Finding[]): Mark[] {
  return findings.flatMap((finding) => {
    if (!finding.span) return [];
    const start = offset(sql, finding.span.start);
    const end = Math.max(offset(sql, finding.span.end), start + 1);
    return start < sql.length ? [{ start, end: Math.min(end, sql.length), finding }] : [];
  });
}

/** Lines and columns count from 1; columns count characters, not UTF-16 units. */
function offset(sql: string, { line, column }: Position): number {
  const lines = sql.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const inLine = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  return before + inLine;
}
