import { Ago } from "../design/time.tsx";

/** When something was last used, as the last words of a sentence. */
export function Used({ at }: { readonly at: string | null }) {
  return at === null ? <>never used</> : <Ago at={at} />;
}
