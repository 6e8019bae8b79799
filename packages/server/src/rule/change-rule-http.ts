import type { FastifyInstance } from "fastify";
import type { Result } from "@tillwatch/wire";
import { problem, type HttpProblem } from "../api/problem.ts";
import { typed } from "../api/typed.ts";
import { actorOf } from "../access/authenticate-http.ts";
import {
  activateRule,
  draftRule,
  retireRule,
  rollBackRule,
  signRule,
  stopWatching,
  watchRule,
  type Changed,
  type RuleDeps,
  type RuleRefusal,
} from "./change-rule-append.ts";
import { idTaken } from "./check-rule.ts";
import {
  becauseBody,
  changedShape,
  newRuleBody,
  newVersionBody,
  rollBackBody,
  ruleParams,
  signBody,
  versionParams,
} from "./rule-schema.ts";

const tags = ["rules"];
const writing = { access: { action: "rule:write", on: "installation" } } as const;
const activating = { access: { action: "rule:activate", on: "installation" } } as const;

/** Every step of a rule's life is one call with a reason. */
export function changeRoutes(instance: FastifyInstance, deps: RuleDeps): void {
  draftRoutes(instance, deps);
  versionRoutes(instance, deps);
  lifeRoutes(instance, deps);
}

function draftRoutes(instance: FastifyInstance, deps: RuleDeps): void {
  const app = typed(instance);
  const response = { 201: changedShape };
  const create = {
    tags,
    operationId: "draftRule",
    summary: "Writes a new rule, as a draft",
    body: newRuleBody,
    response,
  };
  app.post("/api/v1/rules", { schema: create, config: writing }, async (request, reply) => {
    const { rule, because } = request.body;
    const by = { actor: actorOf(request).token, because };
    return reply.code(201).send(done(await draftRule(deps, { id: null, base: null, text: rule, ...by })));
  });
  const change = {
    tags,
    operationId: "draftRuleVersion",
    summary: "Writes another version of a rule, as a draft; what runs goes on",
    params: ruleParams,
    body: newVersionBody,
    response,
  };
  app.post("/api/v1/rules/:id/versions", { schema: change, config: writing }, async (request, reply) => {
    const { rule, because, base } = request.body;
    const by = { actor: actorOf(request).token, because };
    return reply.code(201).send(done(await draftRule(deps, { id: request.params.id, base, text: rule, ...by })));
  });
}

