import { burglary, concealment, pushOut, rushIn, smashAndGrab, tagRemoval } from "./crimes/theft.ts";
import { noSaleSkimming, refundFraud, sweethearting, tillTampering } from "./crimes/till.ts";
import { aggression, cameraBlinding, robbery } from "./crimes/violence.ts";
import type { Story } from "./story.ts";

/**
 * The kinds of crime of this world. `category` is the taxonomy code of the truth; `also` are codes that a fair reader would call right
 * as well. `when` says at what hours it happens; `weight` how often compared with the others. `tell` unfolds it and gives its zone.
 */
export type CrimeKind = {
  readonly name: string;
  readonly category: string;
  readonly also: readonly string[];
  readonly level: 1 | 2 | 3;
  readonly when: "open" | "closed" | "any";
  readonly weight: number;
  readonly tell: (story: Story) => string;
};

export const crimeKinds = [
  { name: "concealment", category: "shoplifting", also: [], level: 1, when: "open", weight: 30, tell: concealment },
  {
    name: "push_out",
    category: "shoplifting",
    also: ["organised_theft"],
    level: 1,
    when: "open",
    weight: 10,
    tell: pushOut,
  },
  { name: "tag_removal", category: "shoplifting", also: [], level: 1, when: "open", weight: 10, tell: tagRemoval },
  {
    name: "camera_blinding",
    category: "shoplifting",
    also: ["tamper"],
    level: 1,
    when: "open",
    weight: 5,
    tell: cameraBlinding,
  },
  {
    name: "smash_and_grab",
    category: "organised_theft",
    also: ["robbery", "violence"],
    level: 3,
    when: "open",
    weight: 4,
    tell: smashAndGrab,
  },
  {
    name: "rush_in",
    category: "organised_theft",
    also: ["suspicious", "robbery", "shoplifting"],
    level: 1,
    when: "open",
    weight: 0, // never by chance: only where it is planned
    tell: rushIn,
  },
  {
    name: "refund_fraud",
    category: "refund_fraud",
    also: ["till_fraud"],
    level: 1,
    when: "open",
    weight: 10,
    tell: refundFraud,
  },
  {
    name: "no_sale_skimming",
    category: "till_fraud",
    also: [],
    level: 1,
    when: "open",
    weight: 10,
    tell: noSaleSkimming,
  },
  {
    name: "sweethearting",
    category: "till_fraud",
    also: ["shoplifting"],
    level: 1,
    when: "open",
    weight: 6,
    tell: sweethearting,
  },
  {
    name: "till_tampering",
    category: "tamper",
    also: ["cyber_physical"],
    level: 2,
    when: "any",
    weight: 5,
    tell: tillTampering,
  },
  {
    name: "robbery",
    category: "robbery",
    also: ["violence", "weapon"],
    level: 3,
    when: "open",
    weight: 3,
    tell: robbery,
  },
  {
    name: "aggression",
    category: "violence",
    also: ["assault", "robbery"],
    level: 3,
    when: "open",
    weight: 4,
    tell: aggression,
  },
  {
    name: "burglary",
    category: "burglary",
    also: ["vandalism", "shoplifting"],
    level: 2,
    when: "closed",
    weight: 12,
    tell: burglary,
  },
] as const satisfies readonly CrimeKind[];

export type CrimeName = (typeof crimeKinds)[number]["name"];
