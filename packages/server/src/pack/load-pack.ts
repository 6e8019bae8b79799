import { createHash } from "node:crypto";
import { ok, refused, type DescriptorVocabulary, type Result, type SensitiveWords } from "@tillwatch/wire";
import { loadPolicies, type PolicySet } from "../access/policy/policy-set.ts";
import { CorrelationFile, toCorrelationPolicy, type CorrelationPolicy } from "../correlate/correlation-policy.ts";
import type { DecisionContent } from "../decision/decision-record.ts";
import type { PackContent } from "../decision/decision-store.ts";
import { DirectoryFile, toDirectoryData } from "../enrich/directory-shape.ts";
import type { ReadyModel } from "../detect/model-detections.ts";
import type { DirectoryData } from "../enrich/directory.ts";
import { parseTaxonomy, type Taxonomy } from "../incident/taxonomy.ts";
import { parsePlaybooks } from "../respond/playbooks-file.ts";
import type { PlaybookIndex } from "../respond/playbooks.ts";
import { readYaml } from "../platform/yaml-file.ts";
import { parsePrivacyPolicy, type PrivacyPolicy } from "../privacy/site/privacy-policy-file.ts";
import { parseDescriptors, parseSensitiveWords } from "../privacy/text/word-files.ts";
import { loadMisuseRules, type MisuseRules } from "../record/misuse-rules.ts";
import { WeightsFile, type Weights } from "../score/weights.ts";
import { loadModels, modelFilesIn, type LoadedModels } from "./load-models.ts";
import { loadRules, type RuleFile, type Rulebook } from "./load-rules.ts";
import type { PackFiles } from "./pack-files.ts";

/** A pack ready to decide with. It loads whole or not at all. */
export type LoadedPack = {
  readonly directory: DirectoryData;
  readonly rulebook: Rulebook;
  readonly models: readonly ReadyModel[]; // none where the pack has no folder `models`
  readonly modelWords: LoadedModels["words"];
  readonly modelsVersion: string | null; // of their content; null: none
  readonly weights: Weights;
  readonly policy: CorrelationPolicy;
  readonly taxonomy: Taxonomy;
  readonly playbooks: PlaybookIndex;
  readonly access: PolicySet; // who may do what
  readonly descriptors: DescriptorVocabulary;
  readonly sensitiveWords: SensitiveWords;
  readonly privacy: PrivacyPolicy;
  /** Rules over the record itself; none where the pack has no folder `misuse`, and a control says so. */
  readonly misuse: MisuseRules;
  readonly versions: DecisionContent["versions"];
  readonly contents: readonly PackContent[];
};

/** One line a problem: file, line where known, what is wrong. */
export type PackProblem = { readonly file: string; readonly line: number | null; readonly message: string };

export function loadPack(files: PackFiles): Result<LoadedPack, readonly PackProblem[]> {
  const problems: PackProblem[] = [];
  const texts = {
    directory: textOf(files, "directory.yaml", problems),
    weights: textOf(files, "score.yaml", problems),
    correlation: textOf(files, "correlate.yaml", problems),
    rules: JSON.stringify(ruleFiles(files)),
  };
  const taxonomy = keep(parseTaxonomy(textOf(files, "taxonomy.yaml", problems), "taxonomy.yaml"), problems);
  const playbooks = keep(parsePlaybooks(textOf(files, playbooksFile, problems), playbooksFile), problems);
  const privacy = keep(parsePrivacyPolicy(textOf(files, privacyFile, problems), privacyFile), problems);
  // A pack without them has no picker and challenges nothing; the API says so by the version "none".
  const sensitiveWords = keep(parseSensitiveWords(files.get(wordsFile) ?? noWords, wordsFile), problems);
  const described = files.get(descriptorsFile);
  const descriptors =
    sensitiveWords === null || described === undefined
      ? noDescriptors
      : keep(parseDescriptors(described, descriptorsFile, sensitiveWords), problems);
  const access = keep(loadPolicies(files), problems);
  const directory = keep(loadDirectory(texts.directory), problems);
  const misuse = keep(loadMisuse(files), problems);
  const models = modelFilesIn(files);
  const found = keep(loadModels(models), problems);
  const modelText = JSON.stringify(models);
  const modelContent: readonly PackContent[] =
    models.length === 0 ? [] : [{ kind: "models", version: versionOf("models", modelText), body: modelText }];
  const contents: readonly PackContent[] = [
    { kind: "rules", version: versionOf("rules", texts.rules), body: texts.rules },
    { kind: "weights", version: versionOf("weights", texts.weights), body: texts.weights },
    { kind: "correlation", version: versionOf("correlation", texts.correlation), body: texts.correlation },
    ...modelContent,
  ];
  const decided = keep(loadContent(texts), problems);
  if (directory === null || decided === null || taxonomy === null || playbooks === null) return refused(problems);
  if (misuse === null || privacy === null || found === null) return refused(problems);
  if (access === null || sensitiveWords === null || descriptors === null || problems.length > 0)
    return refused(problems);
  const { rulebook, weights, policy, versions } = decided;
  return ok({
    directory,
    rulebook,
    models: found.models,
    modelWords: found.words,
    modelsVersion: modelContent[0]?.version ?? null,
    weights,
    policy,
    taxonomy,
    playbooks,
    access,
    descriptors,
    sensitiveWords,
    privacy,
    misuse,
    versions,
    contents,
  });
}

