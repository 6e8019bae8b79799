import { createHash } from "node:crypto";
import { readModel, Scorer } from "@tillwatch/forest";
import { ok, refused, type Result } from "@tillwatch/wire";
import { Type, type Static } from "typebox";
import { ruleIdOfModel, type ReadyModel } from "../detect/model-detections.ts";
import { windowFeatures } from "../enrich/site-windows.ts";
import { readYaml } from "../platform/yaml-file.ts";
import type { RuleWords } from "../score/weights.ts";

/** The folder of a pack that holds models, each named in its index. */
const modelsFolder = "models/";
const modelsIndex = "models/index.yaml";

/** `models/index.yaml`: which model files are used, and what a detection by each means (docs/formats/models.md). */
const ModelsFile = Type.Object(
  {
    models: Type.Array(
      Type.Object(
        {
          file: Type.String({ pattern: "^[a-z0-9][a-z0-9.-]{0,80}[.]json$" }),
          level: Type.Union([
            Type.Literal("informational"),
            Type.Literal("low"),
            Type.Literal("medium"),
            Type.Literal("high"),
          ]),
          triage_level: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]),
          points: Type.Integer({ minimum: 0, maximum: 100_000 }),
          says: Type.String({ minLength: 6, maxLength: 300 }),
          category: Type.String({ minLength: 1 }),
          categories: Type.Record(Type.String(), Type.String({ minLength: 1 })),
        },
        { additionalProperties: false },
      ),
      { maxItems: 20 },
    ),
  },
  { additionalProperties: false },
);
type Entry = Static<typeof ModelsFile>["models"][number];

export type ModelFile = { readonly file: string; readonly text: string };

/** Models ready to score, and what the score says of their detections, by rule id. */
export type LoadedModels = {
  readonly models: readonly ReadyModel[];
  readonly words: ReadonlyMap<string, RuleWords>;
};

type ModelFileProblem = { readonly file: string; readonly line: number | null; readonly message: string };

/** Reads the index and every model that it names: all of them, or the list of what is wrong. Without an index there are none. */
export function loadModels(files: readonly ModelFile[]): Result<LoadedModels, readonly ModelFileProblem[]> {
  const index = files.find(({ file }) => file === modelsIndex);
  const named = new Set<string>([modelsIndex]);
  const problems: ModelFileProblem[] = [];
  const models: ReadyModel[] = [];
  const words = new Map<string, RuleWords>();
  if (index !== undefined) {
    const read = readYaml(index.text, modelsIndex, ModelsFile);
    if (!read.ok) return refused(read.error);
    for (const entry of read.value.models) {
      const file = `${modelsFolder}${entry.file}`;
      named.add(file);
      const ready = readOne(entry, { file, text: files.find((one) => one.file === file)?.text });
      if ("message" in ready) problems.push(ready);
      else if (words.has(ready.ruleId))
        problems.push({ file, line: null, message: `another file is ${ready.ruleId} already` });
      else {
        models.push(ready);
        words.set(ready.ruleId, { points: entry.points, says: entry.says });
      }
    }
  }
  for (const { file } of files)
    if (!named.has(file)) problems.push({ file, line: null, message: `is not named in ${modelsIndex}` });
  return problems.length > 0 ? refused(problems) : ok({ models, words });
}

function readOne(
  entry: Entry,
  { file, text }: { readonly file: string; readonly text: string | undefined },
): ReadyModel | ModelFileProblem {
  const problem = (message: string) => ({ file, line: null, message });
  if (text === undefined) return problem("is missing from the pack");
  const read = readModel(text, sha256);
  if (!read.ok) {
    const { code, place, message, remedy } = read.error;
    return problem(`${code}: ${place === "" ? "" : `${place}: `}${message} ${remedy}`);
  }
  const { model } = read.value;
  const code = "model_feature_unknown";
  const known = new Set(windowFeatures.map(({ name }) => name));
  const unknown = model.features.find(({ name }) => !known.has(name));
  if (unknown !== undefined) return problem(`${code}: no window has a feature ${unknown.name}`);
  const categories = new Map(Object.entries(entry.categories));
  const odd = [...categories.keys()].find((name) => !model.forest.features.includes(name));
  if (odd !== undefined)
    return problem(`${code}: ${modelsIndex} gives a category to ${odd}, which the model does not use`);
  return {
    ruleId: ruleIdOfModel(model.card.id),
    model,
    sha256: read.value.sha256,
    scorer: new Scorer(model.forest),
    meaning: { level: entry.level, triageLevel: entry.triage_level, category: entry.category, categories },
  };
}

/** The files of the folder `models`, in order of path, so that the same folder always has the same version. */
export function modelFilesIn(files: ReadonlyMap<string, string>): readonly ModelFile[] {
  return [...files].filter(([file]) => file.startsWith(modelsFolder)).map(([file, text]) => ({ file, text }));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
