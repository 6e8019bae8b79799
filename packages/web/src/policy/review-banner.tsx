import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Siren } from "lucide-react";
import type { ReactNode } from "react";
import { useMay } from "../app/may.ts";
import { endText, useNowMs } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { ownEmergencies, sortGrants } from "./grant-order.ts";
import { grantsQuery } from "./policy-queries.ts";
import { waitingText } from "./policy-words.ts";

/** Stays on every page: while one's own emergency lasts, and for reviewers while an emergency waits for its review. */
export function EmergencyBanners() {
  const may = useMay();
  const nowMs = useNowMs();
  const { data: who } = useQuery(whoAmIQuery);
  const grants = useQuery({ ...grantsQuery, enabled: may("grant:request") || may("grant:list") });
  const items = grants.data?.items ?? [];
  const me = who?.actor ?? "";
  const own = ownEmergencies(items, me, nowMs)[0];
  const waiting = may("break_glass:review") ? sortGrants(items, me).toReview : [];
  const overdue = waiting.filter((grant) => grant.overdue).length;
  return (
    <>
      {own === undefined || own.endsAt === null ? null : (
        <Banner>
          Emergency access until {endText(own.endsAt)}. All that you open stands in the record and is reviewed within 24
          hours.
        </Banner>
      )}
      {waiting.length === 0 ? null : <Banner>{waitingText(waiting.length, overdue)}</Banner>}
    </>
  );
}

function Banner({ children }: { readonly children: ReactNode }) {
  return (
    <output className="mt-3 flex flex-wrap items-center gap-2 rounded-md border border-bad bg-bad-wash px-4 py-2 text-sm font-medium">
      <Siren className="size-4 shrink-0 text-bad" aria-hidden="true" />
      <span className="min-w-0">{children}</span>
      <Link to="/grants" className="underline underline-offset-2">
        Look at it
      </Link>
    </output>
  );
}
