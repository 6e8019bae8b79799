import type { Option } from "../design/choice.tsx";
/** What a case is shared for: as the purposes that a partner may state (pack policies, partner-purposes). */
export const sharePurposes = ["Request of the police", "Legal claim", "Insurance claim", "Safety of people"] as const;

const partnerKinds: Readonly<Record<string, string>> = {
  police: "police",
  insurer: "insurer",
  vendor: "vendor",
};

/** The partners to choose from, each with what it is. */
export function partnerOptions(
  partners: readonly { readonly id: string; readonly name: string; readonly kind: string }[],
): Option[] {
  return partners.map(({ id, name, kind }) => ({ value: id, label: `${name} (${partnerKinds[kind] ?? kind})` }));
}

/** The ground as the partner and the record read it. */
export function groundText(purpose: string, note: string): string {
  return `${purpose}: ${note.trim()}`;
}

/** The last instant of a day of this device's calendar; null: not a day. */
export function endOfDay(day: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const end = new Date(`${day}T23:59:59`);
  return Number.isNaN(end.getTime()) ? null : end.toISOString();
}
