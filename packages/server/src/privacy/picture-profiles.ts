/** What a purpose has of pictures and clips: with people, with people hidden, or nothing; and whether their sound. */
export type PictureProfile = {
  readonly show: "people" | "people_hidden" | "nothing";
  readonly sound: boolean;
};

/** Profiles by stated purpose; a country takes away. `otherwise` holds for what is not named. */
export type PictureProfiles = {
  readonly otherwise: PictureProfile;
  readonly purposes: Readonly<Record<string, PictureProfile>>;
  readonly countries: Readonly<Record<string, Readonly<Record<string, PictureProfile>>>>;
};

/** Where a pack says nothing: people, because who works a case must see it, and no sound. */
export const plainProfiles: PictureProfiles = {
  otherwise: { show: "people", sound: false },
  purposes: {},
  countries: {},
};

/** What this purpose has in this country (ISO 3166-1 alpha-2; null: not known). The same question has the same answer. */
export function pictureProfile(
  profiles: PictureProfiles,
  purpose: string | null,
  country: string | null,
): PictureProfile {
  if (purpose === null) return profiles.otherwise;
  const there = country === null ? undefined : profiles.countries[country]?.[purpose];
  return there ?? profiles.purposes[purpose] ?? profiles.otherwise;
}

const shown = { nothing: 0, people_hidden: 1, people: 2 } as const;

/** Countries that give a purpose more than it has elsewhere, as `country.purpose`. */
export function additionsOf(profiles: PictureProfiles): readonly string[] {
  return Object.entries(profiles.countries).flatMap(([country, purposes]) =>
    Object.entries(purposes).flatMap(([purpose, there]) => {
      const elsewhere = profiles.purposes[purpose] ?? profiles.otherwise;
      const adds = shown[there.show] > shown[elsewhere.show] || (there.sound && !elsewhere.sound);
      return adds ? [`${country}.${purpose}`] : [];
    }),
  );
}
