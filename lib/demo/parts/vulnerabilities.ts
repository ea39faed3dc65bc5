import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import type { DemoPart, PartOptions } from '../part.ts';

const HOUR_MS = 3_600_000;
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What a review must find in each of the three folders, by the names of the demo's targets. */
export const VULNERABILITY_FINDINGS: readonly string[] = [
  'vulnerabilities-review-images fixable images shop:1.4 CVE-2026-1001 openssl',
  'vulnerabilities-review-images without-fix images shop:1.4 CVE-2026-1002 perl-base',
  'vulnerabilities-review-images end-of-life images mailer:0.9',
  'vulnerabilities-review-images report-too-old images search:2.1',
  'vulnerabilities-review-dependencies fixable audits shop (npm audit) GHSA-jf85-cpcp-j695 lodash',
  'vulnerabilities-review-dependencies audit-failed audits admin (npm audit)',
  'vulnerabilities-review-secrets secret-found code src/release.ts',
  'vulnerabilities-review-secrets possible-secret code deploy/.env',
];

/** The reports of a scanner and of audits, and a repository: each with something planted beside healthy things. */
export async function writeVulnerabilities({ folder, now }: PartOptions): Promise<DemoPart> {
  const root = join(folder, 'vulnerabilities');
  // What ages is made anew at each start.
  await rm(root, { recursive: true, force: true });
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * HOUR_MS);
  for (const [name, body, written] of plantedFiles(hoursAgo)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof body === 'string' ? body : `${JSON.stringify(body, null, 2)}\n`);
    await utimes(path, written, written);
  }
  const url = (name: string) => `${pathToFileURL(join(root, name)).href}/`;
  return {
    addresses: { images: url('images'), audits: url('audits'), code: url('code') },
    places: { images: join(root, 'images'), audits: join(root, 'audits'), code: join(root, 'code') },
    hints: [`truncate -s 200 ${join(root, 'images', 'web.json')}   # the report on a healthy image is cut`],
    findings: VULNERABILITY_FINDINGS,
    actions: [],
    plantedAnew: false,
    stop: () => Promise.resolve(),
  };
}

type Planted = readonly [name: string, body: unknown, written: Date];

function plantedFiles(hoursAgo: (hours: number) => Date): readonly Planted[] {
  const young = hoursAgo(2);
  const weak = [
    scanned('CVE-2026-1001', 'openssl', 'CRITICAL', '3.0.15-1~deb12u1'),
    scanned('CVE-2026-1002', 'perl-base', 'HIGH'),
    scanned('CVE-2026-1003', 'tar', 'LOW', '1.35'),
  ];
  return [
    ['images/shop.json', image('shop:1.4', young, weak), young],
    ['images/web.json', image('web:3.2', young, [scanned('CVE-2026-1003', 'tar', 'LOW', '1.35')]), young],
    ['images/mailer.json', image('mailer:0.9', young, [], { Family: 'debian', Name: '9.13', EOSL: true }), young],
    ['images/search.json', image('search:2.1', hoursAgo(80), []), hoursAgo(80)],
    ['audits/shop/npm-audit.json', audit(LODASH), young],
    ['audits/web/npm-audit.json', audit({}), young],
    ['audits/admin/npm-audit.json', NO_LOCKFILE, young],
    ['audits/api/pip-audit.json', { dependencies: [{ name: 'six', version: '1.17.0', vulns: [] }], fixes: [] }, young],
    ['code/README.md', '# Shop\n\nSet `TOKEN` before the start.\n', young],
    ['code/src/release.ts', `// Uploads a release.\nexport const token = '${neverIssuedToken()}';\n`, young],
    ['code/src/config.ts', 'export const password = process.env.SHOP_PASSWORD;\n', young],
    ['code/deploy/.env', `SHOP_PASSWORD=${drawn(20, 23)}\nSHOP_HOST=db\n`, young],
    ['code/deploy/.env.example', 'SHOP_PASSWORD=change-me-123\n', young],
  ];
}

function scanned(id: string, name: string, severity: string, fixed?: string) {
  return {
    VulnerabilityID: id,
    PkgName: name,
    InstalledVersion: '1.0-1',
    ...(fixed !== undefined && { FixedVersion: fixed }),
    Severity: severity,
  };
}

function image(name: string, made: Date, found: readonly object[], OS: object = { Family: 'debian', Name: '12.9' }) {
  return {
    SchemaVersion: 2,
    CreatedAt: made.toISOString(),
    ArtifactName: name,
    ArtifactType: 'container_image',
    Metadata: {
      OS,
      RepoTags: [name],
      ImageConfig: { created: new Date(made.getTime() - 200 * HOUR_MS).toISOString() },
    },
    Results: [
      {
        Target: `${name} (debian)`,
        Class: 'os-pkgs',
        Type: 'debian',
        ...(found.length > 0 && { Vulnerabilities: found }),
      },
    ],
  };
}

const LODASH = {
  lodash: {
    name: 'lodash',
    severity: 'critical',
    isDirect: true,
    via: [
      {
        source: 1065,
        name: 'lodash',
        dependency: 'lodash',
        title: 'Prototype Pollution in lodash',
        url: 'https://github.com/advisories/GHSA-jf85-cpcp-j695',
        severity: 'critical',
        range: '<4.17.12',
      },
    ],
    effects: [],
    range: '<4.17.12',
    nodes: ['node_modules/lodash'],
    fixAvailable: { name: 'lodash', version: '4.17.21', isSemVerMajor: false },
  },
};

const NO_LOCKFILE = { error: { code: 'ENOLOCK', summary: 'This command requires an existing lockfile.', detail: '' } };

function audit(vulnerabilities: object) {
  const total = Object.keys(vulnerabilities).length;
  return {
    auditReportVersion: 2,
    vulnerabilities,
    metadata: { vulnerabilities: { critical: total, total }, dependencies: { prod: 12, dev: 0, total: 12 } },
  };
}

/** A token of GitHub's shape, its checksum included, that was never issued: it is put together here and stands in no file. */
function neverIssuedToken(): string {
  const random = drawn(30, 7);
  let checksum = '';
  for (let rest = crc32(random); rest > 0; rest = Math.floor(rest / LETTERS.length)) {
    checksum = (LETTERS[rest % LETTERS.length] ?? '') + checksum;
  }
  return `ghp_${random}${checksum.padStart(6, '0')}`;
}

/** Letters that look drawn and are always the same. */
function drawn(length: number, seed: number): string {
  let state = seed;
  let text = '';
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += LETTERS[Math.floor(state / 65_536) % LETTERS.length] ?? '';
  }
  return text;
}
