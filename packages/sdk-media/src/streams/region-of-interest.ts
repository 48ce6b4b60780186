import { MediaError, mediaError } from "../errors.ts";

/**
 * A part of a frame, in pixels: `top`, `left`, `right` and `bottom` are distances from the edges, `width` and `height`
 * sizes. Seven combinations are valid: top+left with right+bottom, width+height, bottom+width or right+height;
 * width+height with left+bottom, top+right or right+bottom.
 *
 * @example
 * ```ts
 * const logo: RegionOfInterest = { top: 20, right: 20, width: 200, height: 100 };
 * ```
 */
export interface RegionOfInterest {
  readonly top?: number;
  readonly left?: number;
  readonly right?: number;
  readonly bottom?: number;
  readonly width?: number;
  readonly height?: number;
}

/** The top left corner and the size of a region, in pixels. */
export interface CropArea {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

const forms = ["tlrb", "tlwh", "tlbw", "tlrh", "lbwh", "trwh", "rbwh"];
const letters = { top: "t", left: "l", right: "r", bottom: "b", width: "w", height: "h" } as const;

/**
 * Computes the position of a region in a frame.
 *
 * @throws {@link MediaError} `FILTER_REFUSED` if the region does not have one of the seven forms, has a value that is
 *   not a whole number, or does not lie inside the frame.
 */
export function toCropArea(region: RegionOfInterest, image: { width: number; height: number }): CropArea {
  const refuse = (why: string) =>
    mediaError(
      "FILTER_REFUSED",
      `Cannot compute coordinates from such a region of interest: ${JSON.stringify(region)}: ${why}`,
    );
  const given = (Object.keys(letters) as (keyof typeof letters)[]).filter((key) => region[key] !== undefined);
  const form = given.map((key) => letters[key]);
  if (!forms.some((one) => one.length === form.length && form.every((letter) => one.includes(letter))))
    throw refuse(`expected one of ${forms.map((one) => [...one].map(wordOf).join("+")).join(", ")}`);
  for (const key of given) {
    const value = region[key];
    if (!Number.isInteger(value) || (value as number) < 0)
      throw refuse(`${key} must be a whole number of pixels, at least 0`);
  }
  const { top, left, right = 0, bottom = 0 } = region;
  const width = region.width ?? image.width - (left ?? 0) - right;
  const height = region.height ?? image.height - (top ?? 0) - bottom;
  const area = { top: top ?? image.height - bottom - height, left: left ?? image.width - right - width, width, height };
  const inside = area.top >= 0 && area.left >= 0 && width > 0 && height > 0;
  if (!inside || area.top + height > image.height || area.left + width > image.width)
    throw refuse(`it does not lie inside the frame of ${image.width}×${image.height}`);
  return area;
}

function wordOf(letter: string): string {
  return Object.entries(letters).find(([, one]) => one === letter)?.[0] ?? letter;
}
