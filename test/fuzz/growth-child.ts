import { Secret, redact } from '../../core/secret.ts';
import { messageOf } from '../../core/errors.ts';
import { parseSchedule } from '../../core/calendar/cron.ts';
import { timezoneProblem } from '../../core/calendar/timezone.ts';
import { parseWindow } from '../../core/calendar/window.ts';
import { TARGET_KINDS } from '../../core/target-kinds.ts';
import { html } from '../../lambdas/report/markup.ts';
import { printable } from '../../lambdas/runtime/http-failure.ts';
import { policyGrant } from '../../lambdas/runtime/policy-grant.ts';
import { shellWord } from '../../lambdas/runtime/shell-word.ts';
import { ByteReader } from '../../lambdas/tasks/backups/_byte-reader.ts';
import { matcherOf } from '../../lambdas/tasks/backups/_catalogue.ts';
import { readScript } from '../../lambdas/tasks/backups/_sql.ts';
import { seriesOf, stampOf } from '../../lambdas/tasks/backups/_stamp.ts';
import { shown } from '../../lambdas/tasks/certificates/_certificate.ts';
import { parseEndpoint } from '../../lambdas/tasks/certificates/_endpoint.ts';
import { cacheStateOf } from '../../lambdas/tasks/endpoints/_cache-state.ts';
import { readHealthDocument } from '../../lambdas/tasks/endpoints/_health-document.ts';
import { errorPageIn, readHealthText, titleOf } from '../../lambdas/tasks/endpoints/_text-answer.ts';
import { plainText } from '../../lambdas/tasks/kubernetes/_text.ts';
import { readKubeconfig } from '../../lambdas/tasks/kubernetes/_kubeconfig.ts';
import { parseAuthLine } from '../../lambdas/tasks/logs/_auth-line.ts';
import { isExempt, quotedPath, shownPath } from '../../lambdas/tasks/logs/_log-name.ts';
import { loginEvent } from '../../lambdas/tasks/logs/_login-event.ts';
import { TimestampReader } from '../../lambdas/tasks/logs/_timestamp.ts';
import { wholeMatcher } from '../../lambdas/tasks/metrics/_promql.ts';
import { preloadGrant } from '../../lambdas/tasks/postgres/_needs-grants.ts';
import { fingerprintOf } from '../../lambdas/tasks/postgres/_slow-fingerprint.ts';
import { parseInfo } from '../../lambdas/tasks/redis/_info.ts';
import { patternOf, sharedPatterns } from '../../lambdas/tasks/redis/_key-pattern.ts';
import { plain, prose } from '../../lambdas/report/markdown.ts';
import { addressRangeProblem } from '../../lib/profiles/address-range.ts';
import { foundText, withoutPasswords } from '../../lib/profiles/problem.ts';
import { parseYaml } from '../../lib/profiles/yaml-tree.ts';

/** What patterns and parsers trip over when it is repeated. */
const UNITS = [
  ...[
    'a',
    '-',
    'a-',
    '0',
    '0.',
    '.',
    '"',
    "'",
    '$a$',
    '/*',
    '(',
    '[',
    ']',
    '{',
    '}',
    '://',
    'a://',
    '//',
    '//a',
    'a@',
    '?a=',
  ],
  ...[
    '&',
    ' ',
    '\n',
    '\t ',
    '<',
    '<title>',
    'ALTER SET "',
    'SET ',
    '20260101',
    '2026-',
    'error:A:',
    '\\',
    '%41',
    'x,',
    '?, ',
  ],
  ...[
    'token-',
    'token',
    'password',
    'bearer aaaaaaaa ',
    'Failed password for ',
    ' from a port 1',
    'rhost=',
    '[a="',
    '.log',
  ],
  ...[
    'message repeated 1 times: [ ',
    'COPY a FROM stdin;\n',
    '[+]a\n',
    'db0:keys=1,expires=1\n',
    '\u{1f600}',
    '\u2028',
    '*a',
  ],
];
const TIMES = new TimestampReader({ timezone: 'UTC', writtenMs: Date.parse('2026-11-21') });
const SECRETS = [new Secret('hunter2hunter2'), new Secret('postgres://app:canary@db/x')];

