import { quoted, type Place, type Problems } from "../problem.ts";
import { entryOf, namesIn, type YamlMap } from "../read/yaml-node.ts";

export function malformed(problems: Problems, place: Place, message: string): null {
  problems.add(place, {
    code: "sigma_pipeline_malformed",
    message,
    remedy: "Write the pipeline as docs/formats/sigma-pipelines.md says.",
  });
  return null;
}

/** What pySigma knows and this engine does not, or nobody does: passed over, it would change what rules mean. */
export function unsupported(problems: Problems, place: Place, what: string): null {
  problems.add(place, {
    code: "sigma_pipeline_unsupported",
    message: `${what} is not understood here.`,
    remedy: "Take it out, or say it by the steps that docs/formats/sigma-pipelines.md lists.",
  });
  return null;
}

/** The text under a key of a step; null with a problem where it is not there or not text. */
export function textAt(map: YamlMap, key: string, problems: Problems): string | null {
  const entry = entryOf(map, key);
  if (entry?.value.kind === "scalar" && entry.value.value !== null && entry.value.source !== "")
    return entry.value.source;
  return malformed(problems, entry?.value.place ?? map.place, `${quoted(key)} is missing, or is not text.`);
}

/** One name or a list of names under a key; null with a problem otherwise. */
export function textsAt(map: YamlMap, key: string, problems: Problems): readonly string[] | null {
  const entry = entryOf(map, key);
  const names = entry === undefined ? null : namesIn(entry.value);
  if (names !== null && names.length > 0) return names.map(({ name }) => name);
  return malformed(problems, entry?.value.place ?? map.place, `${quoted(key)} is neither a name nor a list of names.`);
}
