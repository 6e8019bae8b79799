import { useQuery } from "@tanstack/react-query";
import { ScanBarcode } from "lucide-react";
import { useState } from "react";
import type { Names } from "../api/shapes.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Moment } from "../design/time.tsx";
import { allTillOperatorsQuery } from "../people/people-queries.ts";
import type { TillOperatorOfAll } from "../people/people-shapes.ts";
import { EndOperator, JoinOperator } from "../people/till-operator-dialogs.tsx";
import { whoIs } from "../record/record-words.ts";
import { Loaded } from "./loaded.tsx";

/** By what tills name the people of the house: cases in which a till names somebody are not there for that person. */
export function TillsPanel() {
  const operators = useQuery(allTillOperatorsQuery);
  const [joining, setJoining] = useState(false);
  const [ending, setEnding] = useState<TillOperatorOfAll | null>(null);
  const people = (operators.data?.people ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <Card
        title="Who is named by tills"
        flush
        aside={people.length === 0 ? undefined : <Button onClick={() => setJoining(true)}>Join an operator</Button>}
      >
        <Loaded query={operators} says="Loading by what tills name people">
          {({ items, names }) =>
            items.length === 0 ? (
              <EmptyState icon={ScanBarcode} title="No operator is joined to anybody">
                Until one is, a case in which a till names somebody is there for that person as well.
              </EmptyState>
            ) : (
              <Table
                label="Who is named by tills"
                columns={columnsWith(names, setEnding)}
                rows={items.toSorted((a, b) => a.name.localeCompare(b.name) || a.at.localeCompare(b.at))}
                idOf={({ id }) => id}
              />
            )
          }
        </Loaded>
      </Card>
      <Card title="What it does">
        <ul className="grid gap-2 text-sm text-ink-soft">
          <li>A case in which a till names one of these is not there for that person, the cases of before included.</li>
          <li>It is in no list, count or search of theirs, and unknown by its address. Others go on handling it.</li>
          <li>Your own are not here: somebody else looks after them.</li>
        </ul>
      </Card>
      <JoinOperator people={people} open={joining} onClose={() => setJoining(false)} />
      <EndOperator operator={ending} onClose={() => setEnding(null)} />
    </div>
  );
}

function columnsWith(names: Names, end: (of: TillOperatorOfAll) => void): readonly Column<TillOperatorOfAll>[] {
  return [
    { id: "name", title: "Who", cell: ({ name }) => <span className="font-medium">{name}</span> },
    {
      id: "operator",
      title: "Operator",
      cell: ({ operator }) => <span className="font-mono text-xs break-all">{operator}</span>,
    },
    { id: "site", title: "Shop", cell: ({ siteId }) => siteId ?? "every shop" },
    {
      id: "since",
      title: "Since",
      cell: ({ at, by, because }) => (
        <>
          <Moment at={at} /> by {whoIs(by, names)}
          <p className="text-xs break-words text-ink-muted">{because}</p>
        </>
      ),
    },
    {
      id: "end",
      title: "Change",
      cell: (each) => (
        <Button look="quiet" className="-my-2 -ml-3" onClick={() => end(each)}>
          End
          <span className="sr-only">
            {" "}
            {each.operator} of {each.name}
          </span>
        </Button>
      ),
    },
  ];
}
