import { printable } from '../../runtime/http-failure.ts';
import type { Dependency, HealthDocument } from './_health-document.ts';
import type { Observation } from './_observation.ts';

interface DocumentExpectation {
  readonly ignoreDependencies: readonly string[];
  /** The address is that of a health answer; elsewhere an unknown word may be about anything. */
  readonly sure: boolean;
}

const NAMED_DEPENDENCIES = 20;

/** Judges what a service says of itself and of what it needs. */
export function judgeDocument(document: HealthDocument, expectation: DocumentExpectation): readonly Observation[] {
  const { own, dependencies, truncated, error } = document;
  // Orders and jobs have statuses, too: elsewhere than at a health path, the whole must first be one of health.
  const isOfHealth = expectation.sure || own?.health !== undefined;
  const relevant = dependencies.filter(({ name }) => isOfHealth && !isIgnored(name, expectation.ignoreDependencies));
  const observations: Observation[] = [...judgeOwn(own, { relevant, dependencies, sure: expectation.sure })];
  if (error !== undefined) {
    observations.push({ kind: 'reports-unhealthy', text: `answers with the error "${printable(error, 100)}"` });
  }
  const parts = relevant.flatMap(judgeDependency);
  observations.push(...parts.slice(0, NAMED_DEPENDENCIES));
  const left = parts.slice(NAMED_DEPENDENCIES);
  for (const kind of ['dependency-down', 'dependency-degraded', 'dependency-unknown'] as const) {
    const count = left.filter((part) => part.kind === kind).length;
    if (count > 0) observations.push({ kind, text: `says the same of ${count} more` });
  }
  if (truncated && isOfHealth)
    observations.push({ kind: 'status-not-understood', text: 'names more dependencies than are read' });
  return observations;
}

function judgeOwn(
  own: HealthDocument['own'],
  options: {
    readonly relevant: readonly Dependency[];
    readonly dependencies: readonly Dependency[];
    readonly sure: boolean;
  },
): readonly Observation[] {
  if (!own) return [];
  const { relevant, dependencies, sure } = options;
  const text = `says "${printable(own.word, 60)}" of itself`;
  if (own.health === 'healthy') return [];
  if (own.health === undefined && !sure) return [];
  if (own.health === undefined || own.health === 'unknown') return [{ kind: 'status-not-understood', text }];
  // The whole follows from its parts: where only what is to be ignored is down, so is the word of the whole.
  const isAllIgnored = relevant.every(isFine) && dependencies.some((one) => !relevant.includes(one) && !isFine(one));
  if (isAllIgnored) return [];
  return [{ kind: own.health === 'degraded' ? 'reports-degraded' : 'reports-unhealthy', text }];
}

function judgeDependency({ name, word, health }: Dependency): readonly Observation[] {
  const part = printable(name, 100);
  const text = `says of ${part}: "${printable(word, 100)}"`;
  if (health === 'unhealthy') return [{ kind: 'dependency-down', text, part }];
  if (health === 'degraded') return [{ kind: 'dependency-degraded', text, part }];
  return health === 'healthy' ? [] : [{ kind: 'dependency-unknown', text, part }];
}

function isFine({ health }: Dependency): boolean {
  return health !== 'unhealthy' && health !== 'degraded';
}

/** Names a dependency with all that lies below it. */
function isIgnored(name: string, ignored: readonly string[]): boolean {
  return ignored.some((one) => name === one || name.startsWith(`${one}/`));
}
