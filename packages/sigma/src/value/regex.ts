import { RE2JS } from "re2js";
import { refused, type Result, ok } from "../result.ts";
import { quoted, type Complaint } from "../problem.ts";

export type RegexFlags = { readonly insensitive: boolean; readonly multiline: boolean; readonly dotall: boolean };

const patternLengthMax = 4_096;
const programSizeMax = 20_000;

/**
 * Compiles a pattern for search anywhere in a text, in time linear in the text (RE2 syntax and semantics).
 * Refuses with `sigma_regex_unsupported` what RE2 cannot express (look-around, back-references, possessive quantifiers)
 * and what is malformed; with `sigma_regex_too_large` patterns whose program would be too large.
 */
export function compileRegex(pattern: string, flags: RegexFlags): Result<(text: string) => boolean, Complaint> {
  const tooLarge: Complaint = {
    code: "sigma_regex_too_large",
    message: `The regular expression ${quoted(pattern)} is too large.`,
    remedy: "Shorten it or lower its counted repetitions; or split it into several values.",
  };
  if (pattern.length > patternLengthMax) return refused(tooLarge);
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(
      pattern,
      (flags.insensitive ? RE2JS.CASE_INSENSITIVE : 0) |
        (flags.multiline ? RE2JS.MULTILINE : 0) |
        (flags.dotall ? RE2JS.DOTALL : 0),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unreadable";
    return refused({
      code: "sigma_regex_unsupported",
      message: `The regular expression ${quoted(pattern)} cannot be used: ${reason}.`,
      remedy:
        "Use RE2 syntax: no look-ahead, look-behind, back-reference or possessive quantifier; split the test into two selections joined by `and` or `and not`.",
    });
  }
  if (regex.programSize() > programSizeMax) return refused(tooLarge);
  return ok((text) => regex.test(text));
}
