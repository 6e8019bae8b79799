import { useMutation } from "@tanstack/react-query";
import { Download, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Problem } from "@tillwatch/wire";
import { ApiProblem, requestBytes } from "../api/request.ts";
import { Button } from "./button.tsx";
import { ErrorState } from "./error-state.tsx";
import { saveBytes } from "./save-file.ts";

// A copy takes seconds; whoever made it wait a minute is told, and asks again when he likes.
const waitMs = 1_000;
const waitsMax = 60;

/**
 * Takes a file that the server may refuse, or make first. A plain link would save the refusal under the name of the file; here it is read
 * in words, and what is still being made is waited for.
 */
export function TakeFile(props: {
  readonly href: string;
  readonly look?: "plain" | "primary";
  readonly icon?: LucideIcon;
  readonly name?: string; // as it is saved; absent: as the server names it
  readonly children: ReactNode;
}) {
  const { href, look = "plain", icon: Icon = Download, name, children } = props;
  const take = useMutation({
    mutationFn: async () => {
      const file = await taken(href);
      saveBytes(name ?? file.name, file.bytes);
    },
  });
  return (
    <div className="grid min-w-0 justify-items-start gap-2">
      <Button look={look} busy={take.isPending} onClick={() => take.mutate()}>
        <Icon className="size-4" aria-hidden="true" />
        {children}
      </Button>
      {take.isError ? <ErrorState fault={take.error} /> : null}
    </div>
  );
}

async function taken(href: string): Promise<{ readonly name: string; readonly bytes: Blob }> {
  for (let waits = 0; waits < waitsMax; waits += 1) {
    const file = await requestBytes(href);
    if (file !== null) return file;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  throw new ApiProblem(stillMaking);
}

const stillMaking: Problem = {
  type: "https://tillwatch.org/errors#web_file_not_made_yet",
  title: "Not made yet",
  status: 0,
  code: "web_file_not_made_yet",
  detail: "The file for your purpose is still being made.",
  remedy: "Try again in some minutes; the making goes on without this page.",
};
