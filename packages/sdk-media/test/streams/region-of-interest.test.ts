import { describe, expect, it } from "vitest";
import { describeCases } from "../../../sdk/test/support/cases.ts";
import { cropTo, type RegionOfInterest, videoStream } from "../../src/index.ts";
import { toVideoChain } from "../../src/streams/filters.ts";
import { toCropArea } from "../../src/streams/region-of-interest.ts";
import { media, runStreams } from "../support/media.ts";

const ignore = () => undefined;

type Region = { image: { width: number; height: number }; roi: RegionOfInterest };
describeCases<Partial<Region> & { scaling?: { width: number | null; height: number | null } }, Record<string, unknown>>(
  "region_of_interest_filters.json",
  ({ input, expected }) => {
    if (input.scaling) {
      const { width, height } = input.scaling;
      const options = { ...(width !== null && { width }), ...(height !== null && { height }) };
      const [scale] = toVideoChain(options, { width: 1, height: 1 });
      expect(scale).toBe(`scale=width=${expected.width}:height=${expected.height}`);
      return;
    }
    const { image, roi } = input as Region;
    const { error } = expected as { error?: { prefix: string } };
    if (error) expect(() => toCropArea(roi, image)).toThrow(error.prefix);
    else expect(toCropArea(roi, image)).toEqual(expected);
  },
  ({ input }) => input.scaling !== undefined || input.roi !== undefined,
);

describe("a region", () => {
  const t = 10;
  it.each<[RegionOfInterest, [top: number, left: number, width: number, height: number]]>([
    [{ top: t, left: 20, right: 30, bottom: 40 }, [10, 20, 110, 40]],
    [{ top: t, left: 20, width: 30, height: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, width: 30, bottom: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, right: 30, height: 40 }, [10, 20, 110, 40]],
    [{ left: 20, bottom: 30, width: 40, height: 50 }, [10, 20, 40, 50]],
    [{ top: t, right: 20, width: 30, height: 40 }, [10, 110, 30, 40]],
    [{ right: 20, bottom: 30, width: 40, height: 50 }, [10, 100, 40, 50]],
  ])("is computed from %o", (region, [top, left, width, height]) => {
    expect(toCropArea(region, { width: 160, height: 90 })).toEqual({ top, left, width, height });
  });

  const keys = ["top", "left", "right", "bottom", "width", "height"] as const;
  const valid = ["tlrb", "tlwh", "tlwb", "tlrh", "lbwh", "trwh", "rbwh"].map((form) => [...form].sort().join(""));
  const others = Array.from({ length: 64 }, (_, bits) => keys.filter((_, i) => bits & (1 << i)));
  it.each(
    others.filter(
      (given) =>
        !valid.includes(
          given
            .map((key) => key[0])
            .sort()
            .join(""),
        ),
    ),
  )("cannot be computed from any other combination: %s %s %s %s %s %s", (...given) => {
    const region = Object.fromEntries(given.filter(Boolean).map((key) => [key, 10]));
    expect(() => toCropArea(region, { width: 160, height: 90 })).toThrow("Cannot compute coordinates");
  });

  it.each<[RegionOfInterest]>([
    [{ top: 0, left: 0, width: 161, height: 10 }],
    [{ top: 0, left: 0, width: 10, height: 0 }],
    [{ top: 50, left: 0, right: 0, bottom: 40 }],
    [{ top: -1, left: 0, width: 10, height: 10 }],
    [{ top: 0.5, left: 0, width: 10, height: 10 }],
    [{ top: Number.NaN, left: 0, width: 10, height: 10 }],
  ])("fails the job if it is not within the frame: %o", async (region) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), cropTo(region), ignore)]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("Cannot compute coordinates") });
  });
});
