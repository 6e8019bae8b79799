import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { CaseShareView } from "@tillwatch/wire";
import { ArrowRight, Handshake, LockKeyhole } from "lucide-react";
import { EmptyState } from "../design/empty-state.tsx";
import { Ago, endText } from "../design/time.tsx";
import { groundsQuery } from "../policy/policy-queries.ts";
import { wordsOf } from "../policy/policy-words.ts";
import { Loaded } from "../privacy/loaded.tsx";
import { sharedWithUsQuery } from "./share-queries.ts";

/** A partner's work: the cases that others share with the own organisation now. Each opens for a stated purpose. */
export function SharedPage() {
  const shared = useQuery(sharedWithUsQuery);
  return (
    <>
      <title>Shared · Tillwatch</title>
      <header className="pt-5 pb-3 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Shared with your organisation</h1>
        <p className="text-sm text-ink-muted">
          Cases that others let you see until a day. Each opens once you say why; whoever shared it sees that in the
          record.
        </p>
      </header>
      <Loaded query={shared} says="Loading what is shared with you">
        {({ items }) =>
          items.length === 0 ? (
            <div className="rounded-md border border-line bg-surface">
              <EmptyState icon={Handshake} title="Nothing is shared with you now">
                When a shop shares a case with your organisation, it stands here until its day ends.
              </EmptyState>
            </div>
          ) : (
            <ul className="grid gap-2">
              {items.map((share) => (
                <li key={share.id}>
                  <SharedCase share={share} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function SharedCase({ share }: { readonly share: CaseShareView }) {
  const grounds = useQuery(groundsQuery);
  const stated = grounds.data?.items.find(({ incidentId }) => incidentId === share.incidentId);
  return (
    <Link
      to="/incidents/$id"
      params={{ id: share.incidentId }}
      className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-3 rounded-md border border-line bg-surface px-4 py-3 shadow-raised hover:bg-hover"
    >
      <span className="grid min-w-0 gap-0.5 text-sm">
        <span className="flex flex-wrap items-center gap-x-2">
          <span className="font-mono text-xs font-medium">{share.ref}</span>
          <span className="font-semibold">{share.organisation}</span>
        </span>
        <span className="break-words">{share.ground}</span>
        <span className="text-xs text-ink-muted">
          shared <Ago at={share.sharedAt} /> · until {endText(share.endsAt)}
        </span>
        <span className="flex items-center gap-1 text-xs text-ink-muted">
          {stated === undefined ? (
            <>
              <LockKeyhole className="size-3.5 shrink-0" aria-hidden="true" /> opens when you say why
            </>
          ) : (
            `open for: ${wordsOf(stated.purpose)}, until ${endText(stated.expiresAt)}`
          )}
        </span>
      </span>
      <ArrowRight className="size-4 text-ink-muted" aria-hidden="true" />
    </Link>
  );
}
