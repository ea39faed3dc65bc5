/** Below 0 where the first version is the older one: each number counts as a number, so 15.9 is older than 15.10. */
export function compareVersions(one: string, other: string): number {
  const ours = numbersOf(one);
  const theirs = numbersOf(other);
  for (let i = 0; i < Math.max(ours.length, theirs.length); i += 1) {
    const difference = (ours[i] ?? -1) - (theirs[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The newest of some versions; undefined where there is none. */
export function newestVersion(versions: readonly string[]): string | undefined {
  return versions.toSorted(compareVersions).at(-1);
}

/** The next minor version of Kubernetes: after 1.9 comes 1.10. */
export function nextMinor(version: string): string {
  const [major = 1, minor = 0] = numbersOf(version);
  return `${major}.${minor + 1}`;
}

/** The minor version of Kubernetes before this one. */
export function previousMinor(version: string): string {
  const [major = 1, minor = 1] = numbersOf(version);
  return `${major}.${minor - 1}`;
}

/** The first number of a version; undefined where it has none. */
export function majorOf(version: string): number | undefined {
  return numbersOf(version)[0];
}

function numbersOf(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}
