import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

/** Takes back what was just done, from the word that says so. */
export function Undo({ work }: { work: () => Promise<unknown> }): ReactNode {
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const undo = () =>
    work().then(
      () => {
        setSaid("Taken back.");
        void client.invalidateQueries();
      },
      (error: Error) => setSaid(error.message),
    );
  if (said) return <span role="status">{said}</span>;
  return (
    <button type="button" className="button undo" onClick={() => void undo()}>
      Take it back
    </button>
  );
}
