import { setTimeout as sleep } from 'node:timers/promises';
import {
  GenerateCredentialReportCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { Unavailable } from '../../../../core/errors.ts';
import { ask } from '../_asking.ts';
import { judgeRoot, judgeUser, readCredentialReport, type User } from './credential-report.ts';
import type { Flaw } from './flaw.ts';
import { daysBetween, type Limits } from './limits.ts';
import { look, unseen, type Look, type Place, type Reading } from './looking.ts';

const POLL_SECONDS = 2;
/** IAM makes a new one once the last is four hours old; one that is a day old is nobody's answer of today. */
const OLDEST_DAYS = 1;

export interface UserTable {
  readonly reportGeneratedAt: Date | undefined;
  readonly users: readonly User[] | undefined;
  readonly root: {
    readonly accessKeys: number | undefined;
    readonly mfaDevices: number | undefined;
    readonly password: number | undefined;
  };
}

/** Reads who can log in, and how; the summary of the account and the credential report stand or fall alone. */
export async function readUsers(iam: IAMClient, limits: Limits, place: Place): Promise<Reading<UserTable>> {
  const { target, now, signal: abortSignal } = place;
  const summary = await look({ name: 'root@global', target, part: 'the summary of the account' }, async () => {
    const { SummaryMap = {} } = await ask('iam:GetAccountSummary', () =>
      iam.send(new GetAccountSummaryCommand({}), { abortSignal }),
    );
    return SummaryMap as Readonly<Record<string, number | undefined>>;
  });
  const reported = await look({ name: 'users@global', target, part: 'the credential report' }, () =>
    readReport(iam, limits, place),
  );
  const counts = summary.value ?? {};
  const root = {
    accessKeys: counts['AccountAccessKeysPresent'],
    mfaDevices: counts['AccountMFAEnabled'],
    password: counts['AccountPasswordPresent'],
  };
  const judged = judgeRoot({ keys: root.accessKeys, mfa: root.mfaDevices, password: root.password });
  const unknown: Look[] =
    summary.value === undefined
      ? []
      : judged.unknown.map((what) =>
          unseen({ name: `root@global/${what}`, target, part: what }, 'the summary of the account does not say it'),
        );
  const flawOf =
    (name: string) =>
    (flaw: Pick<Flaw, 'topic' | 'resource' | 'level' | 'title' | 'extent'>): Flaw => ({
      ...flaw,
      id: `${flaw.topic} ${flaw.resource}`,
      region: 'global',
      sources: [{ name: 'iam', id: flaw.resource, severity: flaw.level }],
      targets: [target],
      looks: [name],
    });
  const users = reported.value?.users;
  return {
    flaws: [
      ...judged.flaws.map(flawOf('root@global')),
      ...(users ?? []).flatMap((user) => judgeUser(user, limits, now)).map(flawOf('users@global')),
    ],
    looks: [summary.look, ...unknown, reported.look],
    table: { reportGeneratedAt: reported.value?.generatedAt, users, root },
  };
}

/** Asks IAM to make the report, and waits for it within limits. */
async function readReport(
  iam: IAMClient,
  { reportWaitSeconds }: Limits,
  { now, signal: abortSignal }: Place,
): Promise<{ readonly users: readonly User[]; readonly generatedAt: Date }> {
  const polls = Math.ceil(reportWaitSeconds / POLL_SECONDS);
  for (let poll = 0; ; poll += 1) {
    const { State } = await ask('iam:GenerateCredentialReport', () =>
      iam.send(new GenerateCredentialReportCommand({}), { abortSignal }),
    );
    if (State === 'COMPLETE') break;
    if (poll >= polls) {
      throw new Unavailable(
        `IAM had not made the credential report after ${reportWaitSeconds} s; its state is ${State}`,
      );
    }
    await ask('iam:GenerateCredentialReport', () =>
      sleep(Math.min(POLL_SECONDS, reportWaitSeconds) * 1_000, undefined, { signal: abortSignal }),
    );
  }
  const { Content, GeneratedTime } = await ask('iam:GetCredentialReport', () =>
    iam.send(new GetCredentialReportCommand({}), { abortSignal }),
  );
  if (Content === undefined || GeneratedTime === undefined) {
    throw new Unavailable('iam:GetCredentialReport: the answer has no report');
  }
  if (daysBetween(GeneratedTime, now) >= OLDEST_DAYS) {
    throw new Unavailable(`the credential report is of ${GeneratedTime.toISOString()}; limit ${OLDEST_DAYS} day`);
  }
  const report = readCredentialReport(new TextDecoder().decode(Content));
  if ('unreadable' in report) throw new Unavailable(report.unreadable);
  return { users: report.users, generatedAt: GeneratedTime };
}
