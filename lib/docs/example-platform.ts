import { ResolvedPlatform } from '../../core/platform.ts';
import type { TargetKind } from '../../core/target-kinds.ts';
import type { Json } from '../../core/json.ts';

export const EXAMPLE_ACCOUNT = '111122223333';
export const EXAMPLE_REGION = 'eu-west-1';
/** Every name that belongs to the example platform holds this word, and no other name does. */
export const EXAMPLE_WORD = 'orchard';

type Settings = Readonly<Record<string, Json>>;

/** Two targets of each kind: one with every reference that AWS could resolve, one with as little as is valid. */
export const EXAMPLE_TARGETS: Readonly<Record<TargetKind, { readonly full: Settings; readonly bare: Settings }>> = {
  postgres: {
    full: { url: 'secret:orchard/prod/postgres', ca: 'secret:orchard/prod/postgres-ca', rds: 'orchard-prod-postgres' },
    bare: { url: 'postgres://reader@db.orchard.example/app' },
  },
  redis: {
    full: { url: 'secret:orchard/prod/redis', ca: 'secret:orchard/prod/redis-ca', elasticache: 'orchard-prod-redis' },
    bare: { url: 'rediss://cache.orchard.example:6379' },
  },
  kubernetes: {
    full: { eks: 'orchard-prod-eks', namespace: 'orchard' },
    bare: { kubeconfig: 'secret:orchard/prod/kubeconfig' },
  },
  endpoints: {
    full: { url: 'secret:orchard/prod/endpoint', ca: 'secret:orchard/prod/endpoint-ca', serverName: 'orchard.example' },
    bare: { url: 'https://orchard.example/health' },
  },
  backups: { full: { url: 's3://orchard-backups/full/' }, bare: { url: 'secret:orchard/prod/backups' } },
  buckets: { full: { url: 's3://orchard-objects/sessions/' }, bare: { url: 's3://orchard-objects' } },
  logs: { full: { url: 'cloudwatch-logs:/orchard/prod/api' }, bare: { url: 'secret:orchard/prod/logs' } },
  metrics: {
    full: { url: 'secret:orchard/prod/prometheus', ca: 'secret:orchard/prod/prometheus-ca' },
    bare: { url: 'cloudwatch:orchard' },
  },
  hosts: { full: { tag: 'service=orchard' }, bare: { tag: 'service=orchard-batch' } },
  repositories: {
    full: { url: 's3://orchard-repositories/main.tar.gz' },
    bare: { url: 'secret:orchard/prod/repository' },
  },
  aws: { full: { region: EXAMPLE_REGION }, bare: {} },
};

/** A deployed platform with every kind of target, or with none. */
export function examplePlatform({ empty = false }: { readonly empty?: boolean } = {}): ResolvedPlatform {
  return ResolvedPlatform.parse({
    schemaVersion: 1,
    platform: EXAMPLE_WORD,
    environment: 'prod',
    account: EXAMPLE_ACCOUNT,
    region: EXAMPLE_REGION,
    allowAddresses: [],
    targets: empty ? {} : EXAMPLE_TARGETS,
    procedures: {},
  });
}
