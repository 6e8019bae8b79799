import { resolve } from "node:path";
import { readInt, type Reader, type Setting } from "./reader.ts";

/** Who comes in from elsewhere, and for how long. */
export type FederationConfig = {
  readonly identityFile: string | null; // null: everybody signs in here
  readonly vendorRules: { readonly longestMs: number; readonly aheadMs: number };
  readonly reviewUnusedDays: number;
};

export const federationSettings: readonly Setting[] = [
  {
    name: "TILLWATCH_IDENTITY",
    unit: "file",
    standard: "none",
    meaning: "a YAML file: who signs in at which identity provider, and what their groups give them",
  },
  {
    name: "TILLWATCH_VENDOR_HOURS_MAX",
    unit: "hours",
    standard: "8",
    meaning: "a vendor is let in for so long at most",
  },
  {
    name: "TILLWATCH_VENDOR_AHEAD_DAYS_MAX",
    unit: "days",
    standard: "14",
    meaning: "a vendor's access ends within so many days from when it is asked for",
  },
  {
    name: "TILLWATCH_REVIEW_UNUSED_DAYS",
    unit: "days",
    standard: "90",
    meaning: "access that nobody used for so long is proposed for removal",
  },
];

export function readFederation(reader: Reader): FederationConfig {
  const identityFile = reader.text("TILLWATCH_IDENTITY", "");
  return {
    identityFile: identityFile === "" ? null : resolve(identityFile),
    vendorRules: {
      longestMs: 3_600_000 * readInt(reader, "TILLWATCH_VENDOR_HOURS_MAX", { standard: 8, min: 1, max: 168 }),
      aheadMs: 86_400_000 * readInt(reader, "TILLWATCH_VENDOR_AHEAD_DAYS_MAX", { standard: 14, min: 1, max: 90 }),
    },
    // A quarter: whoever did not need it between two reviews is asked about.
    reviewUnusedDays: readInt(reader, "TILLWATCH_REVIEW_UNUSED_DAYS", { standard: 90, min: 1, max: 3_650 }),
  };
}
