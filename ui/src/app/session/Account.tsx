import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import type { SessionShown } from "../../api/schema";
import { Icon } from "../../components/icons";
import { changePassword, signOut, useSession } from "./session";

/** Who is signed in, and what they may do about that; nothing where nobody is asked. */
export function Account(): ReactNode {
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  if (!session || session.how === "open") return null;
  const name = session.display_name || session.name || "";
  return (
    <>
      <button
        type="button"
        className="icon-button"
        onClick={() => dialog.current?.showModal()}
        aria-label={`Your account: ${name}`}
        title={`Your account: ${name}`}
      >
        <Icon name="person" />
      </button>
      <dialog ref={dialog} aria-labelledby="account-title">
        <h2 id="account-title">
          <bdi>{name}</bdi>
        </h2>
        <AccountBody session={session} />
        <button type="button" className="button close" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </dialog>
    </>
  );
}

function AccountBody({ session }: { session: SessionShown }): ReactNode {
  const client = useQueryClient();
  const leave = useMutation({ mutationFn: () => signOut(client) });
  return (
    <>
      <p>
        Signed in as <code>{session.name}</code>, {session.role ?? "with an API key"}.
      </p>
      {session.can_set_password ? <PasswordChange /> : null}
      <p className="buttons">
        <button
          type="button"
          className="button"
          disabled={leave.isPending}
          onClick={() => leave.mutate()}
        >
          Sign out
        </button>
      </p>
      {leave.error ? (
        <p role="alert" className="tone-fail">
          {leave.error.message}
        </p>
      ) : null}
    </>
  );
}

function PasswordChange(): ReactNode {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [old, next] = [useId(), useId()];
  const change = useMutation({
    mutationFn: (form: FormData) =>
      changePassword(client, String(form.get("old")), String(form.get("new"))),
    onSuccess: () => setOpen(false),
  });
  if (!isOpen) {
    return (
      <p className="buttons">
        <button type="button" className="button" onClick={() => setOpen(true)}>
          Change password
        </button>
        {change.isSuccess ? (
          <span role="status">Changed; all your other sessions have ended.</span>
        ) : null}
      </p>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className="fields" onSubmit={submit}>
      <label htmlFor={old}>Password now</label>
      <input id={old} name="old" type="password" autoComplete="current-password" required />
      <label htmlFor={next}>New password, 15 characters or more</label>
      <input
        id={next}
        name="new"
        type="password"
        autoComplete="new-password"
        minLength={15}
        required
      />
      {change.error ? (
        <p role="alert" className="tone-fail">
          {change.error.message}
        </p>
      ) : null}
      <button type="submit" className="button primary" disabled={change.isPending}>
        Set the new password
      </button>
    </form>
  );
}
