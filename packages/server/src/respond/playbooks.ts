import { Type } from "typebox";
import { ok, refused, type Result } from "@tillwatch/wire";
import type { FileProblem } from "../platform/yaml-file.ts";

/** `guidance`: people act. `reversible`: a machine may act on a thing and undo it. `person`: directed at somebody, waits for two people. */
export const riskClasses = ["guidance", "reversible", "person"] as const;
export type RiskClass = (typeof riskClasses)[number];

/**
 * What people do now. `category` is a taxonomy code or "*"; it applies from `levelMin` and `severityMin` upwards, each playbook by
 * thresholds of its own.
 */
export type Playbook = {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly levelMin: 1 | 2 | 3;
  readonly severityMin: number; // 0..1
  readonly riskClass: RiskClass;
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
          severity_min: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
          risk_class: Type.Optional(Type.Enum([...riskClasses])),
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
  readonly playbooks: readonly (Pick<Playbook, "id" | "title" | "category" | "steps"> & {
    readonly level_min: 1 | 2 | 3;
    readonly severity_min?: number;
    readonly risk_class?: RiskClass;
  })[];
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
  const playbooks = read.playbooks.map(({ level_min, severity_min, risk_class, ...rest }) => ({
    ...rest,
    levelMin: level_min,
    severityMin: severity_min ?? 0,
    riskClass: risk_class ?? ("guidance" as const),
  }));
  return ok({ version: read.version, playbooks });
}
