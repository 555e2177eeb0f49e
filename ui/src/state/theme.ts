import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

/** The tokens that a chart needs as plain colours. */
export interface Palette {
  text: string;
  soft: string;
  faint: string;
  line: string;
  strong: string;
  paper: string;
  accent: string;
  reference: string;
  second: string;
  fail: string;
  font: string;
  /** Colours that tell lines apart, also for those who see fewer. */
  hues: string[];
  /** The strong end of the scale of heat maps. */
  heat: string;
}

const KEY = "watchkeeper-theme";
const HUES = ["accent", "second", "hue-3", "hue-4", "hue-5", "hue-6", "text-soft"];
const listeners = new Set<() => void>();
let palette: Palette | undefined;

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    // A frame without an origin of its own has no storage; the system's setting then rules.
    return null;
  }
}

const system = (): Theme =>
  globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  palette = undefined;
  for (const listener of listeners) listener();
}

/** Sets the theme before the first paint, follows the system, and prints in light. */
export function startTheme(): void {
  apply(stored() ?? system());
  globalThis.matchMedia?.("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (!stored()) apply(system());
  });
  let before: Theme = "light";
  addEventListener("beforeprint", () => {
    before = currentTheme();
    apply("light");
  });
  addEventListener("afterprint", () => apply(before));
}

const currentTheme = (): Theme =>
  document.documentElement.dataset.theme === "dark" ? "dark" : "light";

/** Turns light to dark and back, and remembers it. */
export function toggleTheme(): void {
  const next: Theme = currentTheme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Nothing to remember it in; it holds until the page is closed.
  }
  apply(next);
}

function readPalette(): Palette {
  if (palette) return palette;
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  palette = {
    text: token("text"),
    soft: token("text-soft"),
    faint: token("text-faint"),
    line: token("line"),
    strong: token("line-strong"),
    paper: token("paper"),
    accent: token("accent"),
    reference: token("reference"),
    second: token("second"),
    fail: token("fail"),
    font: token("sans"),
    hues: HUES.map((name) => token(name)),
    heat: token("heat-1"),
  };
  return palette;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The colours of the theme in force. */
export const usePalette = (): Palette => useSyncExternalStore(subscribe, readPalette);

/** The theme in force. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, currentTheme);
