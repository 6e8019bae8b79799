import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type { Names } from "../api/shapes.ts";

const waitMs = 20;
const tokensMax = 100; // as the server takes

type Asking = { readonly tokens: Set<string>; readonly answer: Promise<Names> };
let next: Asking | null = null;

/** Many of one page are asked for at once. */
function namesWith(token: string): Promise<Names> {
  if (next === null || next.tokens.size >= tokensMax) {
    const tokens = new Set<string>();
    next = { tokens, answer: asked(tokens) };
  }
  next.tokens.add(token);
  return next.answer;
}

async function asked(tokens: ReadonlySet<string>): Promise<Names> {
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (next?.tokens === tokens) next = null;
  const list = encodeURIComponent([...tokens].join(","));
  const { names } = await request<{ readonly names: Names }>(`/api/v1/audit/names?tokens=${list}`);
  return names;
}

/** The name of somebody of the own house, null where none is known; for who may read the record. */
export function nameQuery(token: string) {
  return queryOptions({
    queryKey: ["name-of", token],
    queryFn: async () => (await namesWith(token))[token] ?? null,
    staleTime: 5 * 60_000,
    retry: false,
  });
}