function versionRoutes(instance: FastifyInstance, deps: RuleDeps): void {
  const app = typed(instance);
  const shared = { tags, params: versionParams, response: { 200: changedShape } };
  const watch = {
    ...shared,
    operationId: "watchRule",
    summary: "Lets a version watch: its matches are counted and listed, and do nothing else",
    body: becauseBody,
  };
  app.post("/api/v1/rules/:id/versions/:number/shadow", { schema: watch, config: writing }, async (request) =>
    done(await watchRule(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
  const run = {
    ...shared,
    operationId: "activateRule",
    summary: "Lets what watches run, or asks for a second person's signature",
    body: becauseBody,
  };
  app.post("/api/v1/rules/:id/versions/:number/activate", { schema: run, config: activating }, async (request) =>
    done(await activateRule(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
  const sign = {
    ...shared,
    operationId: "signRule",
    summary: "The second person's signature, by which a version runs",
    body: signBody,
  };
  app.post("/api/v1/rules/:id/versions/:number/sign", { schema: sign, config: activating }, async (request) =>
    done(await signRule(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
}

function lifeRoutes(instance: FastifyInstance, deps: RuleDeps): void {
  const app = typed(instance);
  const shared = { tags, params: ruleParams, response: { 200: changedShape } };
  const stop = { ...shared, operationId: "stopWatchingRule", summary: "Ends the watching", body: becauseBody };
  app.post("/api/v1/rules/:id/end-shadow", { schema: stop, config: writing }, async (request) =>
    done(await stopWatching(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
  const retire = { ...shared, operationId: "retireRule", summary: "Ends what runs of a rule", body: becauseBody };
  app.post("/api/v1/rules/:id/retire", { schema: retire, config: activating }, async (request) =>
    done(await retireRule(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
  const back = {
    ...shared,
    operationId: "rollBackRule",
    summary: "Back to what ran before, in one call; what was retired or rolled back is let run as any version",
    body: rollBackBody,
  };
  app.post("/api/v1/rules/:id/roll-back", { schema: back, config: activating }, async (request) =>
    done(await rollBackRule(deps, { ...request.params, actor: actorOf(request).token, ...request.body })),
  );
}

function done(outcome: Result<Changed, RuleRefusal>): Changed {
  if (outcome.ok) return outcome.value;
  throw answerOf(outcome.error);
}

function answerOf(refusal: RuleRefusal): HttpProblem {
  return isConflict(refusal) ? problem(409, refusal.code, sentences[refusal.code]) : otherAnswerOf(refusal);
}

function otherAnswerOf(refusal: Exclude<RuleRefusal, { readonly code: ConflictCode }>): HttpProblem {
  switch (refusal.code) {
    case "rule_unknown":
      return problem(404, refusal.code, "there is no rule with this id");
    case "rule_version_unknown":
      return problem(404, refusal.code, "the rule has no such version");
    case "rule_refused": {
      const [first] = refusal.problems;
      const more = refusal.problems.length > 1 ? ` (and ${refusal.problems.length - 1} more)` : "";
      const says = first === undefined ? "" : `line ${first.line}, column ${first.column}: ${first.message}${more}`;
      return problem(422, first?.code ?? refusal.code, says, {
        pointer: "/rule",
        ...(first && { remedy: first.remedy }),
      });
    }
    case "rule_id_taken":
      return problem(409, refusal.code, "a rule with this id is there already", {
        pointer: "/rule",
        remedy: idTaken.remedy,
      });
    case "rule_tests_failing":
      return problem(422, refusal.code, `tests fail: ${refusal.says}`, {
        remedy: "Correct the rule or its tests, and keep that as another version; the check beside the text runs them.",
      });
    case "rule_tests_missing":
      return problem(422, refusal.code, "the rule does not carry an event that must match and one that must not", {
        remedy: "Add both under `tests` in the rule file.",
      });
    case "rule_does_not_fit":
      return problem(422, refusal.code, `with this the rules would not load: ${refusal.says}`);
    case "rule_version_changed":
      return problem(409, refusal.code, `somebody wrote version ${refusal.latest} since`, {
        pointer: "/base",
        remedy: `Read version ${refusal.latest}, and send yours again with that as its base.`,
      });
    case "rule_second_person_needed":
      return problem(403, refusal.code, "whoever wrote it or asked that it run cannot sign it", {
        remedy: "Another person signs it.",
      });
    case "filter_unsigned":
      return problem(
        409,
        refusal.code,
        `the filter "${refusal.says}" would hide what pages, and no second person signed it`,
        {
          remedy: "Retire the filter first; let it watch and run again afterwards, which asks for a signature.",
        },
      );
    case "rule_id_changed":
      return problem(422, refusal.code, "the file has another id than the rule", {
        pointer: "/rule",
        remedy: "Keep the id, or write it as a new rule.",
      });
  }
}

type ConflictCode = keyof typeof sentences;

function isConflict(refusal: RuleRefusal): refusal is RuleRefusal & { readonly code: ConflictCode } {
  return Object.hasOwn(sentences, refusal.code);
}

const sentences = {
  rule_file_shared: "the rule shares its file of the pack with others, so it is changed in the pack alone",
  rule_kind_changed: "a filter cannot take the place of a rule, nor a rule that of a filter",
  rule_unchanged: "the text reads like the version before",
  rule_signed_text_differs: "what was signed is not the text of this version",
  rule_not_in_shadow: "the version does not watch",
  rule_already_running: "the version runs already",
  rule_already_in_shadow: "the version watches already",
  rule_not_running: "nothing of the rule runs",
  rule_signature_not_asked: "nobody asked for a signature under this version",
  rule_nothing_to_roll_back: "there is nothing else that ran before",
  rule_never_ran: "this version never ran",
} as const;
