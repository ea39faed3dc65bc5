import type { Ec2Fixture } from '../aws/ec2.ts';
import type { EcrFixture } from '../aws/ecr.ts';
import type { GuardDutyFixture } from '../aws/guardduty.ts';
import type { IamFixture } from '../aws/iam.ts';
import type { InspectorFixture } from '../aws/inspector2.ts';
import type { S3PublicFixture } from '../aws/s3-public.ts';
import type { SecurityHubFixture } from '../aws/securityhub.ts';
import type { SsmFixture } from '../aws/ssm.ts';
import { ACCOUNT } from './day.ts';

/** What audits of the security read of an account; what is left out is empty or off. */
export interface SecurityAccount {
  readonly iam?: IamFixture;
  readonly s3?: Omit<S3PublicFixture, 'account'>;
  readonly ec2?: Ec2Fixture;
  readonly ecr?: EcrFixture;
  readonly guardduty?: GuardDutyFixture;
  readonly inspector?: InspectorFixture;
  readonly securityHub?: SecurityHubFixture;
  readonly ssm?: SsmFixture;
}

/** A root user with a password and MFA, and without keys. */
export const CALM_SUMMARY = { AccountAccessKeysPresent: 0, AccountMFAEnabled: 1, AccountPasswordPresent: 1 };

export interface ReportRow {
  readonly user: string;
  readonly password?: { readonly used?: string; readonly changed?: string; readonly mfa?: boolean };
  readonly key?: { readonly made: string; readonly used?: string };
}

/** The columns of a credential report, in the order of IAM. */
export const COLUMNS =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,' +
  'mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,' +
  'access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,' +
  'access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,' +
  'cert_2_last_rotated';
const AN_HOUR_AGO = '2026-07-01T02:00:00+00:00';
const REST = 'false,N/A,N/A,N/A,N/A,false,N/A,false,N/A';
export const ROOT_ROW =
  `<root_account>,arn:aws:iam::${ACCOUNT}:root,2020-01-01T00:00:00+00:00,not_supported,${AN_HOUR_AGO},not_supported,` +
  `not_supported,true,false,N/A,N/A,N/A,N/A,${REST}`;

/** A credential report as IAM writes it. */
export function reportOf(rows: readonly ReportRow[]): string {
  const lines = rows.map(({ user, password, key }) => {
    const login = password
      ? `true,${password.used ?? 'no_information'},${password.changed ?? AN_HOUR_AGO},N/A,${password.mfa === true}`
      : 'false,N/A,N/A,N/A,false';
    const first = key ? `true,${key.made},${key.used ?? 'N/A'},N/A,N/A` : 'false,N/A,N/A,N/A,N/A';
    return `${user},arn:aws:iam::${ACCOUNT}:user/${user},2024-01-01T00:00:00+00:00,${login},${first},${REST}`;
  });
  return [COLUMNS, ROOT_ROW, ...lines, ''].join('\n');
}
