import type { Happened } from "../../api/schema";

/** One time that an alert fired. */
export interface Episode {
  key: string;
  file: string;
  group: string;
  model: string;
  alert: string;
  number: number;
  version: string;
  segment: string;
  from: string;
  /** Null: it still fires. */
  until: string | null;
}

const FIRES = new Set(["firing", "recovering"]);

/** When alerts fired, the newest first, from the changes of their states. */
export function episodesOf(history: Happened[]): Episode[] {
  const open = new Map<string, Episode>();
  const found: Episode[] = [];
  for (const row of [...history].reverse()) {
    const turn = row.what as { before?: string; after?: string };
    const [was, is] = [FIRES.has(turn.before ?? ""), FIRES.has(turn.after ?? "")];
    if (was === is) continue;
    if (is) {
      const episode = episodeOf(row);
      if (!episode) continue;
      open.set(row.subject, episode);
      found.push(episode);
    } else {
      // What fires on while its data are missing has not ended.
      const held = open.get(row.subject);
      if (held && (turn.after === "no_data" || turn.after === "error")) continue;
      if (held) held.until = row.at;
      open.delete(row.subject);
    }
  }
  return found.reverse();
}

function episodeOf(row: Happened): Episode | null {
  let parts: unknown;
  try {
    parts = JSON.parse(row.subject);
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length < 7) return null;
  const [file, group, model, alert, number, version, segment] = parts as [
    string, string, string, string, number, string, string,
  ]; // biome-ignore format: one list
  return {
    key: row.subject,
    file,
    group,
    model,
    alert,
    number,
    version,
    segment,
    from: row.at,
    until: null,
  };
}

export interface RuleTally {
  alert: string;
  model: string;
  times: number;
  seconds: number;
  longest: number;
  last: string;
}

/** How often each rule fired on each model, the most often first. */
export function talliesOf(episodes: Episode[], now: number): RuleTally[] {
  const tallies = new Map<string, RuleTally>();
  for (const episode of episodes) {
    const key = `${episode.model}\n${episode.alert}`;
    const end = episode.until ? Date.parse(episode.until) : now;
    const length = Math.max(0, (end - Date.parse(episode.from)) / 1000);
    const held = tallies.get(key);
    if (held) {
      held.times += 1;
      held.seconds += length;
      held.longest = Math.max(held.longest, length);
      if (episode.from > held.last) held.last = episode.from;
    } else {
      tallies.set(key, {
        alert: episode.alert,
        model: episode.model,
        times: 1,
        seconds: length,
        longest: length,
        last: episode.from,
      });
    }
  }
  return [...tallies.values()].sort((a, b) => b.times - a.times || b.seconds - a.seconds);
}
