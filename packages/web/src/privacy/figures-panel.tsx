import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { FigureExportView } from "@tillwatch/wire";
import { ChartNoAxesColumn, Download } from "lucide-react";
import { useState } from "react";
import { requestFile } from "../api/request.ts";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { Select, TextField } from "../design/field.tsx";
import { Moment } from "../design/time.tsx";
import { saveFile } from "../design/save-file.ts";
import { Who } from "../people/who.tsx";
import { countCells, monthSpan, type CellCount } from "./figure-cells.ts";
import { Loaded } from "./loaded.tsx";
import { figureExportsQuery } from "./privacy-queries.ts";

/** Figures that tell about nobody: made for a span of months, scanned before they leave; and what left before. */
export function FiguresPanel() {
  const may = useMay();
  return (
    <div className="grid grid-cols-1 gap-4">
      <p className="max-w-prose text-sm text-ink-muted">
        Figures that tell about nobody: incidents by month, shop, kind, level and verdict. A number that is so small
        that it could tell about somebody is suppressed, and the file is searched for names and numbers before it
        leaves.
      </p>
      {may("analytics:export") ? <MakeCard /> : null}
      {may("privacy:read") ? <LeftCard /> : null}
    </div>
  );
}

type Made = { readonly name: string; readonly cells: CellCount };

function MakeCard() {
  const queries = useQueryClient();
  const [span, setSpan] = useState(() => monthSpan(new Date()));
  const [format, setFormat] = useState<"csv" | "ndjson">("csv");
  const make = useMutation({
    mutationFn: async (): Promise<Made> => {
      const body = { from: `${span.from}-01T00:00:00Z`, to: `${span.until}-01T00:00:00Z`, format };
      const file = await requestFile("/api/v1/analytics/exports", { method: "POST", body });
      saveFile(file.name, file.text);
      return { name: file.name, cells: countCells(file.text, format) };
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["figure-exports"] }),
  });
  return (
    <Card title="Take figures">
      <form
        className="grid gap-4 sm:grid-cols-[repeat(3,minmax(0,12rem))_max-content] sm:items-end"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <TextField
          label="From the month"
          type="month"
          required
          value={span.from}
          onChange={(event) => setSpan({ ...span, from: event.target.value })}
        />
        <TextField
          label="Before the month"
          type="month"
          required
          value={span.until}
          onChange={(event) => setSpan({ ...span, until: event.target.value })}
        />
        <Select
          label="As"
          value={format}
          onChange={(event) => setFormat(event.target.value === "csv" ? "csv" : "ndjson")}
        >
          <option value="csv">CSV, for a spreadsheet</option>
          <option value="ndjson">NDJSON, for a program</option>
        </Select>
        <Button type="submit" look="primary" busy={make.isPending} disabled={span.from >= span.until}>
          <Download className="size-4" aria-hidden="true" />
          Download
        </Button>
      </form>
      <div aria-live="polite" className="not-empty:mt-4">
        {make.isError ? <ErrorState fault={make.error} /> : null}
        {make.data === undefined ? null : <MadeNote made={make.data} />}
      </div>
    </Card>
  );
}

function MadeNote({ made }: { readonly made: Made }) {
  const { all, suppressed } = made.cells;
  if (all === 0) {
    return (
      <p className="rounded-md border border-line-strong bg-sunken px-3 py-2 text-sm">
        <span className="font-semibold">{made.name}</span> has no line. Only shops that give figures for analysis are in
        it (each decides under Sites), and of them nothing that counts happened in these months.
      </p>
    );
  }
  return (
    <p className="rounded-md border border-good bg-good-wash px-3 py-2 text-sm">
      <span className="font-semibold">{made.name}</span>: {all.toLocaleString()} {all === 1 ? "line" : "lines"}.{" "}
      {suppressed === 0
        ? "Nothing was suppressed."
        : `${suppressed.toLocaleString()} of them without their number, because it is so small that it could tell about somebody.`}
    </p>
  );
}

function LeftCard() {
  const left = useQuery(figureExportsQuery);
  return (
    <Card title="What left, and what was kept from leaving" flush>
      <Loaded query={left} says="Loading the exports">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={ChartNoAxesColumn} title="No figures were taken yet" />
          ) : (
            <ul>
              {items.map((one) => (
                <LeftLine key={one.id} one={one} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function LeftLine({ one }: { readonly one: FigureExportView }) {
  const { from = "", to = "", format = "" } = one.parameters;
  const found = [...new Set(one.findings.map(({ kind }) => kind.replaceAll("_", " ")))].join(", ");
  return (
    <li className="grid gap-0.5 border-b border-line px-4 py-2.5 text-sm last:border-0">
      <p className="flex flex-wrap items-center gap-2">
        <Tag tone={one.state === "released" ? "good" : "bad"}>{one.state === "released" ? "Left" : "Kept back"}</Tag>
        <span className="font-medium">
          {from.slice(0, 7)} up to {to.slice(0, 7)}, {format.toUpperCase()}
        </span>
      </p>
      <p>
        {one.rows.toLocaleString()} {one.rows === 1 ? "line" : "lines"}, {one.suppressed.toLocaleString()} suppressed
        {found === "" ? "" : `; found in it: ${found}`}
      </p>
      <p className="text-xs break-words text-ink-muted">
        <Moment at={one.at} /> · <Who actor={one.actor} />
      </p>
    </li>
  );
}
