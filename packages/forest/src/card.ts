import type { Reader } from "./reader.ts";

/** What a person must know of a model before he lets it speak: the data it comes from, what it is for, and what it cannot do. */
export type ModelCard = {
  readonly id: string; // stable over versions: `site-windows`
  readonly version: string; // of the model, as its maker counts
  readonly title: string;
  readonly purpose: string;
  readonly origin: "simulated" | "stored"; // a simulated world, or signals that an organisation stored
  readonly data: string; // where the rows come from, in a sentence
  readonly from: string; // of the training data, RFC 3339 with Z
  readonly to: string;
  readonly sites: number;
  readonly windows: number;
  readonly personalData: "none"; // a model of anything else is refused
  readonly trainedAt: string;
  readonly trainedBy: string;
  readonly trainedWith: string; // the program and its settings: what trains the same forest again
  readonly approvedBy: string | null; // who put it to use; null: nobody did yet
  readonly limits: readonly string[];
};

const instant = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z$/;

export function readCard(card: Reader): ModelCard {
  const has = card.members([
    "id",
    "version",
    "title",
    "purpose",
    "origin",
    "data",
    "from",
    "to",
    "sites",
    "windows",
    "personalData",
    "trainedAt",
    "trainedBy",
    "trainedWith",
    "approvedBy",
    "limits",
  ]);
  const from = has.from.matching(instant, "instant in UTC");
  const to = has.to.matching(instant, "instant in UTC");
  if (Date.parse(to) < Date.parse(from)) throw has.to.refusal("is before the beginning of the training data");
  return {
    id: has.id.matching(/^[a-z][a-z0-9-]{0,62}$/, "id of small letters, digits and hyphens"),
    version: has.version.matching(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/, "version"),
    title: has.title.text(120),
    purpose: has.purpose.text(2_000),
    origin: has.origin.oneOf(["simulated", "stored"]),
    data: has.data.text(2_000),
    from,
    to,
    sites: has.sites.whole(1, 1e9),
    windows: has.windows.whole(1, 1e12),
    personalData: has.personalData.oneOf(["none"]),
    trainedAt: has.trainedAt.matching(instant, "instant in UTC"),
    trainedBy: has.trainedBy.text(200),
    trainedWith: has.trainedWith.text(2_000),
    approvedBy: has.approvedBy.textOrNull(200),
    limits: has.limits.list(1, 50).map((limit) => limit.text(1_000)),
  };
}
