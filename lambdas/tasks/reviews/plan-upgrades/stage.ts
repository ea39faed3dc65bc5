/** In which order things are changed: what nobody depends on comes first. */
export const STAGES = ['staging', 'non-critical', 'critical'] as const;
export type Stage = (typeof STAGES)[number];

export type Tags = Readonly<Record<string, string>>;

/** Which tags say where a thing belongs, and how. */
export interface TagRules {
  readonly environmentTags: readonly string[];
  readonly criticalityTags: readonly string[];
  readonly stagingValues: readonly string[];
  readonly nonCriticalValues: readonly string[];
}

/** Where a thing belongs; what says nothing of itself is taken for critical, and comes last. */
export function stageOf(tags: Tags, rules: TagRules): Stage {
  const environment = valueOf(tags, rules.environmentTags);
  if (environment !== undefined && isAmong(rules.stagingValues, environment)) return 'staging';
  const criticality = valueOf(tags, rules.criticalityTags);
  return criticality !== undefined && isAmong(rules.nonCriticalValues, criticality) ? 'non-critical' : 'critical';
}

/** The tags of a list of keys and values, as most services write them. */
export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Tags {
  return Object.fromEntries(list.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? '']])));
}

/** True where a thing bears the tag `key=value`, or none is asked for. */
export function bearsTag(tags: Tags, tag: string | undefined): boolean {
  if (tag === undefined) return true;
  const cut = tag.indexOf('=');
  return tags[tag.slice(0, cut)] === tag.slice(cut + 1);
}

function valueOf(tags: Tags, names: readonly string[]): string | undefined {
  const wanted = names.map((name) => name.toLowerCase());
  return Object.entries(tags).find(([name]) => wanted.includes(name.toLowerCase()))?.[1];
}

function isAmong(values: readonly string[], value: string): boolean {
  return values.some((one) => one.toLowerCase() === value.trim().toLowerCase());
}
