import type { ReactNode } from "react";

interface Props {
  id: string;
  title: string;
  lead?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of the page with a name that the navigation and the URL know. */
export function Section({ id, title, lead, aside, children }: Props): ReactNode {
  return (
    <section className="section" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {lead ? <p>{lead}</p> : null}
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A part of a section. */
export function Sub({
  title,
  lead,
  children,
}: Pick<Props, "title" | "lead" | "children">): ReactNode {
  return (
    <div className="sub">
      <h3>{title}</h3>
      {lead ? <p className="soft prose">{lead}</p> : null}
      {children}
    </div>
  );
}

/** Why there is nothing here, and what to do about it. */
export function Empty({ children }: { children: ReactNode }): ReactNode {
  return <p className="empty">{children}</p>;
}

/** Which colour is which side; the same in every chart. */
export function Legend({
  reference,
  current,
}: {
  reference?: string;
  current?: string;
}): ReactNode {
  return (
    <span className="legend">
      <span>
        <i className="swatch" />
        {reference ?? "reference"}
      </span>
      <span>
        <i className="swatch current" />
        {current ?? "current"}
      </span>
    </span>
  );
}
