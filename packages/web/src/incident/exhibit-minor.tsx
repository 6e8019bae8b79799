import { useQuery } from "@tanstack/react-query";
import type { ExhibitMinorView, ExhibitView } from "@tillwatch/wire";
import { Baby } from "lucide-react";
import { useState } from "react";
import type { May } from "../app/may.ts";
import { Tag } from "../design/badge.tsx";
import { Button } from "../design/button.tsx";
import { Choice, wordOptions } from "../design/choice.tsx";
import { ReasonDialog } from "../design/reason-dialog.tsx";
import { Moment } from "../design/time.tsx";
import { whoAmIQuery } from "../people/people-queries.ts";
import { wordsOf } from "../policy/policy-words.ts";
import { useExhibitAction } from "./use-exhibit-action.ts";

/** Says that a minor is in an exhibit; and of one that is flagged, on what ground it goes out all the same. */
export function MinorFlag({ view, may }: { readonly view: ExhibitView; readonly may: May }) {
  if (view.minor !== null) return <Flagged exhibitId={view.id} minor={view.minor} may={may} />;
  return may("exhibit:mark") ? <SayMinor exhibitId={view.id} /> : null;
}

function SayMinor({ exhibitId }: { readonly exhibitId: string }) {
  const [open, setOpen] = useState(false);
  const flag = useExhibitAction(exhibitId, "PUT");
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>
        <Baby className="size-4" aria-hidden="true" />A minor is in it
      </Button>
      <ReasonDialog
        title="A minor is in this exhibit"
        action="Withhold it from outside"
        open={open}
        busy={flag.isPending}
        fault={flag.error}
        onClose={() => setOpen(false)}
        onSave={(because) => flag.mutate({ path: "minor", body: { because } }, { onSuccess: () => setOpen(false) })}
      >
        <p className="text-sm text-ink-muted">
          It goes into no copy for others, list or packet until another person states a legal ground.
        </p>
      </ReasonDialog>
    </>
  );
}

type Flag = { readonly exhibitId: string; readonly minor: ExhibitMinorView; readonly may: May };

function Flagged({ exhibitId, minor, may }: Flag) {
  const { data: me } = useQuery(whoAmIQuery);
  const { ground } = minor;
  const mayState = may("exhibit:release_minor");
  const saidByMe = me?.actor === minor.actor;
  return (
    <section
      aria-label="A minor is in it"
      className="grid w-full gap-2 rounded-sm border border-line bg-sunken p-3 text-sm"
    >
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Tag tone={ground === null ? "bad" : "warn"}>
          <Baby className="size-3.5" aria-hidden="true" />
          {ground === null ? "A minor is in it: nothing goes outside" : "A minor is in it, and it may go outside"}
        </Tag>
        <span className="text-ink-muted">
          said <Moment at={minor.at} />
        </span>
      </p>
      <p className="break-words">{minor.because}</p>
      {ground === null ? null : (
        <p className="break-words">
          {wordsOf(ground)}. {minor.groundBecause}
          <span className="block text-xs text-ink-muted">
            stated by {minor.groundBy} {minor.groundAt === null ? null : <Moment at={minor.groundAt} />}
          </span>
        </p>
      )}
      {ground !== null && mayState ? <TakeBackGround exhibitId={exhibitId} /> : null}
      {ground === null && mayState && !saidByMe ? <StateGround exhibitId={exhibitId} grounds={minor.grounds} /> : null}
      {ground === null && (!mayState || saidByMe) ? (
        <p className="text-ink-muted">
          {saidByMe ? "You said so: another person" : "Counsel or the data protection officer"} may state a legal ground
          on which it goes outside.
        </p>
      ) : null}
    </section>
  );
}

function StateGround({ exhibitId, grounds }: { readonly exhibitId: string; readonly grounds: readonly string[] }) {
  const [open, setOpen] = useState(false);
  const [ground, setGround] = useState("");
  const state = useExhibitAction(exhibitId, "PUT");
  return (
    <>
      <Button className="justify-self-start" onClick={() => setOpen(true)}>
        State a legal ground
      </Button>
      <ReasonDialog
        title="On what ground it goes outside"
        action="State it"
        open={open}
        busy={state.isPending}
        blocked={ground === "" ? "Choose the legal ground." : null}
        fault={state.error}
        onClose={() => setOpen(false)}
        onSave={(because) =>
          state.mutate({ path: "minor/ground", body: { ground, because } }, { onSuccess: () => setOpen(false) })
        }
      >
        <p className="text-sm text-ink-muted">
          From then on packets, shares and partners have it until you take the ground back. You prove once more who you
          are.
        </p>
        <Choice label="Legal ground" value={ground} options={wordOptions(grounds, wordsOf)} onChoose={setGround} />
      </ReasonDialog>
    </>
  );
}

function TakeBackGround({ exhibitId }: { readonly exhibitId: string }) {
  const [open, setOpen] = useState(false);
  const take = useExhibitAction(exhibitId, "PUT");
  return (
    <>
      <Button className="justify-self-start" onClick={() => setOpen(true)}>
        Take the ground back
      </Button>
      <ReasonDialog
        title="Take the ground back"
        action="Withhold it again"
        open={open}
        busy={take.isPending}
        fault={take.error}
        onClose={() => setOpen(false)}
        onSave={(because) =>
          take.mutate({ path: "minor/ground", body: { ground: null, because } }, { onSuccess: () => setOpen(false) })
        }
      >
        <p className="text-sm text-ink-muted">
          Nobody outside gets it any more, nor a packet with it that was released on this ground. What was taken is out.
        </p>
      </ReasonDialog>
    </>
  );
}
