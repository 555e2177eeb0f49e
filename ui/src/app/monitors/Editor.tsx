import type { ReactNode } from "react";
import type { GroupRead, ModelDetail } from "../../api/schema";
import { Section } from "../../components/Section";
import { Press, useAct } from "../Act";
import { RuleForm } from "./RuleForm";
import { Trial } from "./Trial";
import { useDraft } from "./useDraft";
import { YamlField } from "./YamlField";

interface Props {
  /** The rule's text as it is in force, or to begin with. */
  initial: string;
  group: Pick<GroupRead, "name" | "model" | "interval" | "labels">;
  model: ModelDetail;
  window: string;
  /** Why it cannot be saved; '' where it can. */
  readOnly: string;
  verb: string;
  /** Whether it can be saved as it is to begin with. */
  isNew?: boolean;
  onSave: (text: string) => Promise<void>;
}

/** A rule as a form and as text beside each other, and what it would have done. */
export function Editor(props: Props): ReactNode {
  const { initial, group, model, window, readOnly, verb, isNew, onSave } = props;
  const draft = useDraft({ initial, group, model, window });
  const act = useAct();
  const isChanged = draft.text !== initial;
  const why =
    readOnly ||
    (!isChanged && !isNew ? "Nothing is changed." : "") ||
    (draft.problems.length ? "Mend what is wrong first." : "") ||
    (draft.isChecked ? "" : "It is being checked.");
  return (
    <>
      <Trial draft={draft} isChanged={isChanged && !isNew} model={model} />
      <Section
        id="rule"
        title="Rule"
        lead="The form and the text are the same rule; change either."
      >
        <div className="halves rule">
          <RuleForm draft={draft} model={model} />
          <YamlField
            text={draft.text}
            problems={draft.problems}
            warnings={draft.warnings}
            onText={draft.setText}
          />
        </div>
        {readOnly ? <p className="note plain">{readOnly}</p> : null}
        {act.failure}
        <div className="buttons">
          <Press
            isPrimary
            refusal={why}
            isBusy={act.isBusy}
            onPress={() => act.run(() => onSave(draft.text))}
          >
            {act.isBusy ? "Saving…" : verb}
          </Press>
          {isChanged ? <Press onPress={() => draft.setText(initial)}>Discard changes</Press> : null}
          {readOnly && isChanged ? (
            <Press onPress={() => void navigator.clipboard?.writeText(draft.text)}>
              Copy the text
            </Press>
          ) : null}
        </div>
      </Section>
    </>
  );
}
