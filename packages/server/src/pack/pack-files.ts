import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The texts of a pack folder, by path relative to it, in order of path. */
export type PackFiles = ReadonlyMap<string, string>;

export class PackFault extends Error {
  override readonly name = "PackFault";
  readonly code: "pack_unreadable" | "pack_invalid";

  constructor(code: PackFault["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Reads every YAML and Cedar file below `folder`, and the models in `models/`. Throws PackFault `pack_unreadable` where the folder is not there. */
export function readPackFiles(folder: string): PackFiles {
  try {
    if (!statSync(folder).isDirectory()) throw new Error("not a folder");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ya?ml|cedar|cedarschema)$/.test(name) || /^models[/\\][^/\\]+\.json$/.test(name))
      .sort();
    return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  } catch (fault) {
    throw new PackFault(
      "pack_unreadable",
      `the pack at ${folder} cannot be read; set TILLWATCH_PACK to a pack folder`,
      fault,
    );
  }
}
