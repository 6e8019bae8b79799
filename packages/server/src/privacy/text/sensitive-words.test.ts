import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { descriptionRefusal, sensitiveWordsIn } from "@tillwatch/wire";
import { parseDescriptors, parseSensitiveWords } from "./word-files.ts";

const pack = new URL("../../../../../pack/retail/", import.meta.url);
const wordsText = readFileSync(new URL("sensitive-words.yaml", pack), "utf8");
const descriptorsText = readFileSync(new URL("descriptors.yaml", pack), "utf8");
const words = parseSensitiveWords(wordsText, "sensitive-words.yaml");
assert.ok(words.ok, words.ok ? "" : JSON.stringify(words.error));
const lists = words.value;

const challenged: readonly (readonly [string, string])[] = [
  ["A black man in a red jacket took two bottles", "black"],
  ["two black males", "black"],
  ["young white female, about 20", "white"],
  ["He was black and tall", "black"],
  ["the suspect looked Asian", "Asian"],
  ["An Asian came in and left", "Asian"],
  ["Suspect of Romanian descent", "Romanian"],
  ["man with an Eastern European accent", "Eastern European"],
  ["a dark-skinned woman", "dark-skinned"],
  ["three asians", "asians"],
  ["gypsies again", "gypsies"],
  ["She was a Muslim, wore a hijab", "Muslim hijab"],
  ["the woman with the headscarf", "headscarf"],
  ["Jewish man", "Jewish"],
  ["a gay couple", "gay"],
  ["person is transgender", "transgender"],
  ["black african man", "black african"],
  ["he looked middle eastern", "middle eastern"],
  ["tall, black male.", "black"],
  ["Ein schwarzer Mann nahm zwei Flaschen", "schwarzer"],
  ["ein Schwarzer mit Rucksack", "Schwarzer"],
  ["südländisch aussehender Typ", "südländisch"],
  ["arabisch aussehende Männer", "arabisch"],
  ["dunkelhäutige Person", "dunkelhäutige"],
  ["Frau mit Kopftuch", "Kopftuch"],
  ["zwei Ausländer", "Ausländer"],
  ["der Mann war Moslem", "Moslem"],
  ["zwei schwule Kunden", "schwule"],
  ["ein Türke kam rein", "Türke"],
  ["Person mit osteuropäischem Akzent", "osteuropäischem"],
  ["un homme noir a pris le sac", "noir"],
  ["une jeune femme voilée", "voilée"],
  ["individu de type maghrébin", "maghrébin"],
  ["homme d'origine africaine", "africaine"],
  ["deux gitans", "gitans"],
  ["personne de couleur", "personne de couleur"],
  ["un juif", "juif"],
  ["un client homosexuel", "homosexuel"],
  ["een zwarte man pakte de fles", "zwarte"],
  ["getinte jongen", "getinte"],
  ["twee Marokkanen", "Marokkanen"],
  ["vrouw met hoofddoek", "hoofddoek"],
  ["man met Turks uiterlijk", "Turks"],
  ["hij was een moslim", "moslim"],
  ["een homo", "homo"],
];

const notChallenged: readonly string[] = [
  "Man in a black jacket, white trainers",
  "black jacket",
  "left in a white van",
  "white van man delivery parked",
  "brown bag, dark trousers, dark hair",
  "woman wearing black",
  "The man was in black",
  "a black and white striped shirt",
  "Two bottles of Polish vodka and Indian tonic water",
  "Asian grocery aisle",
  "Turkish delight, French wine, Mexican salsa",
  "nail polish",
  "white wine and black coffee",
  "Black Friday crowd",
  "Christmas decorations near the entrance",
  "Christian Dior perfume",
  "black men's shoes, white women's shirts",
  "ran straight to the exit",
  "went straight ahead, then left",
  "Jerusalem artichokes, Roma tomatoes and Brazil nuts",
  "African violets were knocked over",
  "the camera was black for ten minutes",
  "a brown dog",
  "racing bike in the car park",
  "took a black bag. Man left by the exit",
  "schwarze Jacke, weiße Turnschuhe",
  "Mann mit schwarzer Jacke",
  "weißer Transporter, schwarzer Rucksack",
  "Der Schwarze Tee lag am Boden",
  "türkischer Joghurt und arabischer Kaffee",
  "schwarze Herrenjacke und weißes Damenhemd",
  "Roma-Tomaten",
  "Weiße Schokolade",
  "Christstollen, Judo-Anzug",
  "veste noire, sac blanc",
  "homme en noir avec un sac",
  "manteau pour homme noir",
  "un chocolat noir et du vin blanc",
  "voile de bateau",
  "zwarte jas, witte schoenen",
  "man met zwarte rugzak",
  "witte bestelbus",
  "Turks brood, Indiase rijst",
  "homogene melk",
  "",
];

