import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "../../components/Link";
import { Failed, Skeleton } from "../shell/states";

export interface Crumb {
  title: string;
  path: string;
}

/** The frame of a page: where one is, what holds for all of it, and the body. */
export function Page(props: {
  title: ReactNode;
  crumb?: Crumb;
  tools?: ReactNode;
  tabs?: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}): ReactNode {
  const { title, crumb, tools, tabs, isWide, children } = props;
  return (
    <>
      <header className="bar">
        {crumb ? (
          <nav className="crumbs" aria-label="Way back">
            <Link to={{ path: [crumb.path], query: {} }}>{crumb.title}</Link>
            <span aria-hidden="true">/</span>
          </nav>
        ) : null}
        <span className="model">{title}</span>
        {tools ? <span className="range">{tools}</span> : null}
      </header>
      {tabs}
      <main className={isWide ? "page wide" : "page"}>{children}</main>
    </>
  );
}

/** What a question came to: a place of its size, what went wrong, or the answer. */
export function Answer<T>(props: {
  of: UseQueryResult<T>;
  what: string;
  height?: number;
  children: (data: T) => ReactNode;
}): ReactNode {
  const { of: found, what, height = 240, children } = props;
  if (found.data !== undefined) return children(found.data);
  if (found.isPending) return <Skeleton height={height} label={`Loading ${what.toLowerCase()}`} />;
  return <Failed error={found.error} what={what} />;
}

const PLACES = [
  { path: "/alerts", title: "Active" },
  { path: "/alerts/history", title: "History" },
  { path: "/silences", title: "Silences" },
];

/** The pages of alerts beside each other. */
export function AlertTabs({ here }: { here: string }): ReactNode {
  return (
    <nav className="tabs" aria-label="Pages of alerts">
      <ul>
        {PLACES.map((place) => (
          <li key={place.path}>
            <Link to={{ path: [place.path], query: {} }} isCurrent={place.path === here}>
              {place.title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
