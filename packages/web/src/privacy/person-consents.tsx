import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ConsentTextView, ConsentView } from "@tillwatch/wire";
import { useState } from "react";
import { request } from "../api/request.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Dialog } from "../design/dialog.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";
import { dayText, Moment } from "../design/time.tsx";
import { RecordConsentForm } from "./consent-forms.tsx";
import { Loaded } from "./loaded.tsx";
import { consentsQuery } from "./privacy-queries.ts";

/** What the person behind a token agreed to: recorded with the version of the text, and taken back by one click. */
export function PersonConsents(props: { readonly texts: readonly ConsentTextView[]; readonly writes: boolean }) {
  const { texts, writes } = props;
  const [typed, setTyped] = useState("");
  const [token, setToken] = useState("");
  const [recording, setRecording] = useState(false);
  const consents = useQuery(consentsQuery(token));
  return (
    <Card
      title="What a person agreed to"
      aside={
        writes && token !== "" && texts.length > 0 ? (
          <Button onClick={() => setRecording(true)}>Record a consent</Button>
        ) : undefined
      }
    >
      <div className="grid gap-4">
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            setToken(typed.trim());
          }}
        >
          <TextField
            label="Token of the person"
            frameClass="min-w-0 flex-1"
            autoComplete="off"
            value={typed}
            placeholder="person:…"
            onChange={(event) => setTyped(event.target.value)}
            hint="From a look-up under Known persons, or from a request."
          />
          <Button type="submit" disabled={typed.trim().length < 3} className="mb-5.5">
            Show
          </Button>
        </form>
        {token === "" ? null : (
          <Loaded query={consents} says="Loading what the person agreed to" lines={3}>
            {({ items }) =>
              items.length === 0 ? (
                <p className="text-sm text-ink-muted">Nothing is recorded for this token.</p>
              ) : (
                <ul className="grid gap-3">
                  {items.map((consent) => (
                    <ConsentLine key={consent.id} consent={consent} token={token} writes={writes} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        )}
      </div>
      <Dialog title="Record a consent" open={recording} onClose={() => setRecording(false)}>
        <RecordConsentForm texts={texts} token={token} onDone={() => setRecording(false)} />
      </Dialog>
    </Card>
  );
}

const howWords: Readonly<Record<string, string>> = { signed: "signed", spoken: "said so", online: "online" };

type LineProps = { readonly consent: ConsentView; readonly token: string; readonly writes: boolean };

function ConsentLine({ consent, token, writes }: LineProps) {
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => request<unknown>(`/api/v1/consents/${consent.id}/withdrawal`, { method: "POST" }),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: consentsQuery(token).queryKey }),
        queries.invalidateQueries({ queryKey: ["consents", "texts"] }),
      ]),
  });
  const held = consent.withdrawnAt === null;
  return (
    <li className="grid gap-0.5 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="flex flex-wrap items-center gap-2">
          <Tag tone={held ? "good" : "plain"}>{held ? "Holds" : "Taken back"}</Tag>
          <span className="font-medium">
            {consent.textId}, version {consent.textVersion} ({consent.language})
          </span>
        </p>
        {held && writes ? (
          <Button busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
            Taken back
          </Button>
        ) : null}
      </div>
      <p className="text-xs text-ink-muted">
        {howWords[consent.how] ?? consent.how} on {dayText(consent.givenAt, "UTC")}
        {consent.withdrawnAt === null ? null : (
          <>
            {" · taken back "}
            <Moment at={consent.withdrawnAt} />
          </>
        )}
      </p>
      {withdraw.isError ? <ErrorState fault={withdraw.error} /> : null}
    </li>
  );
}
