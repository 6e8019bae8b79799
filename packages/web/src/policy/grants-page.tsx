import { useQuery } from "@tanstack/react-query";
import type { AccessGrant } from "@tillwatch/wire";
import { Hourglass } from "lucide-react";
import type { ReactNode } from "react";
import { useMay } from "../app/may.ts";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { Loaded } from "../privacy/loaded.tsx";
import { AskAccessButton } from "./ask-access-dialog.tsx";
import { BreakGlassButton } from "./break-glass-dialog.tsx";
import { GrantLine } from "./grant-line.tsx";
import { sortGrants } from "./grant-order.ts";
import { grantsQuery } from "./policy-queries.ts";

/** Access for a time: one's own, what waits for one's decision or review, and what holds in the organisation. */
export function GrantsPage() {
  const may = useMay();
  const grants = useQuery(grantsQuery);
  const { data: who } = useQuery(whoAmIQuery);
  return (
    <>
      <title>Access for a time · Tillwatch</title>
      <header className="flex flex-wrap items-end justify-between gap-3 pt-5 pb-3 md:pt-7">
        <div>
          <h1 className="text-xl font-semibold tracking-tight">Access for a time</h1>
          <p className="text-sm text-ink-muted">
            What a role does not open, another person may open for some hours. Emergencies open at once and are
            reviewed.
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          {may("break_glass:use") ? <BreakGlassButton place={null} what="a site" /> : null}
          {may("grant:request") ? <AskAccessButton place={null} what="a site" look="primary" /> : null}
        </div>
      </header>
      <Loaded query={grants} says="Loading who has access for a time">
        {({ items }) => <Sections grants={items} me={who?.actor ?? ""} />}
      </Loaded>
    </>
  );
}

function Sections({ grants, me }: { readonly grants: readonly AccessGrant[]; readonly me: string }) {
  const may = useMay();
  const { mine, toDecide, toReview, others } = sortGrants(grants, me);
  const decides = may("grant:decide");
  const reviews = may("break_glass:review");
  const rest = [...(decides ? [] : toDecide), ...(reviews ? [] : toReview), ...others];
  return (
    <div className="grid grid-cols-1 gap-6">
      {reviews || toReview.length > 0 ? (
        <Section title="Emergencies to review" grants={reviews ? toReview : []} me={me} hideEmpty={!reviews}>
          No emergency waits for a review.
        </Section>
      ) : null}
      {decides ? (
        <Section title="Asked for, waiting for a decision" grants={toDecide} me={me}>
          Nobody waits for a decision.
        </Section>
      ) : null}
      <Section title="Mine" grants={mine} me={me} alone={!decides && !reviews && !may("grant:list")}>
        You have no access besides your role. Where a door is closed to you, you can ask right there; here you can ask
        for a site.
      </Section>
      {may("grant:list") ? (
        <Section title="Everybody in the organisation" grants={rest} me={me}>
          Nobody else has or had access for a time.
        </Section>
      ) : null}
    </div>
  );
}

function Section(props: {
  readonly title: string;
  readonly grants: readonly AccessGrant[];
  readonly me: string;
  readonly hideEmpty?: boolean;
  readonly alone?: boolean; // true: the only section of the page, whose emptiness says what the page is for
  readonly children: ReactNode;
}) {
  const { title, grants, me, hideEmpty = false, alone = false, children } = props;
  if (hideEmpty && grants.length === 0) return null;
  return (
    <Card title={title} flush aside={<span className="text-sm text-ink-muted">{grants.length}</span>}>
      {grants.length === 0 ? (
        alone ? (
          <EmptyState icon={Hourglass} title="Nothing for a time">
            {children}
          </EmptyState>
        ) : (
          <p className="px-4 py-3 text-sm text-ink-muted">{children}</p>
        )
      ) : (
        <ul>
          {grants.map((grant) => (
            <GrantLine key={grant.id} grant={grant} mine={grant.actor === me} />
          ))}
        </ul>
      )}
    </Card>
  );
}
