import { useQuery } from "@tanstack/react-query";
import { ErrorState } from "../design/error-state.tsx";
import { groundsQuery } from "./policy-queries.ts";
import { refusedSentences, wordsOf } from "./policy-words.ts";
import { Choice, wordOptions } from "../design/choice.tsx";

export type GroundChoice = { readonly purpose: string; readonly ground: string };

export const noChoice: GroundChoice = { purpose: "", ground: "" };

/** Purpose and legal ground. What the policies never allow stands there as not possible, with the reason, and cannot be chosen. */
export function GroundFields(props: {
  readonly value: GroundChoice;
  readonly onChange: (value: GroundChoice) => void;
}) {
  const { value, onChange } = props;
  const words = useQuery(groundsQuery);
  const refused = words.data?.refusedPurposes ?? [];
  return (
    <>
      <Choice
        label="Purpose"
        value={value.purpose}
        options={wordOptions(words.data?.purposes ?? [], wordsOf)}
        onChoose={(purpose) => onChange({ ...value, purpose })}
        hint={refused.length === 0 ? undefined : refusedSentences(refused).join(" ")}
      >
        {refused.length === 0 ? null : (
          <optgroup label="Not possible">
            {refused.map(({ purpose }) => (
              <option key={purpose} value={purpose} disabled>
                {wordsOf(purpose)}
              </option>
            ))}
          </optgroup>
        )}
      </Choice>
      <Choice
        label="Legal ground"
        value={value.ground}
        options={wordOptions(words.data?.grounds ?? [], wordsOf)}
        onChoose={(ground) => onChange({ ...value, ground })}
      />
      {words.isError ? <ErrorState fault={words.error} onRetry={() => void words.refetch()} /> : null}
    </>
  );
}
