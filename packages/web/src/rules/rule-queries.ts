import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../api/request.ts";
import type {
  Backtest,
  BacktestAsked,
  BacktestLine,
  Changed,
  Check,
  Hit,
  Rule,
  RuleList,
  Version,
} from "./rule-shapes.ts";

const lookAgainMs = 15_000;

export const rulesQuery = queryOptions({
  queryKey: ["rules"],
  queryFn: ({ signal }) => request<RuleList>("/api/v1/rules", { signal }),
  refetchInterval: lookAgainMs, // matches come by themselves
});

const pathOf = (id: string) => `/api/v1/rules/${encodeURIComponent(id)}`;

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: ["rules", id],
    queryFn: ({ signal }) => request<Rule>(pathOf(id), { signal }),
    refetchInterval: lookAgainMs,
  });

/** Versions never change: what was read once is known. Their state does, and comes with the rule. */
export const versionQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: ["rule-version", id, number],
    queryFn: ({ signal }) => request<Version>(`${pathOf(id)}/versions/${number}`, { signal }),
  });

export const hitsQuery = (id: string, number: number) =>
  queryOptions({
    queryKey: ["rules", id, "hits", number],
    queryFn: ({ signal }) =>
      request<{ readonly items: readonly Hit[] }>(`${pathOf(id)}/versions/${number}/hits`, { signal }),
    refetchInterval: lookAgainMs, // with the rule, whose chart counts the same
  });

/** Asked of the server, which knows the taxonomy and the weights and is what decides in the end. */
export const checkQuery = (text: string, against: { readonly id: string; readonly number: number } | null) =>
  queryOptions({
    queryKey: ["rule-check", text, against],
    queryFn: ({ signal }) =>
      request<Check>("/api/v1/rules/check", {
        method: "POST",
        body: { rule: text, ...(against === null ? { isNew: true } : { against }) },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });

/** One step of a rule's life; afterwards everything about rules is read anew. */
export function useRuleChange(onDone: (changed: Changed) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ path, body }: { readonly path: string; readonly body: object }) =>
      request<Changed>(`/api/v1/rules${path}`, { method: "POST", body }),
    onSuccess: async (changed) => {
      await queries.invalidateQueries({ queryKey: ["rules"] });
      await queries.invalidateQueries({ queryKey: ["rule-version"] });
      onDone(changed);
    },
  });
}

const backtestsPath = "/api/v1/rules/backtests";
const followMs = 700;

export const backtestsQuery = queryOptions({
  queryKey: ["backtests"],
  queryFn: ({ signal }) => request<{ readonly items: readonly BacktestLine[] }>(backtestsPath, { signal }),
});

export const backtestQuery = (id: string) =>
  queryOptions({
    queryKey: ["backtest", id],
    queryFn: ({ signal }) => request<Backtest>(`${backtestsPath}/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === "running" ? followMs : false),
  });

export function startBacktest(body: BacktestAsked & { readonly days: number }): Promise<{ readonly id: string }> {
  return request<{ readonly id: string }>(backtestsPath, { method: "POST", body });
}

export function cancelBacktest(id: string): Promise<{ readonly id: string }> {
  return request<{ readonly id: string }>(`${backtestsPath}/${encodeURIComponent(id)}/cancel`, {
    method: "POST",
    body: {},
  });
}
