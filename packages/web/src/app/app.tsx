import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { keepCacheLive } from "../api/live-cache.ts";
import { LiveConnection } from "../api/live.ts";
import { ApiProblem } from "../api/request.ts";
import { ToastProvider } from "../design/toast.tsx";
import { VerdictProvider } from "../incident/pending-verdict.tsx";
import { LiveContext } from "./live-context.ts";
import { makeRouter } from "./router.tsx";

const retriesMax = 2;

/** Builds everything once, in one straight line. */
export function App() {
  const [{ queries, router, live }] = useState(build);
  useEffect(() => keepCacheLive(queries, live), [queries, live]);
  return (
    <QueryClientProvider client={queries}>
      <LiveContext value={live}>
        <ToastProvider>
          <VerdictProvider>
            <RouterProvider router={router} />
          </VerdictProvider>
        </ToastProvider>
      </LiveContext>
    </QueryClientProvider>
  );
}

function build() {
  const router = makeRouter();
  const live = new LiveConnection("/api/v1/events");
  const onError = (fault: unknown): void => {
    if (!isSignedOut(fault) || router.state.location.pathname === "/sign-in") return;
    void router.navigate({ to: "/sign-in", search: { to: router.state.location.href } });
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, fault) => failures < retriesMax && isPassing(fault),
        retryDelay: (attempt) => 400 * 2 ** attempt,
        // The page itself says that it is offline; a paused query would look like one that loads for ever.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return { queries, router, live };
}

function isSignedOut(fault: unknown): boolean {
  return fault instanceof ApiProblem && fault.problem.status === 401;
}

/** Worth another try by itself: no answer, or a server that is busy or starting. A refusal stays one however often it is asked. */
function isPassing(fault: unknown): boolean {
  if (!(fault instanceof ApiProblem)) return false;
  const { status } = fault.problem;
  return status === 0 || status === 429 || status >= 500;
}
