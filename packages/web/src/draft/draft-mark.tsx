import type { DraftView } from "@tillwatch/wire";
import { Tag } from "../design/badge.tsx";
import { modelText } from "./draft-words.ts";

/** Says first of all that no person has said this. */
export function DraftMark({ draft }: { readonly draft: DraftView }) {
  const { state, model, settled } = draft;
  return (
    <div className="grid justify-items-start gap-1">
      {state === "offered" ? (
        <Tag tone="warn">Not yet accepted by a person</Tag>
      ) : (
        <Tag tone={state === "accepted" ? "good" : "plain"}>{state === "accepted" ? "Accepted" : "Refused"}</Tag>
      )}
      <p className="text-xs break-words text-ink-muted">Written by a program: {modelText(model)}</p>
      {state === "refused" && settled !== null ? <p className="text-sm break-words">{settled.because}</p> : null}
    </div>
  );
}
