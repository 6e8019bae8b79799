import { Type } from "typebox";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { FileProblem } from "../platform/yaml-file.ts";

/** What people do now. `category` is a taxonomy code or "*"; it applies from `levelMin` upwards. */
export type Playbook = {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly levelMin: 1 | 2 | 3;
  readonly steps: readonly string[];
};

export type PlaybookIndex = { readonly version: string; readonly playbooks: readonly Playbook[] };

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** The file's shape: `pack/<name>/playbooks/index.yaml`. */
export const playbookFileSchema = Type.Object(
  {
    version: text(80),
    playbooks: Type.Array(
      Type.Object(
        {
          id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,63}$" }),
          title: text(120),
          category: text(80),
          level_min: Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]),
          steps: Type.Array(text(300), { minItems: 1, maxItems: 50 }),
        },
        { additionalProperties: false },
      ),
      { maxItems: 500 },
    ),
  },
  { additionalProperties: false },
);

type PlaybookFile = {
  readonly version: string;
  readonly playbooks: readonly (Omit<Playbook, "levelMin"> & { readonly level_min: 1 | 2 | 3 })[];
};

/** Refuses an id that stands twice: which of the two applied could not be told afterwards. */
export function toPlaybookIndex(read: PlaybookFile, file: string): Result<PlaybookIndex, readonly FileProblem[]> {
  const seen = new Set<string>();
  const problems: FileProblem[] = [];
  for (const { id } of read.playbooks) {
    if (seen.has(id)) {
      problems.push({ code: "file_content_wrong", file, line: 1, message: `the playbook id ${id} stands twice` });
    }
    seen.add(id);
  }
  if (problems.length > 0) return refused(problems);
  const playbooks = read.playbooks.map(({ level_min: levelMin, ...rest }) => ({ ...rest, levelMin }));
  return ok({ version: read.version, playbooks });
}
