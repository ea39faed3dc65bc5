import { Refused } from '../../core/errors.ts';
import type { ResolvedPlatform } from '../../core/platform.ts';

/** A platform that has an account and a region. */
export interface Home extends Pick<ResolvedPlatform, 'platform' | 'environment'> {
  readonly account: string;
  readonly region: string;
}

/**
 * Throws `Refused`, with both names, where the person's own setting names another region than the environment.
 *
 * Every client is given the region of the environment; who says another one aloud means another place, and changes nothing here.
 */
export function requireOwnRegion({ platform, environment, region }: Home): void {
  const name = ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((variable) => process.env[variable]);
  const said = name === undefined ? undefined : process.env[name];
  if (said === undefined || said === region) return;
  throw new Refused('REGION_MISMATCH', `${platform} ${environment} is in region ${region}, and ${name} is ${said}`);
}
