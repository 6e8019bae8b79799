import { queryOptions, type QueryClient } from "@tanstack/react-query";
import type { WhoAmI } from "@tillwatch/wire";
import { request } from "../api/request.ts";
import type {
  AccountView,
  MyAccount,
  SessionView,
  SignInWays,
  TillOperatorList,
  TillOperatorView,
} from "./people-shapes.ts";

export const signInWaysQuery = queryOptions({
  queryKey: ["sign-in-ways"],
  queryFn: ({ signal }) => request<SignInWays>("/api/v1/sign-in-ways", { signal }),
});

/** Forgets what somebody saw, for whoever comes next. How one signs in is nobody's, and the page that is just opening waits for it. */
export function forgetAnswers(queries: QueryClient): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== signInWaysQuery.queryKey[0] });
  queries.getMutationCache().clear();
}

export const whoAmIQuery = queryOptions({
  queryKey: ["who-am-i"],
  queryFn: ({ signal }) => request<WhoAmI>("/api/v1/session", { signal }),
});

export const myAccountQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => request<MyAccount>("/api/v1/me", { signal }),
});

export const mySessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: ({ signal }) => request<{ readonly items: readonly SessionView[] }>("/api/v1/me/sessions", { signal }),
});

export type AccountPage = { readonly items: readonly AccountView[]; readonly nextCursor: string | null };

export const accountsQuery = queryOptions({
  queryKey: ["accounts"],
  queryFn: async ({ signal }) => {
    const items: AccountView[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = `/api/v1/accounts?limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page: AccountPage = await request<AccountPage>(path, { signal });
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  },
});

/** By what tills name a person. */
export function tillOperatorsQuery(id: string) {
  return queryOptions({
    queryKey: ["accounts", id, "till-operators"],
    queryFn: ({ signal }) =>
      request<{ readonly items: readonly TillOperatorView[] }>(`/api/v1/accounts/${id}/till-operators`, { signal }),
  });
}

/** By what tills name people, everybody's but one's own. */
export const allTillOperatorsQuery = queryOptions({
  queryKey: ["till-operators"],
  queryFn: ({ signal }) => request<TillOperatorList>("/api/v1/till-operators", { signal }),
});

export function accountSessionsQuery(id: string) {
  return queryOptions({
    queryKey: ["accounts", id, "sessions"],
    queryFn: ({ signal }) =>
      request<{ readonly items: readonly SessionView[] }>(`/api/v1/accounts/${id}/sessions`, { signal }),
  });
}
