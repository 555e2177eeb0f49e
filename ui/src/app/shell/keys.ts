import { ALONG, focusSearch, type KeyLine, LIGHTS } from "../../components/Keys";

/** Keys beside those that search and go somewhere. */
export const KEYS: KeyLine[] = [
  ALONG,
  LIGHTS,
  ["drag", "over a chart of time: show that range everywhere"],
  ["[Ctrl] or [⌘] wheel", "zoom in a chart of many points"],
  ["[Shift] drag or wheel", "move in it; a double click shows all"],
];

/** To the field that searches; without one the key is the browser's own. */
export function search(event: KeyboardEvent): void {
  if (focusSearch()) event.preventDefault();
}
