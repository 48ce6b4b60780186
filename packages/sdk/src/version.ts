// The pattern that semver.org suggests.
const semanticVersion =
  /^(?<major>0|[1-9]\d*)\.(?<minor>0|[1-9]\d*)\.(?<patch>0|[1-9]\d*)(?:-(?<preRelease>(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?(?:\+[\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*)?$/;

/** A version as semver.org defines it, such as `1.6.0` or `4.3.0-rc.1`. */
export class Version {
  /** Major, minor and patch. */
  readonly numbers: readonly number[];
  readonly isPreRelease: boolean;

  private constructor(numbers: readonly number[], isPreRelease: boolean) {
    this.numbers = numbers;
    this.isPreRelease = isPreRelease;
  }

  /** Parses a version. Returns undefined if the text is not a semantic version. */
  static parse(text: string): Version | undefined {
    const { major, minor, patch, preRelease } = semanticVersion.exec(text)?.groups ?? {};
    if (major === undefined) return undefined;
    return new Version([major, minor, patch].map(Number), preRelease !== undefined);
  }

  /**
   * Compares the numbers of this version with those of a release; a pre-release counts as its release.
   *
   * @returns A negative number if this version is earlier, 0 if it is the same, a positive number if it is later.
   */
  compare(...numbers: readonly [major: number, minor: number, patch: number]): number {
    const index = numbers.findIndex((number, i) => number !== this.numbers[i]);
    return index < 0 ? 0 : Number(this.numbers[index]) - Number(numbers[index]);
  }
}
