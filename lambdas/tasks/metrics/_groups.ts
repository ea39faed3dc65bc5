import { printable } from '../../runtime/http-failure.ts';
import type { Labels, Sample } from './_prometheus-answer.ts';
import { labelValue } from './_promql.ts';

/** What names a group among others: the values of its labels, in the order of the names. */
export function keyOf(labels: Labels, by: readonly string[]): string {
  return JSON.stringify(by.map((name) => labelValue(labels, name)));
}

/** The group for people: the values of its labels, or undefined where it has none of them. */
export function subjectOf(labels: Labels, by: readonly string[]): string | undefined {
  const values = by.map((name) => printable(labelValue(labels, name), 120)).filter((value) => value !== '');
  return values.length === 0 ? undefined : values.join('/');
}

/** The group in a sentence. */
export function nameOf(labels: Labels, by: readonly string[]): string {
  return subjectOf(labels, by) ?? 'all requests';
}

/** Where a finding belongs. */
export function placeOf(target: string, labels: Labels, by: readonly string[]) {
  const subject = subjectOf(labels, by);
  return subject === undefined ? { target } : { target, subject };
}

/** The values of a vector by the groups that its query made. */
export function byGroup(samples: readonly Sample[], by: readonly string[]): ReadonlyMap<string, number> {
  return new Map(samples.map(({ labels, value }) => [keyOf(labels, by), value]));
}

/** True where labels to group by were given and no series has any of them, so that all are one group. */
export function areNotGrouped(groups: readonly { readonly labels: Labels }[], by: readonly string[]): boolean {
  return by.length > 0 && groups.length > 0 && groups.every(({ labels }) => subjectOf(labels, by) === undefined);
}

/** Names for a sentence: the first few, and how many more there are. */
export function listed(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
