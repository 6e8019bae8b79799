import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { sitesQuery } from "../api/queries.ts";
import { useMay } from "../app/may.ts";
import { Card, Facts } from "../design/card.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Loaded } from "./loaded.tsx";
import { reviewQuery, type Review, type ReviewLine } from "./privacy-queries.ts";

const columns: readonly Column<ReviewLine>[] = [
  { id: "name", title: "Name", cell: ({ name }) => <span className="break-words">{name.replaceAll("_", " ")}</span> },
  { id: "incidents", title: "Incidents", numeric: true, cell: ({ incidents }) => incidents },
  { id: "judged", title: "Judged by people", numeric: true, cell: ({ judged }) => judged },
  {
    id: "false",
    title: "Found false",
    numeric: true,
    cell: ({ judged, falseOnes }) => (judged === 0 ? "–" : `${Math.round((falseOnes / judged) * 100)} %`),
  },
  { id: "overridden", title: "Severity set by hand", numeric: true, cell: ({ overridden }) => overridden },
];

/** The figures of the quarter, and the questions that people answer. */
export function ReviewPanel() {
  const review = useQuery(reviewQuery);
  return (
    <Loaded query={review} says="Loading the review">
      {(data) => <Pack review={data} />}
    </Loaded>
  );
}

function Pack({ review }: { readonly review: Review }) {
  const may = useMay();
  const sites = useQuery({ ...sitesQuery, enabled: may("site:list") });
  const siteNames = new Map(sites.data?.items.map(({ id, name }) => [id, `${name} (${id})`]));
  const bySite = review.bySite.map((line) => ({ ...line, name: siteNames.get(line.name) ?? line.name }));
  const groups = [
    ["By site", bySite],
    ["By category", review.byCategory],
    ["By rule", review.byRule],
  ] as const;
  const counted = [
    ["Texts kept against the challenge", review.keptTexts],
    ["Watch entries", review.watchEntries],
    ["Look-ups of persons", review.lookUps],
    ["Requests of subjects", review.requests],
  ] as const;
  return (
    <div className="grid grid-cols-1 gap-4">
      <p className="text-sm text-ink-muted">
        {review.quarter}
        {review.finished ? "" : ", so far"}. These figures only raise the questions at the end of the page; people
        answer them.
      </p>
      {review.remarks.length === 0 ? null : (
        <ul className="grid gap-2">
          {review.remarks.map(({ about, says }) => (
            <li
              key={about}
              className="flex items-start gap-2 rounded-md border border-warn bg-warn-wash px-3 py-2 text-sm"
            >
              <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn" aria-hidden="true" />
              <span>
                <span className="font-medium">{about}</span>: {says}
              </span>
            </li>
          ))}
        </ul>
      )}
      {groups.map(([title, lines]) => (
        <Card key={title} title={title} flush>
          {lines.length === 0 ? (
            <p className="p-4 text-sm text-ink-muted">Nothing in this quarter.</p>
          ) : (
            <Table label={title} columns={columns} rows={lines} idOf={({ name }) => name} />
          )}
        </Card>
      ))}
      <div className="grid gap-4 md:grid-cols-2">
        {counted.map(([title, lines]) => (
          <Card key={title} title={title}>
            {lines.length === 0 ? (
              <p className="text-sm text-ink-muted">None.</p>
            ) : (
              <Facts items={lines.map(({ name, count }) => [name, count.toLocaleString()])} />
            )}
          </Card>
        ))}
      </div>
      <Card title="Questions of the review">
        <ol className="grid list-decimal gap-1.5 pl-5 text-sm">
          {review.questions.map((question) => (
            <li key={question}>{question}</li>
          ))}
        </ol>
      </Card>
    </div>
  );
}
