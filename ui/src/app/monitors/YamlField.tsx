import { type ReactNode, useRef } from "react";
import type { Problem } from "./ruleText";

/** The rule as text, with what is wrong in it by line and column. */
export function YamlField(props: {
  text: string;
  problems: Problem[];
  warnings: Problem[];
  onText: (text: string) => void;
}): ReactNode {
  const { text, problems, warnings, onText } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const rows = Math.max(8, text.split("\n").length + 1);
  const go = (problem: Problem) => {
    const place = placeOf(text, problem);
    field.current?.focus();
    field.current?.setSelectionRange(place, place);
  };
  return (
    <div className="yaml">
      <label htmlFor="yaml">Text (YAML)</label>
      <div className="yaml-field">
        <ol aria-hidden="true">
          {text.split("\n").map((_, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number.
            <li key={place} className={lineClass(place + 1, problems, warnings)}>
              {place + 1}
            </li>
          ))}
        </ol>
        <textarea
          id="yaml"
          ref={field}
          className="mono"
          spellCheck={false}
          wrap="off"
          rows={rows}
          value={text}
          aria-invalid={problems.length > 0}
          aria-describedby="yaml-problems"
          onChange={(event) => onText(event.target.value)}
        />
      </div>
      <ul id="yaml-problems" className="problems" aria-live="polite">
        {problems.map((problem) => (
          <Line key={`${problem.line}${problem.said}`} problem={problem} tone="fail" onGo={go} />
        ))}
        {warnings.map((problem) => (
          <Line key={`${problem.line}${problem.said}`} problem={problem} tone="warn" onGo={go} />
        ))}
      </ul>
    </div>
  );
}

function Line(props: {
  problem: Problem;
  tone: "fail" | "warn";
  onGo: (problem: Problem) => void;
}): ReactNode {
  const { problem, tone, onGo } = props;
  return (
    <li>
      {problem.line ? (
        <button type="button" className="text-button" onClick={() => onGo(problem)}>
          line {problem.line}, column {problem.column}
        </button>
      ) : null}
      <span className={`tone-${tone}`}>{problem.said}</span>
    </li>
  );
}

function lineClass(line: number, problems: Problem[], warnings: Problem[]): string | undefined {
  if (problems.some((problem) => problem.line === line)) return "fail";
  return warnings.some((problem) => problem.line === line) ? "warn" : undefined;
}

/** Where in the text a line and a column are. */
export function placeOf(text: string, { line, column }: Pick<Problem, "line" | "column">): number {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return Math.min(text.length, before + Math.min(column - 1, lines[line - 1]?.length ?? 0));
}
