import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../design/button.tsx";
import { Loaded } from "../privacy/loaded.tsx";
import { tillOperatorsQuery } from "./people-queries.ts";
import type { TillOperatorView } from "./people-shapes.ts";
import { EndOperator, JoinOperator } from "./till-operator-dialogs.tsx";

/** By what tills name a person: cases that a till names the person in are not there for that person. */
export function TillOperators({ accountId, name }: { readonly accountId: string; readonly name: string }) {
  const operators = useQuery(tillOperatorsQuery(accountId));
  const [joining, setJoining] = useState(false);
  const [ending, setEnding] = useState<TillOperatorView | null>(null);
  return (
    <section className="grid gap-2 border-t border-line pt-4">
      <h3 className="text-sm font-semibold">At tills</h3>
      <p className="text-sm text-ink-muted">
        A case in which a till names one of these is not there for this person, the cases of before included.
      </p>
      <Loaded query={operators} says="Loading by what tills name this person" lines={1}>
        {({ items }) => (
          <ul className="grid gap-1 empty:hidden">
            {items.map((each) => (
              <li key={each.id} className="flex flex-wrap items-center justify-between gap-2 text-sm">
                <span className="min-w-0 break-words">
                  <span className="font-mono text-xs">{each.operator}</span>
                  <span className="text-ink-muted"> · {each.siteId === null ? "every shop" : each.siteId}</span>
                </span>
                <Button look="quiet" onClick={() => setEnding(each)}>
                  End<span className="sr-only"> {each.operator}</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <div>
        <Button onClick={() => setJoining(true)}>Join an operator</Button>
      </div>
      <JoinOperator of={{ id: accountId, name }} open={joining} onClose={() => setJoining(false)} />
      <EndOperator operator={ending === null ? null : { ...ending, accountId }} onClose={() => setEnding(null)} />
    </section>
  );
}
