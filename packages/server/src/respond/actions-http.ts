import type { FastifyPluginAsync } from "fastify";
import type { PlaybookIndex, RiskClass } from "./playbooks.ts";

/** One thing that happens by itself, with the threshold of its own from which it does, and who may undo it. */
export type AutomaticAction = {
  readonly id: string;
  readonly title: string;
  readonly riskClass: RiskClass;
  readonly threshold: {
    readonly severityMin: number;
    readonly levelMin: 1 | 2 | 3;
    readonly category: string; // taxonomy code, or "*"
    readonly shifts: Readonly<Record<string, number>>; // severityMin while a sale period of this name runs
  };
  readonly undo: string;
};

export type ActionsDeps = {
  readonly playbooks: PlaybookIndex;
  readonly watchFloor: number;
  readonly incidentThreshold: number;
  readonly thresholdShifts: Readonly<Record<string, number>>;
};

/** `GET /api/v1/actions`: everything that the machine does without being asked. Nothing of it is directed at a person. */
export function actionRoutes(deps: ActionsDeps): FastifyPluginAsync {
  const schema = {
    tags: ["playbooks"],
    operationId: "listActions",
    summary: "What happens by itself, and from which threshold on",
  };
  return async (app) => {
    app.get(
      "/api/v1/actions",
      { schema, config: { access: { action: "action:read", on: "organisation" } } },
      async () => ({ items: automaticActions(deps) }),
    );
  };
}

export function automaticActions(deps: ActionsDeps): readonly AutomaticAction[] {
  const everywhere = { levelMin: 1 as const, category: "*" };
  return [
    {
      id: "watch",
      title: "Put a situation on the watch list",
      riskClass: "guidance",
      threshold: { ...everywhere, severityMin: deps.watchFloor, shifts: {} },
      undo: "It ages out by itself, or a person closes it",
    },
    {
      id: "open-incident",
      title: "Open an incident and tell the webhooks that asked for it",
      riskClass: "guidance",
      threshold: { ...everywhere, severityMin: deps.incidentThreshold, shifts: deps.thresholdShifts },
      undo: "A person closes it as unfounded, duplicate or dismissed",
    },
    ...deps.playbooks.playbooks.map((playbook) => ({
      id: `playbook:${playbook.id}`,
      title: `Put the playbook "${playbook.title}" before the people who work on it`,
      riskClass: playbook.riskClass,
      threshold: {
        severityMin: playbook.severityMin,
        levelMin: playbook.levelMin,
        category: playbook.category,
        shifts: {},
      },
      undo: "Its steps are done by people; none is begun by a machine",
    })),
  ];
}
