import type { Audit, RegionAudit } from './audit.ts';
import { asJson, type DocumentFlaw, type DocumentGoneFlaw, type SecurityDocument } from './document.ts';
import type { GoneFlaw } from './differences.ts';
import { setAsideOf, type Flaw } from './flaw.ts';
import { LEVELS } from './levels.ts';
import { seedFieldsOf } from './seed-fields.ts';
import { doorText } from './security-groups.ts';
import { SERVICES } from './services.ts';

/** A page with more would not open, and nobody would read its end. */
const MOST_FLAWS = 2_000;
const NOT_COVERED = [
  'TLS of endpoints: certificates-check-endpoints',
  'roles of databases',
  'accounts, open ports and permissions of files of machines',
  'failed logins in logs: logs-check-failed-logins; refused calls',
  'secrets in repositories and reports of other scanners: vulnerabilities-review-secrets, vulnerabilities-review-dependencies',
  'network access lists, and public snapshots of RDS',
];

/** The report of a month, over the account and all regions. */
export function documentOf(audit: Audit) {
  const { now, flaws, open, differences, accepted, applied, exceeded, looks, services, regions } = audit;
  const ids = (change: string) => open.filter(({ id }) => differences.changes.get(id) === change).map(({ id }) => id);
  const sides = flaws.filter((flaw) => setAsideOf(flaw) !== undefined);
  const document: SecurityDocument = {
    ...seedFieldsOf(audit),
    generated_at: now.toISOString(),
    differences: {
      compared_with: differences.comparedWith ?? null,
      new: ids('new'),
      worse: ids('worse'),
      better: ids('better'),
      fixed: differences.fixed.map(goneOf),
      forgotten: differences.forgotten.map(goneOf),
      not_seen: differences.notSeen.map(goneOf),
      accepted: [...accepted.keys()],
      accepted_and_worse: exceeded.map(({ flaw }) => flaw.id),
    },
    counts: Object.fromEntries(LEVELS.map((level) => [level, open.filter((one) => one.level === level).length])),
    merged: { reports: flaws.reduce((sum, { sources }) => sum + sources.length, 0), flaws: flaws.length },
    flaws: open.slice(0, MOST_FLAWS).map((flaw) => flawOf(flaw, audit)),
    flaws_not_listed: Math.max(0, open.length - MOST_FLAWS),
    set_aside: sides.slice(0, MOST_FLAWS).map((flaw) => flawOf(flaw, audit)),
    acceptances: applied.map(({ acceptance, state, flaws: its }) => ({ ...acceptance, state, flaws: its })),
    not_seen: looks.flatMap((look) => {
      const { part, target, outcome } = look;
      if (outcome === 'not-enabled')
        return [{ part, target, why: outcome, reason: look.why, missing_permission: null }];
      if (outcome !== 'unread') return [];
      const { action, reason, isDenied } = look.unread;
      const why = action === '' ? 'not-known' : outcome;
      return [{ part, target, why, reason, missing_permission: isDenied ? action : null }];
    }),
    left_out: SERVICES.filter((service) => !services.includes(service)),
    not_covered: NOT_COVERED,
    account: accountOf(audit),
    regions: regions.map(regionOf),
  };
  return asJson(document);
}

function flawOf(flaw: Flaw, { differences, remembered, now }: Audit): DocumentFlaw {
  const { id, topic, resource, region, level, title, sources, packages = [], times, firstObservedAt, command } = flaw;
  const change = differences.changes.get(id);
  const remembers = remembered.flaws[id]?.firstSeenAt ?? now.toISOString();
  const observed = firstObservedAt?.toISOString() ?? remembers;
  return {
    ...{ id, topic, resource, region, severity: level, title },
    sources: sources.map(({ name, id: known, severity, setAside = null }) => {
      return { name, id: known, severity, set_aside: setAside };
    }),
    packages: packages.map(({ name, version = null, fixedIn = null, manager = null }) => {
      return { name, version, fixed_in: fixedIn, manager };
    }),
    times: times ?? null,
    change: differences.comparedWith === undefined ? null : (change ?? null),
    first_seen_at: observed < remembers ? observed : remembers,
    command: command ?? null,
  };
}

function goneOf({ id, topic, level, title, firstSeenAt, lastSeenAt }: GoneFlaw): DocumentGoneFlaw {
  return { id, topic, severity: level, title, first_seen_at: firstSeenAt, last_seen_at: lastSeenAt };
}

function accountOf({ account }: Audit): SecurityDocument['account'] {
  if (account === undefined) return null;
  const { users, access, buckets } = account;
  const { accessKeys, mfaDevices, password } = users.root;
  return {
    id: account.account ?? null,
    root: {
      access_keys: accessKeys ?? null,
      has_mfa: mfaDevices === undefined ? null : mfaDevices > 0,
      has_password: password === undefined ? null : password > 0,
    },
    credential_report_at: iso(users.reportGeneratedAt),
    users:
      users.users?.map(({ name, hasPassword, passwordUsedAt, hasMfa, keys }) => ({
        user: name,
        has_password: hasPassword,
        password_used_at: iso(passwordUsedAt),
        has_mfa: hasMfa,
        keys: keys
          .filter(({ isActive }) => isActive)
          .map(({ slot, rotatedAt, usedAt }) => ({ key: slot, made_at: iso(rotatedAt), used_at: iso(usedAt) })),
      })) ?? null,
    access: access.principals.map(({ name, granted, unused, lastUsedAt }) => ({
      principal: name,
      services_granted: granted ?? null,
      services_unused: unused,
      last_used_at: iso(lastUsedAt),
    })),
    access_not_looked_at: access.notLookedAt,
    blocks_public_buckets: buckets.accountBlock
      ? buckets.accountBlock.ignoresAcls && buckets.accountBlock.restrictsPolicies
      : null,
    buckets: buckets.buckets?.map(({ name, isPublic }) => ({ bucket: name, is_public: isPublic ?? null })) ?? null,
  };
}

function regionOf(one: RegionAudit): SecurityDocument['regions'][number] {
  const { target, region, network, shares, hub, guardduty, inspector, images, hosts } = one;
  return {
    target,
    region,
    security_groups: network.groups ?? null,
    open_security_groups: network.open.map(({ group, judged }) => ({
      group: group.id,
      name: group.name,
      severity: judged.level,
      doors: judged.openings.map(doorText),
      on: group.attachments?.map(({ id, description }) => `${id} ${description}`.trim()) ?? null,
    })),
    public_shares: shares.map(({ id, of, from }) => ({ id, of, from })),
    reports: {
      security_hub: hub?.findings ?? null,
      guardduty: guardduty?.findings ?? null,
      inspector: inspector?.findings ?? null,
    },
    inspector_scans: inspector?.scans ?? null,
    images:
      images?.map(({ repository, digest, tags, pushedAt, scannedAt, notScanned, flaws }) => ({
        image: tags[0] === undefined ? repository : `${repository}:${tags[0]}`,
        digest,
        pushed_at: iso(pushedAt),
        scanned_at: iso(scannedAt),
        not_scanned: notScanned ?? null,
        flaws,
      })) ?? null,
    hosts:
      hosts?.map(({ id, name, securityUpdates, patches, unknown }) => ({
        host: id,
        name,
        security_updates: securityUpdates ?? null,
        missing: patches?.missing ?? null,
        failed: patches?.failed ?? null,
        waiting_for_reboot: patches?.pendingReboot ?? null,
        looked_at: iso(patches?.scannedAt),
        unknown: unknown ?? null,
      })) ?? null,
  };
}

function iso(date: Date | undefined): string | null {
  return date?.toISOString() ?? null;
}
