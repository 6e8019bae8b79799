import { systemChance } from "../platform/chance.ts";
import { PeopleTexts } from "../privacy/text/people-texts-http.ts";
import { openVocabulary } from "../privacy/text/people-texts-store.ts";
import { packOf } from "../cli/configured.ts";
import { shippedPack } from "../cli/shipped.ts";
import type { Db } from "../schema.ts";
import { testFields } from "./fields.ts";
import { nowMs } from "./incidents.ts";

export const testVault = testFields;

/** The shipped picker and words, as app start opens them. */
export async function testTexts(db: Db): Promise<PeopleTexts> {
  const { descriptors, sensitiveWords } = packOf(shippedPack);
  const opened = await openVocabulary(db, descriptors, nowMs);
  if (!opened.ok) throw new Error(opened.error.code);
  return new PeopleTexts({
    vocabulary: opened.value,
    words: sensitiveWords,
    vault: await testVault(db),
    chance: systemChance,
  });
}
