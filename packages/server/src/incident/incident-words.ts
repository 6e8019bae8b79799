import type { SituationMember } from "../flow.ts";

/** A signal in words that a shop manager understands: "Eas alarm from G-01". */
export function toSummaryText(member: Pick<SituationMember, "type" | "deviceId" | "source" | "service">): string {
  const words = member.type.replaceAll("_", " ");
  const from = member.deviceId ?? (member.service === "person" ? "a person" : member.source);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} from ${from}`;
}
