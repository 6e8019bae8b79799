import type { Tone } from "../design/badge.tsx";
import type { Device, DeviceIdentity, DeviceState } from "./device-shapes.ts";

export const stateLooks: Readonly<Record<DeviceState, { readonly tone: Tone; readonly says: string }>> = {
  enrolled: { tone: "good", says: "Enrolled" },
  expiring: { tone: "warn", says: "Ends soon" },
  expired: { tone: "bad", says: "Expired" },
  revoked: { tone: "bad", says: "Revoked" },
  invited: { tone: "warn", says: "Code waits" },
  open: { tone: "plain", says: "Not enrolled" },
};

// What needs a person comes first.
export const stateOrder: readonly DeviceState[] = ["expired", "expiring", "revoked", "invited", "open", "enrolled"];

/** Those with refused attempts first, then by what needs a person, then by name. */
export function inOrder(devices: readonly Device[]): readonly Device[] {
  const rank = (device: Device) =>
    stateOrder.indexOf(device.state) - (device.refusedAttempts > 0 ? stateOrder.length : 0);
  return [...devices].sort(
    (a, b) => rank(a) - rank(b) || a.siteId.localeCompare(b.siteId) || a.name.localeCompare(b.name),
  );
}

type Held = DeviceIdentity["credentials"][number];

/** What became of a credential, with its instant where there is one. */
export function standing(
  held: Held,
  nowMs: number,
): { readonly tone: Tone; readonly says: string; readonly at: string | null } {
  if (held.revokedAt !== null) return { tone: "bad", says: "Revoked", at: held.revokedAt };
  if (held.retiresAt !== null && Date.parse(held.retiresAt) <= nowMs)
    return { tone: "plain", says: "Replaced", at: held.retiresAt };
  if (Date.parse(held.expiresAt) <= nowMs) return { tone: "plain", says: "Expired", at: held.expiresAt };
  if (held.retiresAt !== null) return { tone: "warn", says: "Being replaced, until", at: held.retiresAt };
  return { tone: "good", says: "Valid until", at: held.expiresAt };
}
