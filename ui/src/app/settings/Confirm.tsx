import { type ReactNode, useState } from "react";
import { Ask } from "../Act";

/** A button for what cannot be undone: it says what is lost, and asks. */
export function Confirm(props: {
  verb: string;
  title: string;
  body: ReactNode;
  run: () => Promise<unknown>;
}): ReactNode {
  const { verb, title, body, run } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="text-button"
        onClick={() => setOpen(true)}
        aria-label={title.replace(/\?$/, "")}
      >
        {verb}
      </button>
      <Ask
        title={title}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        lead={body}
        verb={verb}
        onSubmit={run}
      />
    </>
  );
}
