import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSigma } from "@tillwatch/sigma";
import { Random, steadySignals } from "@tillwatch/sim";
import { parseAllDocuments, stringify } from "yaml";
import { isObject, regressions, ruleFiles, sigmaVectors, type Json } from "../../conformance/sigma-vectors.ts";
import { toWindowsEvent } from "../../conformance/sigma-windows.ts";
import { Directory } from "../../packages/server/src/enrich/directory.ts";
import { enrich } from "../../packages/server/src/enrich/enrich.ts";
import { SiteMemory } from "../../packages/server/src/enrich/site-memory.ts";
import { loadPack } from "../../packages/server/src/pack/load-pack.ts";
import { readPackFiles } from "../../packages/server/src/pack/pack-files.ts";
import { nodeDigest } from "../../packages/server/src/platform/digest.ts";
import { signalFromRow } from "../../packages/server/src/signal/parse-signals.ts";

/** Files that both engines are given. */
export type Work = {
  readonly what: string;
  readonly rules: string;
  readonly events: string;
  readonly isRouted: boolean;
  readonly aim: string;
  readonly note: string;
};

type Place = { readonly folder: string; readonly count: number };

const packFolder = join(import.meta.dirname, "../../pack/retail");
const atMs = Date.parse("2026-11-16T12:00:00Z");

function written(folder: string, name: string, files: { readonly rules: string; readonly events: readonly string[] }) {
  mkdirSync(folder, { recursive: true });
  const [rules, events] = [join(folder, `${name}.yml`), join(folder, `${name}.ndjson`)];
  writeFileSync(rules, files.rules);
  writeFileSync(events, files.events.map((line) => `${line}\n`).join(""));
  return { rules, events };
}

/** The shipped rules, and each of them again for one shop after another until there are 500; the views of everyday signals. */
export function retailWork({ folder, count }: Place): Work {
  const pack = loadPack(readPackFiles(packFolder));
  if (!pack.ok) throw new Error(JSON.stringify(pack.error.slice(0, 3)));
  const { directory: data, policy } = pack.value;
  const directory = new Directory(data);
  const known = {
    directory,
    memory: new SiteMemory(60 * 60_000),
    policy: { explain: policy.explain, lateAfterMs: 120_000 },
    olderSales: [],
  };
  const events = Array.from(
    steadySignals({ seed: "rules", directory: data, count, startMs: atMs, suspiciousShare: 0.01 }),
    (row) => {
      const signal = signalFromRow(row, { receivedAtMs: atMs, digest: nodeDigest, channel: {} });
      if (!signal.ok) throw new Error(JSON.stringify(signal.error));
      const { enriched } = enrich(signal.value, known);
      return JSON.stringify({
        ...enriched.view,
        ls_product: "retail",
        ls_category: "none",
        ls_service: enriched.service,
      });
    },
  );
  const paths = globSync("rules/*.yml", { cwd: packFolder }).sort();
  const shipped = paths.flatMap((path) =>
    parseAllDocuments(readFileSync(join(packFolder, path), "utf8")).flatMap((document) => {
      const rule = document.toJS() as { readonly [key: string]: Json };
      return "detection" in rule ? [rule] : []; // what counts its matches is measured by itself
    }),
  );
  const sites = data.sites.map(({ id }) => id);
  const rules: string[] = [];
  for (let copy = 0; rules.length < 500; copy += 1) {
    for (const [nth, rule] of shipped.entries())
      if (rules.length < 500) rules.push(stringify(scoped(rule, { copy, nth, sites })));
  }
  const bytes = events.reduce((sum, line) => sum + line.length, 0);
  const note = `${rules.length} rules, ${count} events of ${Math.round(bytes / count)} B`;
  return {
    what: "retail pack",
    ...written(folder, "retail", { rules: rules.join("---\n"), events }),
    isRouted: true,
    aim: ">= 1.0x",
    note,
  };
}

type Copy = { readonly copy: number; readonly nth: number; readonly sites: readonly string[] };

/** The rule with an id of its own, for one shop alone; the first copy is for all. */
function scoped(rule: { readonly [key: string]: Json }, { copy, nth, sites }: Copy): object {
  const { detection, title, logsource, level } = rule;
  const id = `00000000-0000-4000-8000-${String(copy * 1000 + nth).padStart(12, "0")}`;
  const shape = { title: `${typeof title === "string" ? title : ""} ${copy}`, id, status: "test", logsource, level };
  if (copy === 0 || !isObject(detection)) return { ...shape, detection };
  const { condition } = detection;
  const one = (text: Json) => `(${typeof text === "string" ? text : ""}) and its_shop`;
  return {
    ...shape,
    detection: {
      ...detection,
      its_shop: { "site.id": sites[copy % sites.length] ?? `S-${copy}` },
      condition: Array.isArray(condition) ? condition.map(one) : one(condition ?? ""),
    },
  };
}

