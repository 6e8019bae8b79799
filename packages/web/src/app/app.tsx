import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { keepCacheLive } from "../api/live-cache.ts";
import { LiveConnection } from "../api/live.ts";
import { ApiProblem } from "../api/request.ts";
import { ToastProvider } from "../design/toast.tsx";
import { forgetAnswers } from "../people/people-queries.ts";
import { StepUpProvider } from "../people/step-up-dialog.tsx";
import { noteSessionEnd } from "../people/session-end.ts";
import { VerdictProvider } from "../incident/pending-verdict.tsx";
import { LiveContext } from "./live-context.ts";
import { makeRouter } from "./router.tsx";

const retriesMax = 2;
// Pages for who is not signed in: nobody is sent away from them.
const publicPaths = ["/sign-in", "/set-up"];

/** Builds everything once, in one straight line. */
export function App() {
  const [{ queries, router, live, signedOut }] = useState(build);
  useEffect(() => keepCacheLive(queries, live), [queries, live]);
  useEffect(() => live.subscribeEnded(signedOut), [live, signedOut]);
  return (
    <QueryClientProvider client={queries}>
      <LiveContext value={live}>
        <ToastProvider>
          <StepUpProvider>
            <VerdictProvider>
              <RouterProvider router={router} />
            </VerdictProvider>
          </StepUpProvider>
        </ToastProvider>
      </LiveContext>
    </QueryClientProvider>
  );
}

function build() {
  const router = makeRouter();
  const live = new LiveConnection("/api/v1/events");
  const signedOut = (says: string): void => {
    if (publicPaths.includes(router.state.location.pathname)) return;
    noteSessionEnd(says);
    void router.navigate({ to: "/sign-in", search: { to: router.state.location.href } });
    forgetAnswers(queries);
  };
  const onError = (fault: unknown): void => {
    if (!(fault instanceof ApiProblem) || fault.problem.status !== 401) return;
    if (fault.problem.code === "session_ended") signedOut(fault.problem.detail);
    else if (!publicPaths.includes(router.state.location.pathname)) {
      void router.navigate({ to: "/sign-in", search: { to: router.state.location.href } });
    }
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
  return { queries, router, live, signedOut };
}

/** Worth another try by itself: no answer, or a server that is busy or starting. A refusal stays one however often it is asked. */
function isPassing(fault: unknown): boolean {
  if (!(fault instanceof ApiProblem)) return false;
  const { status } = fault.problem;
  return status === 0 || status === 429 || status >= 500;
}
