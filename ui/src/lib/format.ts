/** Numbers as people read them; the same rules, to the character, as the Python side's words. */

export const UNDEFINED = "–";
export const MINUS = "\u2212";

const SUPERSCRIPTS: Record<string, string> = Object.fromEntries(
  [..."-0123456789"].map((digit, place) => [digit, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][place] ?? ""]),
);
const PREFIXES: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

type Maybe = number | null | undefined;

const finite = (value: Maybe): value is number =>
  value !== null && value !== undefined && Number.isFinite(value);

// Making a formatter costs far more than using it, and a page writes tens of thousands of numbers.
const formatters = new Map<number, Intl.NumberFormat>();

function fixed(size: number, decimals: number): string {
  let found = formatters.get(decimals);
  if (!found) {
    found = new Intl.NumberFormat("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      // As Python rounds, so that a sentence and the table below it agree to the last digit.
      roundingMode: "halfEven",
    });
    formatters.set(decimals, found);
  }
  return found.format(size);
}

function plain(size: number, digits: number): string {
  if (Number.isInteger(size)) return fixed(size, 0);
  const decimals = Math.min(20, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
  let text = fixed(size, decimals);
  // Rounding up to the next power of ten (0.9996) adds a figure that was not measured.
  if (text.includes(".") && text.replaceAll(/[,.]/g, "").replace(/^0+/, "").length > digits) {
    text = text.slice(0, -1).replace(/\.$/, "");
  }
  return text;
}

function power(size: number, digits: number): string {
  const [mantissa, exponent] = size.toExponential(digits - 1).split("e");
  const raised = [...String(Number(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("");
  return `${mantissa} × 10${raised}`;
}

/** A number with three significant figures; integers keep all of theirs below a million. */
export function number(value: Maybe, digits = 3): string {
  if (!finite(value)) return UNDEFINED;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-3 ? power(size, digits) : plain(size, digits);
  return value < 0 ? MINUS + text : text;
}

/** A number that somebody chose, as short as they wrote it: 0.05, not 0.0500. */
export const setting = (value: Maybe): string => trim(number(value));

/** A difference, which always shows its direction. */
export function signed(value: Maybe, digits = 3): string {
  if (!finite(value)) return UNDEFINED;
  if (value === 0) return "±0";
  return value < 0 ? number(value, digits) : `+${number(value, digits)}`;
}

/** A share as per cent; only exactly nothing is 0 % and only exactly all is 100 %. */
export function percent(share: Maybe): string {
  if (!finite(share)) return UNDEFINED;
  const value = share * 100;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : "";
  if (size < 1e-4 && size > 0) return `under ${sign}0.0001 %`;
  let text: string;
  if (size > 99 && size < 100) {
    const decimals = 100 - size < 0.1 ? Math.min(6, 1 - Math.floor(Math.log10(100 - size))) : 1;
    text = trim(size.toFixed(decimals));
  } else if (size < 1e-3) {
    text = trim(size.toFixed(4));
  } else {
    text = trim(plain(size, 3));
  }
  return `${sign}${text} %`;
}

const trim = (text: string): string =>
  text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;

/** A number of things: exact below ten thousand, with an SI prefix from there. */
export function count(value: Maybe): string {
  if (!finite(value)) return UNDEFINED;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : "";
  if (size < 10_000) return sign + fixed(size, 0);
  for (const [unit, prefix] of PREFIXES) {
    if (size >= unit * 0.9995) {
      const scaled = size / unit;
      return `${sign}${fixed(scaled, scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0)} ${prefix}`;
    }
  }
  return sign + fixed(size, 0);
}

/** A count with its noun: 1 row, 3 rows. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** A p-value without its letter, for a column of them. */
export function pValue(p: Maybe): string {
  if (!finite(p)) return UNDEFINED;
  if (p < 0.001) return "< 0.001";
  return p > 0.9995 ? "1" : p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** An interval in words; nothing where there is none. */
export function interval(low: Maybe, high: Maybe, show: (value: Maybe) => string = number): string {
  return finite(low) && finite(high) ? `${show(low)} to ${show(high)}` : "";
}

/** Epoch seconds as a day, or as a minute where the axis is short. */
export function instant(seconds: number, span = Number.POSITIVE_INFINITY): string {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return number(seconds);
  const text = moment.toISOString();
  return span > 4 * 86_400 ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** The day of an ISO time, for labels; the zone of all times is UTC. */
export function day(iso: string | null | undefined): string {
  return iso ? iso.slice(0, 10) : UNDEFINED;
}

/** A window's range: first day to last, the end being exclusive when it falls at midnight. */
export function range(start: string | null | undefined, end: string | null | undefined): string {
  if (!start && !end) return "";
  return `${day(start)} to ${day(end)}`;
}
