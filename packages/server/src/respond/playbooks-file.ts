import { readFileSync } from "node:fs";
import type { Result } from "@tillwatch/wire";
import { readYaml, type FileProblem } from "../platform/yaml-file.ts";
import { playbookFileSchema, toPlaybookIndex, type PlaybookIndex } from "./playbooks.ts";

/** Reads `pack/<name>/playbooks/index.yaml`; answers all problems at once. Throws where the file cannot be read. */
export function readPlaybooks(path: string): Result<PlaybookIndex, readonly FileProblem[]> {
  return parsePlaybooks(readFileSync(path, "utf8"), path);
}

export function parsePlaybooks(text: string, file: string): Result<PlaybookIndex, readonly FileProblem[]> {
  const read = readYaml(text, file, playbookFileSchema);
  return read.ok ? toPlaybookIndex(read.value, file) : read;
}
