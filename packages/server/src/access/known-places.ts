import { problem } from "../api/problem.ts";

/** The sites of an organisation with their regions. */
export type PlacesOf = (organisationId: string) => readonly { readonly id: string; readonly region: string | null }[];

/** Refuses what no site or region is called: whoever is bound to a mistyped place would silently see nothing. */
export function refuseUnknownPlaces(
  places: ReturnType<PlacesOf>,
  asked: {
    readonly sites?: readonly string[] | null | undefined;
    readonly regions?: readonly string[] | null | undefined;
  },
): void {
  const site = asked.sites?.findIndex((id) => places.every((place) => place.id !== id)) ?? -1;
  if (site !== -1) {
    throw problem(422, "site_unknown", `site ${asked.sites?.[site]} is not in the directory`, {
      pointer: `/sites/${site}`,
    });
  }
  const region = asked.regions?.findIndex((name) => places.every((place) => place.region !== name)) ?? -1;
  if (region === -1) return;
  throw problem(422, "region_unknown", `no site of the directory is in region ${asked.regions?.[region]}`, {
    pointer: `/regions/${region}`,
  });
}
