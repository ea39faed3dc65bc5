import type { ResolvedPlatform } from '../../../../core/platform.ts';

/** A deployed platform with one account to review. */
export function resolvedExample(): ResolvedPlatform {
  return {
    schemaVersion: 1,
    platform: 'orchard',
    environment: 'prod',
    account: '123456789012',
    region: 'us-east-1',
    allowAddresses: [],
    targets: { aws: { account: {} } },
    procedures: {},
  };
}