const playbooksFile = "playbooks/index.yaml";
const wordsFile = "sensitive-words.yaml";
const descriptorsFile = "descriptors.yaml";
const privacyFile = "privacy.yaml";
const noWords = "version: none\nlanguages: {}\n";
const noDescriptors: DescriptorVocabulary = { version: "none", descriptors: [] };

type ContentTexts = { readonly rules: string; readonly weights: string; readonly correlation: string };
type Content = Pick<LoadedPack, "rulebook" | "weights" | "policy" | "versions"> & DecisionContent;

/** What decisions are made from; also loaded from stored texts when an old decision is computed again. */
export function loadContent(texts: ContentTexts): Result<Content, readonly PackProblem[]> {
  const problems: PackProblem[] = [];
  const versions = {
    rules: versionOf("rules", texts.rules),
    weights: versionOf("weights", texts.weights),
    correlation: versionOf("correlation", texts.correlation),
  };
  const rulebook = keep(loadRules(JSON.parse(texts.rules) as readonly RuleFile[], versions.rules), problems);
  const weights = keep(readYaml(texts.weights, "score.yaml", WeightsFile), problems);
  const policy = keep(readYaml(texts.correlation, "correlate.yaml", CorrelationFile), problems);
  if (rulebook === null || weights === null || policy === null) return refused(problems);
  const { rules, words } = rulebook;
  return ok({ rulebook, rules, words, weights, policy: toCorrelationPolicy(policy), versions });
}

function loadMisuse(files: PackFiles): Result<MisuseRules, readonly PackProblem[]> {
  const texts = [...files].filter(([file]) => file.startsWith("misuse/")).map(([file, text]) => ({ file, text }));
  return loadMisuseRules(texts, versionOf("misuse", JSON.stringify(texts)));
}

function loadDirectory(text: string): Result<DirectoryData, readonly PackProblem[]> {
  const file = readYaml(text, "directory.yaml", DirectoryFile);
  if (!file.ok) return file;
  const data = toDirectoryData(file.value);
  if (data.ok) return data;
  return refused(
    data.error.map(({ entry, message }) => ({ file: "directory.yaml", line: null, message: `${entry}: ${message}` })),
  );
}

/** Rule files in order of path, so that the same folder always has the same version. */
export function ruleFiles(files: PackFiles): readonly RuleFile[] {
  return [...files].filter(([file]) => file.startsWith("rules/")).map(([file, text]) => ({ file, text }));
}

function textOf(files: PackFiles, file: string, problems: PackProblem[]): string {
  const text = files.get(file);
  if (text === undefined) problems.push({ file, line: null, message: "is missing from the pack" });
  return text ?? "";
}

function keep<T>(result: Result<T, readonly PackProblem[]>, problems: PackProblem[]): T | null {
  if (result.ok) return result.value;
  problems.push(...result.error.map(({ file, line, message }) => ({ file, line, message })));
  return null;
}

const versionHexDigits = 16;

export function versionOf(kind: string, text: string): string {
  return `${kind}-${createHash("sha256").update(text).digest("hex").slice(0, versionHexDigits)}`;
}
