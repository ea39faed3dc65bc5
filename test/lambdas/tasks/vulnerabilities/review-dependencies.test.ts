import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DependenciesDocument } from '../../../../lambdas/tasks/vulnerabilities/review-dependencies/document.ts';
import { task } from '../../../../lambdas/tasks/vulnerabilities/review-dependencies/index.ts';
import { folder, hoursAgo, summariesOf, wordsOf, written, type Folder } from './_reports.ts';

let reports: Folder;
beforeEach(async () => {
  reports = await folder();
});
afterEach(async () => {
  await reports[Symbol.asyncDispose]();
});

const documentOf = (result: { readonly document?: unknown }) => result.document as DependenciesDocument;

describe('what npm audit of npm 11 wrote', () => {
  test('on a project with an old lodash is told by advisory, with the command that mends it', async () => {
    await reports.write('shop/npm-audit.json', await written('npm-audit.json'));
    const result = await reports.review(task);

    expect(wordsOf(result)).toEqual([
      'fixable shop (npm audit) GHSA-jf85-cpcp-j695 lodash',
      'fixable shop (npm audit) GHSA-35jh-r3h4-6jhm lodash',
      'fixable shop (npm audit) GHSA-9c47-m6qq-7p4h json5',
    ]);
    expect(result.findings.map(({ command }) => command)).toEqual([
      'npm install lodash@4.18.1',
      'npm install lodash@4.18.1',
      'npm install json5@1.0.2',
    ]);
    expect(documentOf(result)).toMatchObject({
      npm_vulnerabilities: 3,
      projects: [{ packages: 3, tool: 'npm audit' }],
    });
  });

  test('on a healthy project passes, and is not mixed with the project beside it', async () => {
    await reports.write('clean/npm-audit.json', await written('npm-audit-clean.json'));
    expect((await reports.review(task)).findings).toEqual([]);
    await reports.write('shop/npm-audit.json', await written('npm-audit.json'));
    const result = await reports.review(task, { severity: 'critical' });

    expect(wordsOf(result)).toEqual(['fixable shop (npm audit) GHSA-jf85-cpcp-j695 lodash']);
    expect(documentOf(result).projects.map(({ name }) => name)).toEqual(['clean (npm audit)', 'shop (npm audit)']);
  });

  test.each([
    ['there is no lockfile', 'npm-audit-no-lockfile.json', 'ENOLOCK: This command requires an existing lockfile.'],
    ['the registry cannot be reached', 'npm-audit-unreachable.json', 'ECONNREFUSED 127.0.0.1:9'],
    ['the registry knows no advisories', 'npm-audit-refused.json', '405 Method Not Allowed'],
    [
      'npm 6 met a lockfile of npm 11',
      'npm6-audit-failed.json',
      "Cannot read properties of undefined (reading 'lodash')",
    ],
  ])('where %s is no pass, whatever it lists', async (_why, file, words) => {
    await reports.write('shop/npm-audit.json', await written(file));
    const result = await reports.review(task);

    expect(wordsOf(result)).toEqual(['audit-failed shop (npm audit)']);
    expect(summariesOf(result, 'audit-failed')[0]).toContain(words);
    expect(documentOf(result).npm_vulnerabilities).toBeNull();
  });

  test('without development is told apart by the name of the report, since it says nothing of it itself', async () => {
    await reports.write('shop/npm-audit-omit-dev.json', await written('npm-audit-omit-dev.json'));
    const narrow = await reports.review(task, { severity: 'critical' });
    const onPurpose = await reports.review(task, { severity: 'critical', development: false });
    await reports.write('shop/npm-audit.json', await written('npm-audit.json'), hoursAgo(5));
    const both = await reports.review(task, { severity: 'critical' }, narrow.baseline);

    expect(wordsOf(narrow)[0]).toBe('development-left-out shop (npm audit without development)');
    expect(wordsOf(onPurpose)).toEqual(['fixable shop (npm audit without development) GHSA-jf85-cpcp-j695 lodash']);
    expect(wordsOf(both)).toEqual(['fixable shop (npm audit) GHSA-jf85-cpcp-j695 lodash']);
  });

  test('is not believed where its list was taken out and its total was left', async () => {
    const report = { ...(JSON.parse(await written('npm-audit.json')) as object), vulnerabilities: {} };
    await reports.write('shop/npm-audit.json', report);
    expect(summariesOf(await reports.review(task), 'report-unreadable')[0]).toContain('its total is 2 and it lists 0');
  });

  test('on a project without a dependency says that nothing was looked at', async () => {
    const report = JSON.parse(await written('npm-audit-clean.json')) as { metadata: { dependencies: object } };
    report.metadata.dependencies = { prod: 1, dev: 0, total: 0 };
    await reports.write('shop/npm-audit.json', report);
    expect(wordsOf(await reports.review(task))).toEqual(['not-scanned shop (npm audit)']);
  });
});

