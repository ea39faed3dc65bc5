import { awsCommand } from '../_recommendation.ts';
import type { Authorities, Database, DatabaseVendor } from './database.ts';
import { dayOf, daysUntil } from './days.ts';
import { hopId, notKnown, type Ground, type Hop, type Note } from './hop.ts';

/** Whether the authorities of the instances of a database expire, and which one follows. */
export function judgeCertificate(
  { id, stage, certificates }: Pick<Database, 'id' | 'stage' | 'certificates'>,
  offered: readonly string[],
  { authorities, knowsAuthorities }: Pick<DatabaseVendor, 'authorities' | 'knowsAuthorities'>,
  { now, region, input }: Ground,
): { readonly hops: Hop[]; readonly notes: Note[]; readonly versions: Map<string, string> } {
  const hops: Hop[] = [];
  const notes: Note[] = [];
  const versions = new Map<string, string>();
  // That the authorities are not known is said once, for all databases.
  if (!knowsAuthorities) return { hops, notes, versions };
  for (const { instance, authority } of certificates) {
    const subject = `certificate of ${instance}`;
    const end = authority === undefined ? undefined : authorities.get(authority);
    if (authority === undefined || end === undefined) {
      const why =
        authority === undefined ? 'RDS names no certificate authority' : `RDS does not know its authority ${authority}`;
      notes.push(notKnown(`database ${instance}`, why));
      continue;
    }
    versions.set(subject, authority);
    const days = daysUntil(end, now);
    if (days > input.warnDays) continue;
    const next = nextAuthority(offered, authorities, end);
    const command =
      next &&
      awsCommand(
        region,
        ...['rds', 'modify-db-instance', '--db-instance-identifier', instance],
        ...['--ca-certificate-identifier', next, '--no-apply-immediately'],
      );
    const isUrgent = days <= input.urgentDays;
    notes.push({
      kind: isUrgent ? 'certificate-authority-urgent' : 'certificate-authority-expiring',
      subject,
      summary: `database ${instance}: its certificate authority ${authority} ${days > 0 ? `expires on ${dayOf(end)}, in ${days} days` : `expired on ${dayOf(end)}`}; ${next ? `${next} follows it` : 'RDS offers none that is valid longer'}`,
      value: days,
      limit: isUrgent ? input.urgentDays : input.warnDays,
      unit: 'days',
      ...(command !== undefined && { command }),
    });
    if (next === undefined) continue;
    hops.push({
      id: hopId('certificate-authority', subject, authority, next),
      kind: 'certificate-authority',
      family: next,
      subject,
      stage,
      from: authority,
      to: next,
      step: 1,
      after: [],
      dueBy: { date: dayOf(end), why: 'clients that verify the certificate no longer connect' },
      preChecks: [`every client of ${id} trusts ${next}: it has the bundle of authorities that RDS publishes`],
      ...(command !== undefined && { command }),
    });
  }
  return { hops, notes, versions };
}

/** Of the authorities that the engine takes and that are valid longer, one of RSA 2048, which every client knows. */
function nextAuthority(offered: readonly string[], authorities: Authorities, end: Date): string | undefined {
  const longer = offered.filter((one) => (authorities.get(one) ?? end) > end).toSorted();
  return longer.find((one) => one.includes('rsa2048')) ?? longer[0];
}
