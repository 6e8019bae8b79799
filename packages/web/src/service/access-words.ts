import type { Tone } from "../design/badge.tsx";
import type { Program, ReviewLine, Vendor } from "./access-shapes.ts";

type Look = { readonly tone: Tone; readonly says: string };

export const vendorLooks: Readonly<Record<Vendor["state"], Look>> = {
  requested: { tone: "warn", says: "Asks to come in" },
  planned: { tone: "plain", says: "Planned" },
  open: { tone: "good", says: "Inside" },
  over: { tone: "plain", says: "Over" },
  refused: { tone: "plain", says: "Refused" },
  revoked: { tone: "plain", says: "Ended" },
};

const dayMs = 86_400_000;

/** What to know about a program's keys at a glance. */
export function programLook(program: Program, nowMs: number): Look {
  if (program.state === "ended") return { tone: "plain", says: "Ended" };
  const live = program.keys.filter((key) => key.state === "live");
  if (live.length === 0) return { tone: "warn", says: "No key" };
  const lastEndMs = Math.max(...live.map((key) => Date.parse(key.expiresAt)));
  const days = Math.ceil((lastEndMs - nowMs) / dayMs);
  if (days <= 14) return { tone: "warn", says: `Key ends in ${days} d` };
  return live.length > 1 ? { tone: "good", says: "Being rotated" } : { tone: "good", says: "Key holds" };
}

export function lastUse(program: Program): string | null {
  const uses = program.keys.flatMap((key) => (key.lastUsedAt === null ? [] : [key.lastUsedAt]));
  return uses.sort((a, b) => b.localeCompare(a))[0] ?? null;
}

export const holderWords: Readonly<Record<ReviewLine["holderKind"], string>> = {
  person: "Person",
  service: "Program",
  vendor: "Vendor",
};

/** Where somebody may be: sites and regions by name, or everywhere. */
export function placesText(of: Pick<ReviewLine, "sites" | "regions">): string {
  if (of.sites === null && of.regions === null) return "every site";
  const named = [...(of.sites ?? []), ...(of.regions ?? []).map((region) => `region ${region}`)];
  return named.length === 0 ? "no site" : named.join(", ");
}
