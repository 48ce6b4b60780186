// Documents of EBU-TT Live a second, in interleaved rounds on one core: typed and resolved by us, saxes alone, npm's imsc if
// it can be found, lxml (XML only) if PYTHON names a Python that has it. Median and quartiles. The documents are made here.
//
//   node bench/ebu-ttml.mjs            IMSC=/folder/with/node_modules PYTHON=python3 ROUNDS=15
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const media = join(import.meta.dirname, "../packages/sdk-media");
/** @type {typeof import("../packages/sdk-media/dist/ebu-ttml.js")} */
const { parse, resolve, EbuTtDocument, Framer } = await import(pathToFileURL(join(media, "dist/ebu-ttml.js")).href);
/** @type {typeof import("../packages/sdk-media/node_modules/saxes/saxes.js")} */
const { SaxesParser } = createRequire(join(media, "package.json"))("saxes");
const rounds = Number(process.env.ROUNDS ?? 15);
const python = process.env.PYTHON;
const roundMs = 300;

/**
 * What the bench uses of imsc, which has no types.
 * @typedef {object} Imsc
 * @property {(xml: string) => { getMediaTimeEvents(): number[] }} fromXML
 * @property {(document: object, seconds: number | undefined) => object} generateISD
 */

/** @type {Imsc | undefined} */
let imsc;
try {
  const load = createRequire(join(process.env.IMSC ?? process.cwd(), "package.json"));
  // Its own entry needs a browser.
  imsc = { ...load("imsc/src/main/js/doc.js"), ...load("imsc/src/main/js/isd.js") };
} catch {
  console.log("imsc was not found: run npm install imsc in a folder, and set IMSC to that folder.");
}

for (const paragraphs of [2, 392]) {
  const xml = documentOf(paragraphs, "live");
  const plain = documentOf(paragraphs, "ttml"); // imsc refuses clock times
  const bytes = Buffer.from(xml);
  const other = imsc;
  /** @type {Record<string, () => void>} */
  const contenders = {
    "ours, typed and resolved": () => {
      const { end } = resolveDocument(parse(xml));
      if (end === undefined) throw new Error("It was not resolved.");
    },
    "ours, framed from bytes and resolved": () => resolveFirst(new Framer().push(bytes)),
    "saxes alone": () => new SaxesParser({ xmlns: true }).write(xml).close(),
    ...(other && {
      "imsc, document and times": () => other.fromXML(plain).getMediaTimeEvents(),
      "imsc, resolved for one moment": () => {
        const document = other.fromXML(plain);
        other.generateISD(document, document.getMediaTimeEvents()[1]);
      },
    }),
  };
  /** @type {Record<string, number[]>} */
  const rates = Object.fromEntries([...Object.keys(contenders), ...(python ? ["lxml"] : [])].map((name) => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const rate = rateOf(run);
      if (round >= 0) rates[name]?.push(rate);
    }
    if (python && round >= 0) rates.lxml?.push(lxmlRate(python, xml));
  }
  console.log(
    `\n${(bytes.byteLength / 1000).toFixed(1)} kB, documents a second: quartile, median, quartile of ${rounds} rounds`,
  );
  /** @param {string} name */
  const median = (name) => quantile(rates[name] ?? [], 0.5);
  for (const [name, list] of Object.entries(rates)) {
    const numbers = [0.25, 0.5, 0.75].map((part) => Math.round(quantile(list, part)).toString().padStart(7)).join(" ");
    console.log(`${name.padEnd(38)}${numbers}   ${(median(name) / median("saxes alone")).toFixed(2)} × saxes`);
  }
  for (const name of Object.keys(contenders).filter((name) => name.startsWith("imsc")))
    console.log(`ours is ${(median("ours, typed and resolved") / median(name)).toFixed(1)} × ${name}`);
}

/** @param {ReturnType<typeof parse>} document */
function resolveDocument(document) {
  if (!(document instanceof EbuTtDocument)) throw new Error("It is a live message.");
  return resolve(document);
}

/** @param {ReturnType<InstanceType<typeof Framer>["push"]>} items */
function resolveFirst([item]) {
  if (!item || !("document" in item)) throw new Error("No document was found.");
  return resolveDocument(item.document);
}

/** @param {() => void} run */
function rateOf(run) {
  const start = performance.now();
  let count = 0;
  let elapsed = 0;
  while (elapsed < roundMs) {
    run();
    count++;
    elapsed = performance.now() - start;
  }
  return (count * 1000) / elapsed;
}

/**
 * @param {string} command
 * @param {string} xml
 */
function lxmlRate(command, xml) {
  const file = join(mkdtempSync(join(tmpdir(), "ebu-ttml-")), "document.xml");
  writeFileSync(file, xml);
  const code = `
import sys, time
from lxml import etree
data = open(sys.argv[1], "rb").read()
parser = etree.XMLParser(resolve_entities=False)
start = time.perf_counter(); count = 0
while time.perf_counter() - start < ${roundMs / 1000}:
    etree.fromstring(data, parser); count += 1
print(count / (time.perf_counter() - start))`;
  const { stdout, stderr } = spawnSync(command, ["-c", code, file], { encoding: "utf8" });
  if (!(Number(stdout) > 0)) throw new Error(stderr);
  return Number(stdout);
}

/**
 * @param {readonly number[]} list
 * @param {number} part
 */
function quantile(list, part) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
}

/**
 * @param {number} count
 * @param {"live" | "ttml"} kind
 */
function documentOf(count, kind) {
  /** @param {number} seconds */
  const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 23);
  const lines = Array.from({ length: count }, (_, i) => {
    /** @type {(text: string, begin: number) => string} */
    const span = (text, begin) =>
      `<tt:span style="S2" begin="${clock(begin)}" end="${clock(begin + 2)}">${text}</tt:span>`;
    return `\n      <tt:p xml:id="p${i}" region="R1" style="S1">${span(`Line ${i} of this, &amp; more`, 36000 + 4 * i)}<tt:br/>${span("and what follows it", 36002 + 4 * i)}</tt:p>`;
  });
  const live =
    kind === "live"
      ? 'ttp:timeBase="clock" ttp:clockMode="local" ebuttp:sequenceIdentifier="bench" ebuttp:sequenceNumber="434" ebuttp:authorsGroupIdentifier="group" ebuttp:authorsGroupControlToken="2"'
      : 'ttp:timeBase="media"';
  return `<?xml version="1.0" encoding="UTF-8"?>
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ebuttp="urn:ebu:tt:parameters" xmlns:ebuttm="urn:ebu:tt:metadata" ttp:cellResolution="40 24" xml:lang="en-GB" ${live}>
  <tt:head>
    <tt:metadata><ebuttm:documentMetadata><ebuttm:documentEbuttVersion>v1.0</ebuttm:documentEbuttVersion></ebuttm:documentMetadata></tt:metadata>
    <tt:styling>
      <tt:style xml:id="S1" tts:fontFamily="monospaceSansSerif" tts:fontSize="1c 2c" tts:lineHeight="normal" tts:textAlign="center"/>
      <tt:style xml:id="S2" tts:color="white" tts:backgroundColor="black"/>
    </tt:styling>
    <tt:layout><tt:region xml:id="R1" tts:origin="10% 10%" tts:extent="80% 80%" tts:displayAlign="after"/></tt:layout>
  </tt:head>
  <tt:body>
    <tt:div>${lines.join("")}
    </tt:div>
  </tt:body>
</tt:tt>`;
}
