import type { MouseEvent, ReactNode } from "react";
import type { Route } from "../lib/route";
import { hrefOf, navigate } from "../state/route";

interface Props {
  to: Route;
  children: ReactNode;
  className?: string;
  label?: string;
  isCurrent?: boolean;
  onGo?: () => void;
}

/** A link inside the page; it works where the page is a frame without an address, too. */
export function Link({ to, children, className, label, isCurrent, onGo }: Props): ReactNode {
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(to);
    onGo?.();
  };
  return (
    <a
      href={hrefOf(to)}
      className={className}
      aria-label={label}
      aria-current={isCurrent ? "true" : undefined}
      onClick={go}
    >
      {children}
    </a>
  );
}
