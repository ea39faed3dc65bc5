import * as s3 from '@aws-sdk/client-s3';
import { applicationAutoScaling } from '../aws/application-auto-scaling.ts';
import type { ServiceAnswers } from '../aws/answer.ts';
import { cloudwatch } from '../aws/cloudwatch.ts';
import { ec2 } from '../aws/ec2.ts';
import { ecr } from '../aws/ecr.ts';
import { ecs } from '../aws/ecs.ts';
import { eks } from '../aws/eks.ts';
import { elasticache } from '../aws/elasticache.ts';
import { guardduty } from '../aws/guardduty.ts';
import { iam } from '../aws/iam.ts';
import { inspector2 } from '../aws/inspector2.ts';
import { lambda } from '../aws/lambda.ts';
import { rds } from '../aws/rds.ts';
import { routesOf } from '../aws/rest.ts';
import { startS3Public } from '../aws/s3-public.ts';
import { securityhub } from '../aws/securityhub.ts';
import { startAnswers, type AnswersServer } from '../aws/server.ts';
import { ssm } from '../aws/ssm.ts';
import { sts } from '../aws/sts.ts';
import { ACCOUNT, PLANTED_FOR } from './day.ts';
import { LOAD_MUST_FIND, LOADED, loadedMonth } from './load-planted.ts';
import { CALM_SUMMARY, reportOf } from './security.ts';
import { FLAWED, patchesOf, SECURITY_MUST_FIND } from './security-planted.ts';
import { shifted } from './shifted.ts';
import { database } from './upgrades.ts';
import { PLANTED, UPGRADE_MUST_FIND } from './upgrades-planted.ts';

/** What the three reviews must find there, and nothing else. */
export const ACCOUNT_FINDINGS: readonly string[] = Object.entries({
  'reviews-review-scaling': LOAD_MUST_FIND,
  'reviews-plan-upgrades': UPGRADE_MUST_FIND,
  'reviews-audit-security': SECURITY_MUST_FIND,
}).flatMap(([task, findings]) => findings.map((words) => `${task} ${words.replace(' ', ' account ')}`));

/**
 * Starts one account with every planted case of the three reviews, as it is on the day of `now`. What it has not,
 * `upstream` has: the address of an emulator.
 */
export async function startDemoAccount(now: Date, place: { readonly upstream?: string } = {}): Promise<AnswersServer> {
  const buckets = await startS3Public({ buckets: [], ...FLAWED.s3, ...place, account: ACCOUNT });
  const server = await startAnswers({
    services: accountServices(now),
    routes: { s3: routesOf(s3) },
    upstream: buckets.endpoint,
  });
  const stop = async () => {
    await server.stop();
    await buckets.stop();
  };
  return { ...server, stop };
}

/** What its services answer, all but S3. */
export function accountServices(now: Date): readonly ServiceAnswers[] {
  const today = <Value>(value: Value) => shifted(value, now.getTime() - PLANTED_FOR.getTime());
  const machines = PLANTED.ec2?.instances?.flatMap(({ InstanceId }) => InstanceId ?? []) ?? [];
  const { services = [], scalable = [] } = today(LOADED);
  return [
    ecs({ services, taskDefinitions: LOADED.taskDefinitions ?? [], tasks: LOADED.tasks ?? [] }),
    applicationAutoScaling({ targets: scalable, policies: LOADED.policies ?? [] }),
    cloudwatch({ value: loadedMonth(now) }),
    rds({
      ...today(PLANTED.rds),
      parameters: LOADED.parameters ?? {},
      instances: [...(PLANTED.rds?.instances ?? []), ...(LOADED.instances ?? [])].map((one) => ({
        ...database(one.DBInstanceIdentifier ?? ''),
        DBParameterGroups: [{ DBParameterGroupName: 'default.postgres15' }],
        ...one,
      })),
    }),
    elasticache({
      ...today(PLANTED.elasticache),
      clusters: [...(PLANTED.elasticache?.clusters ?? []), ...(LOADED.caches ?? [])].map((one) => ({
        CacheNodeType: 'cache.r6g.large',
        NumCacheNodes: 1,
        EngineVersion: '8.1.0',
        ...one,
      })),
    }),
    eks(today(PLANTED.eks ?? {})),
    lambda(PLANTED.lambda ?? {}),
    ec2({
      ...FLAWED.ec2,
      ...today({
        instances: [...(PLANTED.ec2?.instances ?? []), ...(FLAWED.ec2?.instances ?? [])],
        images: [...(PLANTED.ec2?.images ?? []), ...(FLAWED.ec2?.images ?? [])],
      }),
      launchTemplates: PLANTED.ec2?.launchTemplates ?? [],
      launchTemplateVersions: PLANTED.ec2?.launchTemplateVersions ?? [],
      now,
    }),
    ssm({
      parameters: PLANTED.ssm?.parameters ?? {},
      machines: [
        ...(FLAWED.ssm?.machines ?? []),
        ...machines.map((InstanceId) => ({ InstanceId, PingStatus: 'Online' as const })),
      ],
      patches: today([...(FLAWED.ssm?.patches ?? []), ...machines.map((id) => patchesOf(id, 1))]),
    }),
    iam({ report: reportOf([]), summary: CALM_SUMMARY, ...today(FLAWED.iam), reportAt: now }),
    ecr(today(FLAWED.ecr ?? {})),
    guardduty(today(FLAWED.guardduty ?? {})),
    inspector2(today(FLAWED.inspector ?? {})),
    securityhub(today(FLAWED.securityHub ?? { isOn: false })),
    sts(ACCOUNT),
  ];
}
