import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { Type } from "typebox";
import {
  descriptionRefusal,
  maskFreeText,
  maskText,
  sensitiveWordsIn,
  type DescriptorVocabulary,
  type PeopleDescription,
  type SensitiveWord,
  type SensitiveWords,
} from "@tillwatch/wire";
import { problem } from "../../api/problem.ts";
import { typed } from "../../api/typed.ts";
import type { Chance } from "../../platform/chance.ts";
import type { FieldVault } from "../../platform/keys/field-vault.ts";
import type { Db, Tx } from "../../schema.ts";
import { forgetKeptSummary, saveDescription, saveKeptText, vocabularyOf } from "./people-texts-store.ts";

export type PeopleTextsDeps = {
  readonly vocabulary: DescriptorVocabulary;
  readonly words: SensitiveWords;
  readonly vault: FieldVault;
  readonly chance: Chance;
};

/** What a person wrote, looked at: which protected traits it names, and why it was kept so. */
export type CheckedText = { readonly found: readonly SensitiveWord[]; readonly because: string | null };

type Written = { readonly incidentId: string; readonly nowMs: number; readonly actor: string };

/** What intake of people's texts asks of privacy. Built by app.ts; `check...` throws the HttpProblem (422). */
export class PeopleTexts {
  readonly vocabulary: DescriptorVocabulary;
  readonly words: SensitiveWords;
  readonly #deps: PeopleTextsDeps;

  constructor(deps: PeopleTextsDeps) {
    this.vocabulary = deps.vocabulary;
    this.words = deps.words;
    this.#deps = deps;
  }

  /** Refuses with `text_challenged` where the text names a protected trait and `keptBecause` gives no reason to keep it. */
  checkText(text: string, given: { readonly pointer: string; readonly keptBecause: string | undefined }): CheckedText {
    const found = sensitiveWordsIn(text, this.words);
    const because = given.keptBecause?.trim() ?? "";
    if (found.length > 0 && because.length < reasonCharsMin) throw challenge(found, given.pointer);
    return { found, because: found.length > 0 ? because : null };
  }

  checkDescription(description: PeopleDescription | undefined, pointer: string): void {
    if (description === undefined) return;
    const refusal = descriptionRefusal(description, this.vocabulary);
    if (refusal === null) return;
    throw problem(422, refusal.code, refusal.says, {
      pointer: pointer + refusal.pointer,
      remedy: "GET /api/v1/descriptors lists what can be picked.",
    });
  }

  async keepDescription(
    tx: Tx,
    written: Written & { readonly description: PeopleDescription | undefined },
  ): Promise<void> {
    const { description } = written;
    if (description === undefined || isEmpty(description)) return;
    await saveDescription(tx, { ...written, description, vocabularyVersion: this.vocabulary.version });
  }

  /** Writes the mark of a text that was kept against the challenge, or takes it from a summary that needs none any more. */
  async keepText(
    tx: Tx,
    written: Written & { readonly place: "summary" | "note"; readonly checked: CheckedText },
  ): Promise<void> {
    const { checked, place, incidentId } = written;
    if (place === "summary") await forgetKeptSummary(tx, incidentId);
    if (checked.because === null) return;
    const traits = [...new Set(checked.found.map(({ trait }) => trait))];
    const mark = { ...written, traits, wordsVersion: this.words.version, because: checked.because };
    await saveKeptText(tx, mark, this.#deps);
  }
}

const reasonCharsMin = 10;

function isEmpty({ persons, scene }: PeopleDescription): boolean {
  return [...persons, scene].every((picked) => Object.values(picked).every((values) => values.length === 0));
}

function challenge(found: readonly SensitiveWord[], pointer: string) {
  const named = [...new Map(found.map((one) => [one.word.toLowerCase(), one])).values()].slice(0, 10);
  const says = named.map(({ word, trait }) => `"${word.slice(0, 60)}" (${trait})`).join(", ");
  return problem(422, "text_challenged", `the text says what somebody is, not what was seen: ${says}`, {
    pointer,
    remedy: `Describe clothing, height and conduct instead, or send it again with a reason of at least ${reasonCharsMin} letters in keptBecause; it is then marked and never searched.`,
  });
}

/** Masks numbers and addresses in every free text of a body, and in `because` of a query, before a handler sees them (J08). */
export function maskAtIntake(app: FastifyInstance): void {
  app.addHook("preValidation", async (request) => {
    const { body, query } = request;
    if (typeof body === "object" && body !== null && isJson(request.headers["content-type"])) {
      if (!request.url.startsWith("/api/v1/signals")) request.body = maskFreeText(body);
    }
    if (typeof query === "object" && query !== null && "because" in query && typeof query.because === "string") {
      query.because = maskText(query.because);
    }
  });
}

function isJson(mediaType: string | undefined): boolean {
  return mediaType !== undefined && /^application\/(?:[a-z.+-]*\+)?json\b/i.test(mediaType);
}

const picked = Type.Array(Type.Object({ code: Type.String(), title: Type.String() }));
const vocabularyShape = Type.Object({
  version: Type.String(),
  descriptors: Type.Array(
    Type.Object({
      code: Type.String(),
      title: Type.String(),
      about: Type.Enum(["person", "scene"]),
      many: Type.Boolean(),
      values: picked,
    }),
  ),
});
const wordsShape = Type.Object(
  { version: Type.String(), languages: Type.Record(Type.String(), Type.Unknown()) },
  { description: "SensitiveWords of packages/wire" },
);

/** The picker's vocabulary and the words that are challenged, for forms that ask before they send. */
export function peopleTextsRoutes(texts: PeopleTexts, db: Db): FastifyPluginAsync {
  return async (instance) => {
    const app = typed(instance);
    const config = { access: { action: "taxonomy:read", on: "organisation" } } as const;
    const read = {
      tags: ["privacy"],
      operationId: "readDescriptors",
      summary: "What people can be described by; old descriptions keep their version",
      querystring: Type.Object({ version: Type.Optional(Type.String({ maxLength: 64 })) }),
      response: { 200: vocabularyShape },
    };
    app.get("/api/v1/descriptors", { schema: read, config }, async (request) => {
      const { version } = request.query;
      if (version === undefined || version === texts.vocabulary.version) return texts.vocabulary;
      const old = await vocabularyOf(db, version);
      if (old !== null) return old;
      throw problem(404, "descriptors_unknown", "no description was made with this version");
    });
    const words = {
      tags: ["privacy"],
      operationId: "readSensitiveWords",
      summary: "The words that free text is challenged for",
      response: { 200: wordsShape },
    };
    app.get("/api/v1/sensitive-words", { schema: words, config }, async () => texts.words);
  };
}
