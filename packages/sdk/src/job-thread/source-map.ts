import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A larger file is not searched for a map. */
const maxFileBytes = 64 * 1024 * 1024;

interface FileMap {
  readonly url: URL;
  readonly map: SourceMap;
}

const known = new Map<string, FileMap | undefined>();

/**
 * Replaces the places in compiled files by those in their sources. The maps are read when an error is formatted:
 * `setSourceMapsEnabled` would read the map of every module that is loaded.
 */
export function mapStack(stack: string): string {
  return stack.replaceAll(
    /^( +at .*?\(?)((?:file:\/\/)?\/[^()]*|[A-Za-z]:\\[^()]*):(\d+):(\d+)(\)?)$/gm,
    (...match) => {
      const [frame, before, file, line, column, after] = match as [string, string, string, string, string, string];
      const place = findSource(file, Number(line), Number(column));
      return place === undefined ? frame : `${before}${place}${after}`;
    },
  );
}

function findSource(file: string, line: number, column: number): string | undefined {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  if (!known.has(path)) known.set(path, readMap(path));
  const found = known.get(path);
  if (!found) return undefined;
  const entry = found.map.findEntry(line - 1, column - 1);
  if (!("originalSource" in entry)) return undefined;
  return `${nameOf(entry.originalSource, found.url)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

function nameOf(source: string, base: URL): string {
  const url = new URL(source, base);
  return url.protocol === "file:" ? fileURLToPath(url) : source;
}

function readMap(path: string): FileMap | undefined {
  try {
    const text = readFileSync(path, "utf8");
    const comment =
      text.length > maxFileBytes ? undefined : text.match(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)?.at(-1);
    const address = comment?.replace(/^.*?=/, "").trim();
    if (address === undefined) return undefined;
    const url = new URL(address, pathToFileURL(path));
    const json = url.protocol === "data:" ? decodeData(url) : readFileSync(url, "utf8");
    const payload = JSON.parse(json) as SourceMapPayload;
    // Node joins them without looking at the root.
    const root = payload.sourceRoot ? `${payload.sourceRoot.replace(/\/$/, "")}/` : "";
    const sources = payload.sources.map((source) => `${root}${source}`);
    const base = url.protocol === "data:" ? pathToFileURL(path) : url;
    return { url: base, map: new SourceMap({ ...payload, sourceRoot: "", sources }) };
  } catch {
    // Without a readable map the place in the compiled file remains.
    return undefined;
  }
}

function decodeData({ href }: URL): string {
  const comma = href.indexOf(",");
  const isBase64 = href.slice(0, comma).endsWith(";base64");
  const data = href.slice(comma + 1);
  return isBase64 ? Buffer.from(data, "base64").toString() : decodeURIComponent(data);
}
