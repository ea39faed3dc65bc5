import type { Entry, ResolvedPlatform } from '../../core/platform.ts';
import type { Holder } from '../../core/run.ts';

/** What every child needs to start at all. */
const PLAIN = ['PATH', 'HOME', 'LANG', 'NODE_EXTRA_CA_CERTS'] as const;

interface Surroundings {
  readonly platform: ResolvedPlatform;
  readonly storeLocation: string;
  readonly holder: Holder;
}

/** The environment of one handler: nothing but what it needs, so that no secret is where it is of no use. */
export function environmentOf(
  { platform, storeLocation, holder }: Surroundings,
  name: string,
  entry: Entry | undefined,
): Record<string, string> {
  const settings = entry ? entry.targets.map((target) => platform.targets[entry.kind]?.[target] ?? {}) : [];
  const texts = settings.flatMap((target) => Object.values(target).filter((value) => typeof value === 'string'));
  const referenced = texts.filter((text) => text.startsWith('env:')).map((text) => text.slice('env:'.length));
  const usesAws =
    storeLocation.startsWith('s3:') ||
    entry?.kind === 'aws' ||
    texts.some((text) => /^(s3|secret|cloudwatch|cloudwatch-logs):/.test(text)) ||
    settings.some((target) => 'eks' in target);
  const aws = usesAws ? Object.keys(process.env).filter((key) => key.startsWith('AWS_')) : [];
  return {
    TZ: 'UTC',
    FETTLE_STORE: storeLocation,
    FETTLE_HOLDER: JSON.stringify(holder),
    AWS_LAMBDA_FUNCTION_NAME: name,
    ...picked([...PLAIN, ...referenced, ...aws]),
    // What Lambda sets: the region of the environment and not that of the person's own profile.
    ...(usesAws && platform.region !== undefined && { AWS_REGION: platform.region }),
  };
}

function picked(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