async function* onePiece(text: string) {
  yield await Promise.resolve(Buffer.from(`--\n-- PostgreSQL database dump\n--\n${text}`));
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  redact: (text) => redact(`://${text}`, SECRETS),
  messageOf: (text) => messageOf(new Error(text)),
  parseSchedule: (text) => parseSchedule(`cron(${text})`),
  parseWindow,
  timezoneProblem,
  targets: (text) => TARGET_KINDS.endpoints.schema.safeParse({ url: `https://${text}` }),
  html: (text) => html`<p>${text}</p>`.toString(),
  printable: (text) => printable(text),
  policyGrant: (text) => policyGrant([], new Error(`not authorized to perform: ${text}`)),
  shellWord,
  matcherOf: (text) => matcherOf('*a*a*a*b')(text.slice(0, 4_096)),
  readScript: (text) => readScript(new ByteReader(onePiece(text))),
  stampOf: (text) => stampOf(text, 'UTC'),
  seriesOf,
  shown,
  parseEndpoint: (text) => parseEndpoint(`https://${text}`),
  cacheStateOf: (text) => cacheStateOf({ 'cache-control': text, 'x-cache': text, age: text }),
  readHealthDocument: (text) => readHealthDocument({ status: text, checks: text.split('').slice(0, 9_000) }),
  errorPageIn,
  titleOf,
  readHealthText: (text) => readHealthText(text),
  // A cluster may say the same of many pods.
  plainText: (text) => Array.from({ length: 20 }, () => plainText(text)),
  readKubeconfig: (text) => readKubeconfig(text.slice(0, 65_536)),
  parseAuthLine: (text) => parseAuthLine(`<34>1 2026-01-01T00:00:00Z a b c d ${text.slice(0, 65_536)}`, TIMES),
  sshd: (text) => loginEvent({ program: 'sshd', text: `Failed password for ${text.slice(0, 65_536)}` }),
  pam: (text) =>
    loginEvent({ program: 'su', text: `pam_unix(su:auth): authentication failure; logname=${text.slice(0, 65_536)}` }),
  isExempt: (text) => isExempt(text, ['*a*b*']),
  shownPath,
  quotedPath,
  wholeMatcher: (text) => wholeMatcher('(a+)+b')(text.slice(0, 65_536)),
  preloadGrant: (text) => preloadGrant('x', text),
  fingerprintOf,
  fingerprintOfSetting: (text) => fingerprintOf(`ALTER ${text.slice(0, 65_536)}`),
  parseInfo,
  patternOf: (text) => patternOf(text.slice(0, 4_096), sharedPatterns([text.slice(0, 4_096)])),
  plain,
  prose,
  addressRangeProblem,
  foundText,
  withoutPasswords,
  parseYaml: (text) => parseYaml(text.slice(0, 131_072)),
};

/** Errors are answers too: how long it took to refuse is what is asked. */
async function attempt(read: (text: string) => unknown, text: string): Promise<unknown> {
  try {
    return await read(text);
  } catch (thrown) {
    return thrown;
  }
}

const sizeBytes = Number(process.argv[2]);
for (const [name, read] of Object.entries(READERS)) {
  let [worstSeconds, worstUnit] = [0, ''];
  for (const unit of UNITS) {
    const text = unit.repeat(Math.ceil(sizeBytes / unit.length)).slice(0, sizeBytes);
    const before = process.cpuUsage();
    await attempt(read, text);
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    if (seconds > worstSeconds) [worstSeconds, worstUnit] = [seconds, unit];
  }
  process.stdout.write(`${JSON.stringify({ name, seconds: worstSeconds, unit: worstUnit })}\n`);
}
