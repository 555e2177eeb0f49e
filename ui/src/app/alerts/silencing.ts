import type { Silence, SilenceMatcher } from "./ask";

/** A label in a matcher as people and messages write it: `model="flights"`. */
const PATTERN = /^\s*([A-Za-z_][\w.-]*|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/** A matcher from its text; null where it is none. */
export function readMatcher(text: string): SilenceMatcher | null {
  const found = PATTERN.exec(text);
  if (!found) return null;
  const [, name = "", operator = "", value = ""] = found;
  const unquoted = unquote(value);
  if (unquoted === null) return null;
  return {
    name: unquote(name) ?? name,
    value: unquoted,
    isRegex: operator.endsWith("~"),
    isEqual: !operator.startsWith("!"),
  };
}

function unquote(text: string): string | null {
  if (!text.startsWith('"')) return text;
  if (text.length < 2 || !text.endsWith('"')) return null;
  return text
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, letter: string) => (letter === "n" ? "\n" : letter));
}

const operatorOf = (matcher: SilenceMatcher): string =>
  `${matcher.isEqual ? (matcher.isRegex ? "=~" : "=") : matcher.isRegex ? "!~" : "!="}`;

/** A matcher as text. */
export function writeMatcher(matcher: SilenceMatcher): string {
  const value = matcher.value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
  return `${matcher.name}${operatorOf(matcher)}"${value}"`;
}

/** Whether labels meet a matcher; an expression must match the whole value, as Alertmanager has it. */
export function meets(matcher: SilenceMatcher, labels: Record<string, string>): boolean {
  const value = labels[matcher.name] ?? "";
  let isMet = value === matcher.value;
  if (matcher.isRegex) {
    try {
      isMet = new RegExp(`^(?:${matcher.value})$`, "su").test(value);
    } catch {
      return false;
    }
  }
  return isMet === matcher.isEqual;
}

/** Labels that a silence of an alert begins with: what tells it apart, without its severity. */
export function silenceRoute(labels: Record<string, string>) {
  const matchers = Object.entries(labels)
    .filter(([name]) => name !== "severity")
    .map(([name, value]) => writeMatcher({ name, value, isRegex: false, isEqual: true }));
  return { path: ["/silences/new"], query: { matcher: matchers.join("\n"), for: "2h" } };
}

/** What of a silence is asked for, such as to make it once more. */
export const againRoute = (silence: Silence) => ({
  path: ["/silences/new"],
  query: {
    matcher: silence.matchers.map(writeMatcher).join("\n"),
    comment: silence.comment,
    for: "2h",
  },
});