describe('what npm audit of npm 6 wrote', () => {
  const report = (advisories: object, high: number) => ({
    actions: [],
    advisories,
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high, critical: 0 },
      dependencies: 3,
      devDependencies: 1,
      optionalDependencies: 0,
      totalDependencies: 4,
    },
  });
  const ADVISORY = {
    id: 1523,
    module_name: 'lodash',
    title: 'Prototype Pollution',
    severity: 'high',
    url: 'https://npmjs.com/advisories/1523',
    cves: ['CVE-2019-10744'],
    vulnerable_versions: '<4.17.12',
    patched_versions: '>=4.17.12',
    findings: [{ version: '4.17.4', paths: ['lodash'] }],
  };

  test('is read by its own schema', async () => {
    await reports.write('shop/npm-audit.json', report({ 1523: ADVISORY }, 1));
    await reports.write('clean/npm-audit.json', report({}, 0));
    expect(wordsOf(await reports.review(task))).toEqual(['fixable shop (npm audit) CVE-2019-10744 lodash']);
  });

  test('knows a vulnerability for which nothing is patched', async () => {
    await reports.write('shop/npm-audit.json', report({ 1523: { ...ADVISORY, patched_versions: '<0.0.0' } }, 1));
    expect(wordsOf(await reports.review(task))).toEqual(['without-fix shop (npm audit) CVE-2019-10744 lodash']);
  });

  test('is not believed where it counts what it does not list', async () => {
    await reports.write('shop/npm-audit.json', report({}, 2));
    expect(wordsOf(await reports.review(task))).toEqual(['report-unreadable shop/npm-audit.json']);
  });
});

describe('what pip-audit wrote', () => {
  test('is told by its CVE, with the version that mends it', async () => {
    await reports.write('api/pip-audit.json', await written('pip-audit.json'));
    const result = await reports.review(task);

    expect(wordsOf(result)).toEqual(['fixable api (pip-audit) CVE-2019-10906 jinja2']);
    expect(result.findings[0]?.command).toBe('python -m pip install --upgrade jinja2==2.10.1');
    expect(documentOf(result).npm_vulnerabilities).toBeNull();
  });

  test('where it could look at nothing is no pass, though it ended well and called nothing vulnerable', async () => {
    await reports.write('api/pip-audit.json', await written('pip-audit-skipped.json'));
    const result = await reports.review(task);

    expect(wordsOf(result)).toEqual([
      'not-scanned api (pip-audit) fettle-no-such-internal-thing',
      'not-scanned api (pip-audit) jinja2',
    ]);
  });

  test('passes a project without vulnerabilities, and is accepted under any of its names', async () => {
    await reports.write('well/pip-audit.json', {
      dependencies: [{ name: 'six', version: '1.16.0', vulns: [] }],
      fixes: [],
    });
    expect((await reports.review(task)).findings).toEqual([]);
    await reports.write('api/pip-audit.json', await written('pip-audit.json'));
    const accepted = [
      { id: 'GHSA-462w-v97r-4m45', until: '2026-06-30', reason: 'no template of a stranger is read', owner: 'Ada' },
    ];
    expect((await reports.review(task, { accepted })).findings).toEqual([]);
  });

  test('without a single dependency says that nothing was looked at', async () => {
    await reports.write('api/pip-audit.json', { dependencies: [], fixes: [] });
    expect(wordsOf(await reports.review(task))).toEqual(['not-scanned api (pip-audit)']);
  });
});

test.each([
  ['is empty', '', 'is empty'],
  ['is cut', '{"auditReportVersion":2,"vulnerabilities":{"lod', 'ends in the middle'],
  ['is what npm printed for a person', 'found 0 vulnerabilities\n', 'is no JSON'],
  ['is of Trivy', '{"SchemaVersion":2,"ArtifactName":"shop"}', 'neither of npm audit nor of pip-audit'],
  ['has lost its metadata', '{"auditReportVersion":2,"vulnerabilities":{}}', 'metadata'],
])('a report that %s is unreadable and leaves the others', async (_why, body, words) => {
  await reports.write('shop/npm-audit.json', body);
  await reports.write('clean/npm-audit.json', await written('npm-audit-clean.json'));
  const result = await reports.review(task);

  expect(wordsOf(result)).toEqual(['report-unreadable shop/npm-audit.json']);
  expect(summariesOf(result, 'report-unreadable')[0]).toContain(words);
  expect(documentOf(result).summary.current).toBe(1);
});

test('an audit that PowerShell wrote, as UTF-16, is read', async () => {
  const text = `\ufeff${await written('npm-audit-clean.json')}`;
  await reports.write('clean/npm-audit.json', Buffer.from(text, 'utf16le'));
  expect((await reports.review(task)).findings).toEqual([]);
});

test('an audit that is too old, and a project without one, are unknown', async () => {
  await reports.write('clean/npm-audit.json', await written('npm-audit-clean.json'), hoursAgo(24 * 9));
  const result = await reports.review(task, { projects: ['clean', 'api'] });

  expect(wordsOf(result)).toEqual(['report-too-old clean (npm audit)', 'report-missing api']);
  expect(wordsOf(await reports.review(task, { match: '*.audit' }))).toEqual(['no-report']);
});