describe("words of protected traits in free text", () => {
  for (const [text, want] of challenged) {
    it(`F04 challenged: ${text}`, () => {
      const found = sensitiveWordsIn(text, lists);
      assert.equal(
        found
          .map(({ word }) => word)
          .join(" ")
          .replace("dark skinned", "dark-skinned"),
        want,
      );
    });
  }
  for (const text of notChallenged) {
    it(`F04 not challenged: ${text === "" ? "(nothing)" : text}`, () => {
      assert.deepEqual(sensitiveWordsIn(text, lists), []);
    });
  }
  it("F04 every found word stands where it says, and none overlap", () => {
    const piece = fc.constantFrom(
      "black",
      "man",
      "Asian",
      "jacket",
      ".",
      "hijab",
      "noir",
      "homme",
      "the",
      "É",
      "'s",
      "~",
      "😀",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (parts) => {
        const text = parts.join(" ");
        let end = 0;
        for (const { word, from, to } of sensitiveWordsIn(text, lists)) {
          assert.equal(text.slice(from, to), word);
          assert.ok(from >= end);
          end = to;
        }
      }),
    );
  });
  it("F04 a text of the largest size takes no time to speak of", () => {
    const start = performance.now();
    sensitiveWordsIn("black asian man ".repeat(640), lists);
    sensitiveWordsIn("black ".repeat(1700), lists);
    assert.ok(performance.now() - start < 5_000);
  });
});

describe("the picker's vocabulary", () => {
  const vocabulary = parseDescriptors(descriptorsText, "descriptors.yaml", lists);
  it("F04 the shipped one loads, with what the report form needs and no protected trait", () => {
    assert.ok(vocabulary.ok, vocabulary.ok ? "" : JSON.stringify(vocabulary.error));
    const codes = vocabulary.value.descriptors.map(({ code }) => code);
    for (const code of ["height", "build", "bag", "footwear", "mark", "flight", "flight_by"])
      assert.ok(codes.includes(code), code);
  });
  for (const [title, value] of [
    ["Ethnicity", "unknown"],
    ["Skin colour", "dark"],
    ["Appearance", "Asian"],
    ["Wears", "hijab"],
    ["Religion", "any"],
    ["State of health", "limping"],
    ["Aussehen", "südländisch"],
  ]) {
    it(`F04 a list with "${title}: ${value}" does not load`, () => {
      const text = `version: x-1\ndescriptors:\n  - { code: a, title: ${title}, about: person, many: false, values: [{ code: b, title: ${value} }] }\n`;
      const read = parseDescriptors(text, "descriptors.yaml", lists);
      assert.equal(read.ok, false);
    });
  }
  it("F04 a description names only what is in the vocabulary, each in its place", () => {
    assert.ok(vocabulary.ok);
    const refusal = (persons: readonly Record<string, string[]>[], scene: Record<string, string[]> = {}) =>
      descriptionRefusal({ persons, scene }, vocabulary.value)?.code ?? null;
    assert.equal(refusal([{ height: ["h165_180"], upper_colour: ["black", "grey"] }], { flight: ["left"] }), null);
    assert.equal(refusal([{ ethnicity: ["x"] }]), "descriptor_unknown");
    assert.equal(refusal([{ flight: ["left"] }]), "descriptor_unknown");
    assert.equal(refusal([{ height: ["tall"] }]), "descriptor_value_unknown");
    assert.equal(refusal([{ height: ["h165_180", "under_150"] }]), "descriptor_value_too_many");
    assert.equal(refusal([{ bag: ["backpack", "backpack"] }]), "descriptor_value_too_many");
  });
});
