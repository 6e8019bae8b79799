import type { PlacesOf } from "../access/known-places.ts";

/** Sites that tests bind people and programs to. */
export const placesForTests: PlacesOf = () => [
  { id: "S-1", region: "north" },
  { id: "S-1001", region: "North" },
];
