import type { Encoding } from "./decode-text.ts";

/** The first data after white space and NUL. */
export interface SkipEnd {
  readonly kind: "more" | "markup" | "garbage";
  readonly at: number;
}

/** Skips the bytes between documents: white space, NUL, and byte order marks, which determine the encoding. */
export class InterDocumentSkipper {
  encoding: Encoding = "utf8";
  #isAfterNul = false;

  /**
   * Skips from `from` to the first other byte. `"more"` means that the bytes from `at` on cannot be interpreted yet.
   */
  skip(bytes: Uint8Array, from: number): SkipEnd {
    for (let at = from; at < bytes.byteLength; at++) {
      const byte = bytes[at] as number;
      const next = bytes[at + 1];
      if (byte === 0 || byte === 0x20 || (byte >= 9 && byte <= 13 && byte !== 11 && byte !== 12)) {
        this.#isAfterNul = byte === 0;
        continue;
      }
      const isMark = byte === 0xef || byte === 0xff || byte === 0xfe;
      if (next === undefined && (isMark || this.encoding !== "utf8")) return { kind: "more", at };
      if (byte === 0xef && next === 0xbb && bytes[at + 2] === undefined) return { kind: "more", at };
      if (byte === 0xef && next === 0xbb && bytes[at + 2] === 0xbf) {
        this.encoding = "utf8";
        at += 2;
      } else if (byte === 0xff && next === 0xfe) {
        this.encoding = "utf16le";
        at += 1;
      } else if (byte === 0xfe && next === 0xff) {
        this.encoding = "utf16be";
        at += 1;
      } else if (byte !== 0x3c) return { kind: "garbage", at };
      else {
        // A `<` without a NUL after it is UTF-8, whatever the encoding was before.
        if (next !== undefined && next !== 0) this.encoding = "utf8";
        const isSecondByte = this.encoding === "utf16be" && this.#isAfterNul;
        return { kind: "markup", at: isSecondByte ? at - 1 : at };
      }
      this.#isAfterNul = false;
    }
    return { kind: "more", at: bytes.byteLength };
  }
}
