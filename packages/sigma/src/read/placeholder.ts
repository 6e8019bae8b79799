import { quoted, type Complaint } from "../problem.ts";
import { ok, refused, type Result } from "../result.ts";
import type { PatternTest, TemplatePart } from "./rule-model.ts";

/** What each placeholder stands for: one or more patterns, in which wildcards work as in a rule. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

const expansionsMax = 10_000;

/** Reads `%name%` out of a value with the modifier `expand`; `\%` is a percent sign. */
export function parseTemplate(source: string): Result<PatternTest, Complaint> {
  const parts: TemplatePart[] = [];
  let literal = "";
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    if (char === "\\" && source.charAt(at + 1) === "%") {
      literal += "%";
      at += 1;
    } else if (char === "%") {
      const end = source.indexOf("%", at + 1);
      const placeholder = source.slice(at + 1, Math.max(end, 0));
      if (!/^[\w.-]{1,128}$/.test(placeholder)) return refused(malformed(source));
      if (literal !== "") parts.push(literal);
      parts.push({ placeholder });
      literal = "";
      at = end;
    } else {
      literal += char;
    }
  }
  if (literal !== "" || parts.length === 0) parts.push(literal);
  return ok({ kind: "expand", parts });
}

/** Every text that a template stands for. Refuses what the caller has not defined, and more than 10,000 texts. */
export function expandTemplate(
  parts: readonly TemplatePart[],
  placeholders: Placeholders,
): Result<readonly string[], Complaint> {
  let texts: readonly string[] = [""];
  for (const part of parts) {
    const values = typeof part === "string" ? [part] : valuesOf(part.placeholder, placeholders);
    if (typeof values === "string")
      return refused(unusable(values, typeof part === "string" ? part : part.placeholder));
    if (texts.length * values.length > expansionsMax) {
      return refused({
        code: "sigma_expansion_too_large",
        message: `The placeholders of one value stand for more than ${expansionsMax} texts.`,
        remedy: "Use one placeholder in a value, or shorten the lists.",
      });
    }
    texts = texts.flatMap((head) => values.map((value) => head + value));
  }
  return ok(texts);
}

function valuesOf(name: string, placeholders: Placeholders): readonly string[] | "unknown" | "empty" {
  const values = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
  if (values === undefined) return "unknown";
  return values.length === 0 || values.includes("") ? "empty" : values;
}

function unusable(why: "unknown" | "empty", name: string): Complaint {
  return why === "unknown"
    ? {
        code: "sigma_placeholder_unknown",
        message: `Nothing is known of the placeholder ${quoted(`%${name}%`)}.`,
        remedy: "Define its values where the rules are loaded, or remove `expand` if the percent signs are meant.",
      }
    : {
        code: "sigma_placeholder_empty",
        message: `The placeholder ${quoted(`%${name}%`)} stands for nothing, or for empty text.`,
        remedy: "Give it at least one value, each of them text; or do not load the rule.",
      };
}

function malformed(source: string): Complaint {
  return {
    code: "sigma_placeholder_malformed",
    message: `${quoted(source)} holds a percent sign that begins no placeholder.`,
    remedy: "Write %name% with letters, digits, _ . or -; write \\% for a percent sign.",
  };
}
