import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../api/request.ts";
import { readSignInSearch } from "../app/route-search.ts";
import { Button } from "../design/button.tsx";
import { ErrorState } from "../design/error-state.tsx";
import { TextField } from "../design/field.tsx";

/** One field. The token is sent once, for a cookie that scripts cannot read; it is kept nowhere in the page. */
export function SignInPage() {
  const { to } = readSignInSearch(useSearch({ from: "/sign-in" }));
  const router = useRouter();
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const signIn = useMutation({
    mutationFn: () => request<unknown>("/api/v1/session", { method: "POST", body: { token: token.trim() } }),
    onSuccess: () => {
      queries.clear();
      router.history.replace(to ?? "/");
    },
  });
  return (
    <main id="main" className="grid min-h-dvh place-items-center p-4">
      <title>Sign in · Tillwatch</title>
      <form
        className="grid w-full max-w-sm gap-4 rounded-lg border border-line bg-surface p-6 shadow-raised"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") signIn.mutate();
        }}
      >
        <div className="flex items-center gap-3">
          <img src="/mark.svg" alt="" className="size-9" />
          <div>
            <h1 className="text-lg font-semibold">Sign in to Tillwatch</h1>
            <p className="text-sm text-ink-muted">Retail crime reporting</p>
          </div>
        </div>
        <TextField
          label="Access token"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          onChange={(event) => setToken(event.target.value)}
          hint="Printed by the server at its first start, or given to you by your administrator."
        />
        {signIn.isError ? <ErrorState fault={signIn.error} /> : null}
        <Button type="submit" look="primary" large busy={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
