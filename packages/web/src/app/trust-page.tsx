import { PlaceList } from "./guarded.tsx";
import { useMay } from "./may.ts";
import { besideTheBar } from "./places.ts";

/** The way to the pages of the group on a phone, where the bar below has no room for them. */
export function TrustPage() {
  const places = besideTheBar(useMay());
  return (
    <>
      <title>Trust · Tillwatch</title>
      <header className="pt-5 pb-2 md:pt-7">
        <h1 className="text-xl font-semibold tracking-tight">Trust</h1>
        <p className="text-sm text-ink-muted">Who may see and do what, why, and what the record says of it.</p>
      </header>
      {places.length === 0 ? (
        <p className="text-sm text-ink-muted">Your role has no pages here.</p>
      ) : (
        <PlaceList places={places} />
      )}
    </>
  );
}
