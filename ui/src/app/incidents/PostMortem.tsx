import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { IncidentShown } from "../../api/schema";
import { Section } from "../../components/Section";
import { Press } from "../Act";
import { Answer } from "../alerts/Page";
import { at, get } from "../data/api";
import { Markdown } from "../runbooks/Markdown";

/** The draft of the post-mortem, made from the timeline; what only people know is a blank. */
export function PostMortem({ incident }: { incident: IncidentShown }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section
      id="post-mortem"
      title="Post-mortem"
      lead="A draft from the timeline; what only people know is marked to be filled in."
    >
      {isOpen ? (
        <Draft number={incident.number} />
      ) : (
        <p className="buttons">
          <Press onPress={() => setOpen(true)}>Draft the post-mortem</Press>
        </p>
      )}
    </Section>
  );
}

function Draft({ number }: { number: number }): ReactNode {
  const path = at`/v1/incidents/${number}/post-mortem`;
  const found = useQuery({
    queryKey: ["incidents", path],
    queryFn: ({ signal }) => get<string>(path, {}, signal),
    refetchInterval: false,
  });
  return (
    <Answer of={found} what="The post-mortem">
      {(text) => (
        <>
          <Buttons text={text} name={`incident-${number}.md`} />
          <Markdown text={text} />
        </>
      )}
    </Answer>
  );
}

function Buttons({ text, name }: { text: string; name: string }): ReactNode {
  const [said, setSaid] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied."),
      () => setSaid("The browser does not let it be copied; download it instead."),
    );
  const download = () => {
    const address = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <p className="buttons">
      <Press onPress={() => void copy()}>Copy as Markdown</Press>
      <Press onPress={download}>Download {name}</Press>
      <span role="status" className="soft">
        {said}
      </span>
    </p>
  );
}
