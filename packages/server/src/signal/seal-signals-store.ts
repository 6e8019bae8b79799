import type { Signal } from "@tillwatch/wire";
import type { FieldVault } from "../platform/keys/field-vault.ts";
import type { DbOrTx } from "../schema.ts";
import { personSubject, signalSubject } from "../subjects.ts";
import { personalTextsOf, withPersonalTexts } from "./personal-text.ts";

/**
 * The signals with every personal text sealed, as all that follows sees them: log, rules' records, timeline, packets. Signals without
 * any are answered as they are, and where there are none at all, no question is asked. The keys are made in a transaction of their own:
 * a signal that is then not stored leaves an unused key.
 */
export async function sealSignals(
  db: DbOrTx,
  fields: FieldVault,
  signals: readonly Signal[],
): Promise<readonly Signal[]> {
  const found = signals.map(personalTextsOf);
  const rows = found.flatMap((texts, at) => {
    const own = signalSubject(signals[at]?.id ?? "");
    return texts.map(({ as, text }) => ({ subject: as === "text" ? own : personSubject(fields, text), text }));
  });
  if (rows.length === 0) return signals;
  const sealed = await fields.sealMany(db, rows);
  let from = 0;
  return signals.map((signal, at) => {
    const count = found[at]?.length ?? 0;
    const mine = sealed.slice(from, from + count);
    from += count;
    return count === 0 ? signal : withPersonalTexts(signal, mine);
  });
}
