import { useQuery } from "@tanstack/react-query";
import { ChartScatter } from "lucide-react";
import { useState } from "react";
import { useMay } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Card, Facts } from "../design/card.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { SkeletonLines } from "../design/skeleton.tsx";
import { Moment } from "../design/time.tsx";
import { useToasts } from "../design/toast.tsx";
import { Who } from "../people/who.tsx";
import { DriftList } from "./drift-list.tsx";
import type { ModelShown } from "./model-notes.ts";
import { modelsQuery, useModelSwitch } from "./model-query.ts";

/** What looks for the odd without a rule: each model with its card, how far the shops have moved from its training, and its switch. */
export function ModelsPage() {
  const models = useQuery(modelsQuery);
  return (
    <>
      <title>Models · Tillwatch</title>
      <header className="pt-5 pb-3 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Models</h1>
        <p className="max-w-prose text-sm text-ink-muted">
          A model says how odd a stretch of time at a shop is, without a rule. It suggests: alone it opens no incident,
          and it knows nothing about persons.
        </p>
      </header>
      {models.data === undefined ? (
        <div className="rounded-md border border-line bg-surface">
          {models.isError ? (
            <ErrorState fault={models.error} onRetry={() => void models.refetch()} />
          ) : (
            <SkeletonLines lines={10} says="Loading the models" />
          )}
        </div>
      ) : models.data.items.length === 0 ? (
        <div className="rounded-md border border-line bg-surface">
          <EmptyState icon={ChartScatter} title="No model is in use">
            The pack names none in models/index.yaml. Rules do the work.
          </EmptyState>
        </div>
      ) : (
        <div className="grid grid-cols-1 gap-6 pb-8">
          {models.data.items.map((model) => (
            <Model key={model.id} model={model} />
          ))}
        </div>
      )}
    </>
  );
}

function Model({ model }: { readonly model: ModelShown }) {
  const { card, scored, on } = model;
  return (
    <Card
      title={card.title}
      aside={
        <span className="flex items-center gap-3">
          <Tag tone={on ? "good" : "warn"}>{on ? "On" : "Off"}</Tag>
          <Switch model={model} />
        </span>
      }
    >
      <div className="grid gap-6">
        <p className="max-w-prose text-sm">{card.purpose}</p>
        <Facts
          items={[
            [
              "Version",
              <span key="version">
                {card.version} · <span className="font-mono text-xs">{model.sha256.slice(0, 12)}</span>
              </span>,
            ],
            [
              "Looked at",
              <span key="scored" className="tabular-nums">
                {scored.windows.toLocaleString("en")} stretches since the start, {scored.odd.toLocaleString("en")} of
                them odd (an anomaly of {model.threshold.toFixed(3)} and more)
              </span>,
            ],
            ...(model.changedAt === null || model.changedBy === null
              ? []
              : [
                  [
                    on ? "Turned on" : "Turned off",
                    <span key="turned">
                      <Moment at={model.changedAt} /> by <Who actor={model.changedBy} />
                    </span>,
                  ] as const,
                ]),
          ]}
        />
        <section className="grid gap-2">
          <h3 className="text-sm font-semibold">Does its training still hold?</h3>
          <p className="max-w-prose text-sm text-ink-muted">
            How far the latest 5,000 stretches lie from those of the training (population stability index): from 0.1 on
            to be watched, from 0.25 on the model is asked about something that it does not know.
          </p>
          <DriftList drift={model.drift} />
        </section>
        <CardText card={card} />
      </div>
    </Card>
  );
}

const dayFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const day = (at: string): string => dayFormat.format(new Date(at));

function CardText({ card }: { readonly card: ModelShown["card"] }) {
  return (
    <>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">What it was trained on</h3>
        <Facts
          items={[
            ["Data", `${card.data} (${card.origin === "simulated" ? "simulated shops" : "signals of these shops"})`],
            [
              "Time",
              `${day(card.from)} to ${day(card.to)}: ${card.sites} shops, ${card.windows.toLocaleString("en")} stretches`,
            ],
            ["Trained", `${day(card.trainedAt)} by ${card.trainedBy}`],
            ["Approved", card.approvedBy ?? "by nobody"],
          ]}
        />
      </section>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">What it cannot do</h3>
        <ul className="grid max-w-prose list-disc gap-1 pl-5 text-sm">
          {card.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Switch({ model: { id, on, card } }: { readonly model: ModelShown }) {
  const may = useMay();
  const toasts = useToasts();
  const [open, setOpen] = useState(false);
  const change = useModelSwitch((turned) => {
    toasts.show({ says: turned.on ? "The model is on again." : "The model is off. Rules go on." });
    setOpen(false);
  });
  if (!may("model:switch")) return null;
  const verb = on ? "Turn off" : "Turn on";
  return (
    <>
      <Button look={on ? "danger" : "primary"} onClick={() => setOpen(true)}>
        {verb}
      </Button>
      <ReasonDialog
        title={`${verb}: ${card.title}`}
        action={verb}
        open={open}
        busy={change.isPending}
        fault={change.error}
        onClose={() => {
          setOpen(false);
          change.reset();
        }}
        onSave={(because) => change.mutate({ id, on: !on, because })}
      >
        <p className="text-sm">
          {on
            ? "From the next signals on nothing is scored by it, at any shop of this installation. Rules go on, and every page says that it is off."
            : "From the next signals on it scores again, at all shops of this installation."}
        </p>
      </ReasonDialog>
    </>
  );
}
