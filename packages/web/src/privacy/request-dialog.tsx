import { useQuery } from "@tanstack/react-query";
import { Tag } from "../design/badge.tsx";
import { Facts } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { TakeFile } from "../design/take-file.tsx";
import { Moment } from "../design/time.tsx";
import { Who } from "../people/who.tsx";
import { Loaded } from "./loaded.tsx";
import { requestQuery, type RequestWhole } from "./privacy-queries.ts";
import { RequestWork } from "./request-work.tsx";
import { identityWords, kindWords } from "./request-words.ts";

/** One request, step by step: who asks, what there is, the answer. */
export function RequestDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const whole = useQuery(requestQuery(id));
  return (
    <Dialog title={whole.data?.ref ?? "Request"} open onClose={onClose}>
      <Loaded query={whole} says="Loading the request">
        {(data) => <Whole request={data} />}
      </Loaded>
    </Dialog>
  );
}

function Whole({ request: whole }: { readonly request: RequestWhole }) {
  const open = whole.state === "open";
  return (
    <div className="grid gap-4 text-sm">
      <Facts
        items={[
          ["Asks for", kindWords[whole.kind] ?? whole.kind],
          [
            "Due",
            whole.overdue ? (
              <Tag tone="bad">{`overdue since ${whole.dueAt.slice(0, 10)}`}</Tag>
            ) : (
              whole.dueAt.slice(0, 10)
            ),
          ],
          ["Known by", (whole.asked?.identifiers ?? []).map(({ value }) => value).join(", ") || "a token"],
          ["Identity", identityWords[whole.identity] ?? whole.identity],
          ["State", whole.state],
        ]}
      />
      {whole.asked === null || whole.asked.wording === "" ? null : (
        <blockquote className="border-l-2 border-line-strong pl-3 text-ink-soft">{whole.asked.wording}</blockquote>
      )}
      {open ? <RequestWork whole={whole} /> : null}
      {whole.answerSha256 === null ? null : (
        <div className="grid gap-2 rounded-md bg-good-wash px-3 py-3">
          <p className="font-medium">The answer is sealed</p>
          <p className="font-mono text-2xs break-all">SHA-256 {whole.answerSha256}</p>
          <TakeFile href={`/api/v1/subject-requests/${whole.id}/answer`}>Take the package</TakeFile>
          <p className="text-xs text-ink-soft">
            Read it before you hand it over: names of others are recognised by their form.
          </p>
        </div>
      )}
      <section aria-label="Steps">
        <h3 className="mb-1 font-medium">Steps</h3>
        <ol className="grid gap-1.5">
          {whole.steps.map((step) => (
            <li key={`${step.at} ${step.kind}`}>
              {step.says}
              <span className="block text-xs break-words text-ink-muted">
                <Who actor={step.actor} /> · <Moment at={step.at} />
              </span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
