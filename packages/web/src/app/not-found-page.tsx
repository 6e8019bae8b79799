import { Link } from "@tanstack/react-router";
import { MapPinOff } from "lucide-react";
import { buttonClass } from "../design/button.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { ErrorState } from "../design/error-state.tsx";

export function NotFoundPage() {
  return (
    <main id="main" className="grid min-h-dvh place-content-center">
      <title>Not found · Tillwatch</title>
      <h1 className="sr-only">Not found</h1>
      <EmptyState icon={MapPinOff} title="There is no page at this address">
        <p>The address may be mistyped, or from a newer version.</p>
        <Link to="/" className={`mt-4 ${buttonClass("primary")}`}>
          Go to the queue
        </Link>
      </EmptyState>
    </main>
  );
}

/** A defect of the page itself: said so, with a way on. */
export function PageFault({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  return (
    <div className="mx-auto max-w-2xl p-6">
      <h1 className="mb-3 text-lg font-semibold">This page failed</h1>
      <ErrorState fault={error} onRetry={reset} />
    </div>
  );
}