/** Every rule of SigmaHQ that both read alike, and the regression events of it, one in twenty as it is and the others with other letters. */
export function sigmaHqWork({ folder, count }: Place, leftOut: ReadonlySet<string>): Work | null {
  const vectors = sigmaVectors();
  if (vectors === null) return null;
  const texts = ruleFiles(vectors).flatMap(({ path, text }) => {
    const parsed = parseSigma(text, path);
    const isOut =
      !parsed.ok || /\|expand/.test(text) || parsed.value.rules.some(({ id }) => id === null || leftOut.has(id));
    return isOut ? [] : [text.endsWith("\n") ? text : `${text}\n`];
  });
  const documents = regressions(vectors).flatMap(({ events }) => events.map(toWindowsEvent));
  const random = new Random("sigmahq");
  const events = Array.from({ length: count }, () => {
    const { fields, logsources } = random.pick(documents);
    const { product, category = "none", service = "none" } = random.pick(logsources);
    const isAsItWas = random.chance(0.05);
    const shown = Object.entries(fields).map(([name, value]) => [
      name,
      isAsItWas ? value : otherLetters(random, name, value),
    ]);
    return JSON.stringify({
      ...Object.fromEntries(shown),
      ls_product: product,
      ls_category: category,
      ls_service: service,
    });
  });
  const bytes = events.reduce((sum, line) => sum + line.length, 0);
  const note = `${texts.length} rules, ${count} events of ${Math.round(bytes / count)} B`;
  return {
    what: "SigmaHQ",
    ...written(folder, "sigmahq", { rules: texts.join("---\n"), events }),
    isRouted: true,
    aim: ">= 0.7x",
    note,
  };
}

/** A text of the same shape that says something else; what tells events apart stays. */
function otherLetters(random: Random, name: string, value: Json): Json {
  if (typeof value !== "string" || name === "Channel" || name.startsWith("Provider")) return value;
  const shift = random.int(1, 25);
  return value.replaceAll(/[A-Za-z]/g, (letter) => {
    const first = letter < "a" ? 65 : 97;
    return String.fromCharCode(first + ((letter.charCodeAt(0) - first + shift) % 26));
  });
}

/** Correlations over 200,000 groups that are all alive: a tenth of them reaches the bound, once. */
export function correlationWork({ folder, count }: Place): Work {
  const groups = 200_000;
  const random = new Random("groups");
  const rule = (kind: string) =>
    `title: kind ${kind}\nid: a0000000-0000-4000-8000-00000000000${kind}\nstatus: test\nlogsource: {product: retail}\ndetection: {sel: {kind: k${kind}}, condition: sel}\n`;
  const correlation = (nth: number, section: string) =>
    `title: c${nth}\nid: c0000000-0000-4000-8000-00000000000${nth}\nstatus: test\ncorrelation: {rules: [a0000000-0000-4000-8000-000000000001], group-by: [who], timespan: 30m, ${section}}\n`;
  const rules = [
    rule("1"),
    rule("2"),
    correlation(1, "type: event_count, condition: {gte: 3}"),
    correlation(2, "type: value_count, condition: {field: what, gte: 3}"),
    correlation(3, "type: value_sum, condition: {field: amount, gte: 3}"),
  ].join("---\n");
  const order: number[] = [];
  for (let group = 0; group < groups; group += 1)
    order.push(...Array.from({ length: group % 10 === 0 ? 3 : 1 }, () => group));
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at);
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  const seen = new Map<number, number>();
  const events = order.map((group, n) => {
    const nth = (seen.get(group) ?? 0) + 1;
    seen.set(group, nth);
    const time = new Date(atMs + Math.floor((n / order.length) * 1_500) * 1000).toISOString();
    return JSON.stringify({
      time,
      kind: "k1",
      who: `customer-${group}`,
      what: `article-${nth}`,
      amount: 1,
      site: { id: `S-${count % 7}` },
    });
  });
  const note = `2 rules, 3 correlations, ${groups} groups, ${events.length} events`;
  return {
    what: "correlations",
    ...written(folder, "correlations", { rules, events }),
    isRouted: false,
    aim: ">= 0.5x",
    note,
  };
}
