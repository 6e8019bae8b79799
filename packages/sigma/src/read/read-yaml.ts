import type { Problems } from "../problem.ts";
import { readLibraryYaml } from "./library-yaml.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import { fileBytesMax, type YamlNode } from "./yaml-node.ts";

/**
 * Reads every document of a file. Problems go to `problems`; a document with a problem is left out.
 *
 * Most rules are written in plain YAML, which is read in a fraction of the time; all else, and all that is wrong, is the library's to read and to tell.
 */
export function readYaml(text: string, problems: Problems): readonly YamlNode[] {
  // A UTF-16 unit is at most three UTF-8 bytes, so short texts need no exact count.
  if (text.length * 3 > fileBytesMax && new TextEncoder().encode(text).length > fileBytesMax) {
    problems.add(
      { line: 1, column: 1 },
      {
        code: "sigma_file_too_large",
        message: `The file is larger than ${fileBytesMax} bytes.`,
        remedy: "Split the rules into several files.",
      },
    );
    return [];
  }
  return readPlainYaml(text) ?? readLibraryYaml(text, problems);
}
