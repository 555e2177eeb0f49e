import type { ReactNode } from "react";

const PATHS = {
  summary: "M3 4h10M3 8h10M3 12h6",
  performance: "M2.5 12.5 6 8l3 2.5L13.5 4",
  drift: "M2 12c3 0 3-8 6-8s3 8 6 8M5 12c3 0 3-6 6-6",
  segments: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9 9h4v4H9z",
  quality: "M8 2.5 13 4.5V8c0 3-2.2 4.8-5 5.7C5.2 12.8 3 11 3 8V4.5zM6 8l1.5 1.5L10.5 6.5",
  about: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.2V11M8 5v.2",
  checks: "M3 4.5l1 1 2-2M8.5 4.5H13M3 11l1 1 2-2M8.5 11.5H13",
  windows: "M2.5 4h11v9h-11zM2.5 7h11M5.5 2.5V5M10.5 2.5V5",
  heat: "M2.5 3h3v3h-3zM6.5 3h3v3h-3zM10.5 3h3v3h-3zM2.5 7h3v3h-3zM6.5 7h3v3h-3zM10.5 7h3v3h-3zM2.5 11h3v2h-3zM6.5 11h3v2h-3zM10.5 11h3v2h-3z",
  search: "M7 11.5A4.5 4.5 0 1 0 7 2.5a4.5 4.5 0 0 0 0 9zM10.3 10.3 13.5 13.5",
  theme: "M8 13.5A5.5 5.5 0 1 0 8 2.5zM8 2.5v11",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.4a1.7 1.7 0 1 1 2.5 1.5c-.6.3-.8.6-.8 1.2M8 11v.2",
  missing: "M3 3h10v10H3zM3 13 13 3",
  bell: "M4 11.5V7.5a4 4 0 0 1 8 0v4l1 1H3zM6.8 14.2h2.4",
  incident: "M8 2.5 14 13H2zM8 6.5v3M8 11.3v.2",
  monitor: "M2.5 3h11v7.5h-11zM5.5 13.5h5M8 10.5v3",
  people:
    "M6 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM2 13c0-2.2 1.8-3.6 4-3.6s4 1.4 4 3.6M10.5 3.3a2.2 2.2 0 0 1 0 4M11.5 9.6c1.6.3 2.7 1.6 2.7 3.4",
  person: "M8 7.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM3 13.6c0-2.6 2.3-4.2 5-4.2s5 1.6 5 4.2",
  settings: "M3 4.5h5M11 4.5h2M8 3v3M3 8h2M8 8h5M5 6.5v3M3 11.5h6M12 11.5h1M9 10v3",
  boards: "M2.5 3h5v6h-5zM2.5 11h5v2h-5zM9.5 3h4v2.5h-4zM9.5 7.5h4V13h-4z",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing that stands beside a word; it says nothing alone. */
export function Icon({ name }: { name: IconName }): ReactNode {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Watchkeeper's sign: a window with a line that leaves its band. */
export function Sign(): ReactNode {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
    >
      <rect x="1.5" y="1.5" width="15" height="15" rx="4" strokeWidth="1.6" />
      <path
        d="M4.5 10.5h2.2l1.6-3.2 2 5 2.6-7.3"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
