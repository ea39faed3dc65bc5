import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import type { Finding as GuardDutyFinding } from '@aws-sdk/client-guardduty';
import type { Finding as InspectorFinding } from '@aws-sdk/client-inspector2';
import { ACCOUNT, PLANTED_FOR } from './day.ts';

export const DIGEST = `sha256:${'ab'.repeat(32)}`;
export const IMAGE_ARN = `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/api/${DIGEST}`;
const API_IMAGE = {
  repositoryName: 'api',
  imageTags: ['1.4'],
  registry: ACCOUNT,
  imageHash: DIGEST,
  pushedAt: undefined,
};
const DAY_MILLISECONDS = 86_400_000;

export function daysAgo(days: number): Date {
  return new Date(PLANTED_FOR.getTime() - days * DAY_MILLISECONDS);
}

export function isoDaysAgo(days: number): string {
  return daysAgo(days).toISOString();
}

/** A finding of Security Hub with what every one has. */
export function hubFinding(id: string, more: Partial<AwsSecurityFinding>): AwsSecurityFinding {
  return {
    SchemaVersion: '2018-10-08',
    Id: id,
    ProductArn: 'arn:aws:securityhub:us-east-1::product/aws/securityhub',
    GeneratorId: 'security-control',
    AwsAccountId: ACCOUNT,
    CreatedAt: isoDaysAgo(3),
    UpdatedAt: isoDaysAgo(1),
    Title: 'a title.',
    Description: 'a description',
    Region: 'us-east-1',
    RecordState: 'ACTIVE',
    Workflow: { Status: 'NEW' },
    Resources: [],
    ...more,
  };
}

/** A control that a thing fails. */
export function failedControl(
  control: string,
  resource: string,
  label: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW',
  more: Partial<AwsSecurityFinding> = {},
): AwsSecurityFinding {
  return hubFinding(`${control} ${resource}`, {
    ProductName: 'Security Hub',
    Severity: { Label: label },
    Compliance: { Status: 'FAILED', SecurityControlId: control },
    Resources: [{ Type: 'Other', Id: resource }],
    ...more,
  });
}

export function inspectorFinding(cve: string, more: Partial<InspectorFinding> = {}): InspectorFinding {
  return {
    findingArn: `arn:aws:inspector2:us-east-1:${ACCOUNT}:finding/${cve}`,
    awsAccountId: ACCOUNT,
    type: 'PACKAGE_VULNERABILITY',
    description: cve,
    remediation: {},
    severity: 'CRITICAL',
    firstObservedAt: daysAgo(10),
    lastObservedAt: daysAgo(1),
    status: 'ACTIVE',
    resources: [{ type: 'AWS_ECR_CONTAINER_IMAGE', id: IMAGE_ARN, details: { awsEcrContainerImage: API_IMAGE } }],
    packageVulnerabilityDetails: {
      vulnerabilityId: cve,
      source: 'NVD',
      vulnerablePackages: [{ name: 'openssl', version: '3.0.1', fixedInVersion: '3.0.9', packageManager: 'OS' }],
    },
    ...more,
  };
}

export function threat(id: string, more: Partial<GuardDutyFinding> = {}): GuardDutyFinding {
  return {
    AccountId: ACCOUNT,
    Arn: `arn:aws:guardduty:us-east-1:${ACCOUNT}:detector/d1/finding/${id}`,
    Id: id,
    Region: 'us-east-1',
    SchemaVersion: '2.0',
    CreatedAt: isoDaysAgo(2),
    UpdatedAt: isoDaysAgo(1),
    Resource: { ResourceType: 'Instance', InstanceDetails: { InstanceId: 'i-web' } },
    Severity: 8,
    Type: 'UnauthorizedAccess:EC2/SSHBruteForce',
    Title: 'i-web is under attack.',
    Service: { Archived: false, Count: 240, EventFirstSeen: isoDaysAgo(2) },
    ...more,
  };
}
