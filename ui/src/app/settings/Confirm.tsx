import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useRef } from "react";

/** A button for what cannot be undone: it says what is lost, and asks. */
export function Confirm(props: {
  verb: string;
  title: string;
  body: ReactNode;
  run: () => Promise<unknown>;
  onDone: () => void;
}): ReactNode {
  const { verb, title, body, run, onDone } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const running = useMutation({
    mutationFn: run,
    onSuccess: () => {
      dialog.current?.close();
      onDone();
    },
  });
  return (
    <>
      <button
        type="button"
        className="text-button"
        onClick={() => dialog.current?.showModal()}
        aria-label={title.replace(/\?$/, "")}
      >
        {verb}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <h2>{title}</h2>
        <p className="wrapped">{body}</p>
        {running.error ? (
          <p role="alert" className="tone-fail">
            {running.error.message}
          </p>
        ) : null}
        <p className="buttons">
          <button
            type="button"
            className="button primary"
            disabled={running.isPending}
            onClick={() => running.mutate()}
          >
            {verb}
          </button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </dialog>
    </>
  );
}
