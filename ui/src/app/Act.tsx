import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "./session/session";

/** What a press does: it may take a while, and may fail; the failure is told where it was pressed. */
export function useAct(): {
  run: (work: () => Promise<unknown>, after?: () => void) => void;
  isBusy: boolean;
  failure: ReactNode;
  clear: () => void;
} {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const run = useCallback(
    (work: () => Promise<unknown>, after?: () => void) => {
      setBusy(true);
      setSaid("");
      work()
        .then(
          async () => {
            await client.invalidateQueries({ refetchType: "active" });
            after?.();
          },
          (error: unknown) => setSaid(error instanceof Error ? error.message : String(error)),
        )
        .finally(() => setBusy(false));
    },
    [client],
  );
  const failure = said ? (
    <p className="tone-fail failure" role="alert">
      {said}
    </p>
  ) : null;
  return { run, isBusy, failure, clear: useCallback(() => setSaid(""), []) };
}

/** A button that says why it cannot be pressed. */
export function Press(props: {
  children: ReactNode;
  onPress: () => void;
  /** Why not; '' where one may. */
  refusal?: string;
  isPrimary?: boolean;
  isBusy?: boolean;
}): ReactNode {
  const { refusal = "", isPrimary, isBusy } = props;
  return (
    <button
      type="button"
      className={isPrimary ? "button primary" : "button"}
      disabled={refusal !== "" || isBusy}
      title={refusal || undefined}
      onClick={props.onPress}
    >
      {props.children}
    </button>
  );
}

/** Asks for what an action needs, says what will happen, and does it. */
export function Ask(props: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** What will happen. */
  lead?: ReactNode;
  verb: string;
  onSubmit: (form: FormData) => Promise<unknown>;
  children?: ReactNode;
}): ReactNode {
  const { title, isOpen, onClose, lead, verb, onSubmit, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const act = useAct();
  const { clear } = act;
  useEffect(() => {
    if (!isOpen) return;
    clear();
    dialog.current?.showModal();
  }, [isOpen, clear]);
  if (!isOpen) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    act.run(() => onSubmit(form), onClose);
  };
  return (
    <dialog ref={dialog} className="ask" aria-label={title} onClose={onClose}>
      <form className="fields" onSubmit={submit}>
        <h2>{title}</h2>
        {lead ? <div className="soft">{lead}</div> : null}
        {children}
        {act.failure}
        <div className="buttons">
          <button type="submit" className="button primary" disabled={act.isBusy}>
            {act.isBusy ? "Working…" : verb}
          </button>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

const ME = "watchkeeper-name";

/** Who does it: whoever has signed in; where nobody is asked, the name that was given last. */
export function useMe(): { name: string; isKnown: boolean } {
  const session = useSession();
  if (session?.name) return { name: session.name, isKnown: true };
  let kept = "";
  try {
    kept = localStorage.getItem(ME) ?? "";
  } catch {
    // Nothing to remember it in.
  }
  return { name: kept, isKnown: false };
}

/** The field for one's name; nothing where it is known. */
export function NameField(): ReactNode {
  const me = useMe();
  if (me.isKnown) return <input type="hidden" name="by" value={me.name} />;
  return (
    <>
      <label htmlFor="by">Your name</label>
      <input
        id="by"
        name="by"
        required
        maxLength={200}
        defaultValue={me.name}
        autoComplete="name"
      />
    </>
  );
}

/** The name that a form was given, remembered for the next one. */
export function nameIn(form: FormData): string {
  const name = String(form.get("by") ?? "").trim();
  try {
    if (name) localStorage.setItem(ME, name);
  } catch {
    // Nothing to remember it in.
  }
  return name;
}
