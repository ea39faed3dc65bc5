import { formatDuration } from '../../../core/duration.ts';
import { printable } from '../../runtime/http-failure.ts';
import type { HttpAnswer } from '../../runtime/http-request.ts';
import { isExpected, type Status } from './_expectation.ts';
import { readHealthDocument, type HealthDocument } from './_health-document.ts';
import { judgeDocument } from './_document-judgement.ts';
import type { Observation } from './_observation.ts';
import { errorPageIn, readHealthText, titleOf } from './_text-answer.ts';

/** What an answer must be like. */
export interface Expectation {
  readonly expectStatus: readonly Status[];
  readonly expect: 'any' | 'json' | 'text';
  readonly expectText: string | undefined;
  readonly rejectText: readonly string[];
  readonly healthyWords: readonly string[];
  readonly ignoreDependencies: readonly string[];
  readonly maxAgeSeconds: number;
  readonly slowAboveSeconds: number;
}

/** An answer, as far as it is judged. */
export interface Seen extends Pick<HttpAnswer, 'status' | 'headers' | 'cut' | 'seconds'> {
  /** The body as text. */
  readonly text: string;
  /** The URL that gave it, without query. */
  readonly path: string;
}

const HEALTH_PATH =
  /(?:^|[/_.-])(?:health\w*|ready\w*|readiness|live|livez|liveness|alive|status\w*|ping|up|actuator|heartbeat)(?:[/_.-]|$)/i;

/** Judges one answer that is no redirection. The times of the answer are compared with `now`. */
export function judgeAnswer(seen: Seen, expectation: Expectation, now: Date): readonly Observation[] {
  const { status } = seen;
  const sure = HEALTH_PATH.test(seen.path);
  if (!isExpected(status, expectation.expectStatus)) {
    if (status === 429) return [{ kind: 'throttled', text: 'answered 429: it is asked too often' }];
    const reported = judgeDocument(documentOf(seen, expectation), { ...expectation, sure });
    return [wrongStatus(seen, expectation), ...reported.filter(({ kind }) => kind !== 'status-not-understood')];
  }
  const content = judgeContent(seen, expectation);
  const document = documentOf(seen, expectation);
  const observations = content ?? [
    ...judgeDocument(document, { ...expectation, sure }),
    ...judgeText(seen, expectation, document),
  ];
  return [...observations, ...judgeAge(seen, document, sure, expectation, now), ...judgeTime(seen, expectation)];
}

function wrongStatus({ status, headers, text }: Seen, { expectStatus }: Expectation): Observation {
  const title = isHtml(headers, text) ? titleOf(text) : undefined;
  const said = title === undefined ? '' : ` "${title}"`;
  const hint = status === 401 ? ', which asks for credentials: set authorization of the target' : '';
  const summary = `answered ${status}${said}, ${expectStatus.join(' or ')} is expected${hint}`;
  return { kind: 'wrong-status', text: summary };
}

/** What is wrong with the content as a whole, so that there is nothing else to judge; undefined where nothing is. */
function judgeContent(seen: Seen, { expect, expectText }: Expectation): readonly Observation[] | undefined {
  const { headers, text, status, path, cut } = seen;
  const type = printable((headers['content-type'] ?? '').split(';', 1)[0] ?? '', 60);
  const title = isHtml(headers, text) ? titleOf(text) : undefined;
  const what = `${type === '' ? 'content without a type' : type}${title === undefined ? '' : ` "${title}"`}`;
  const wrong = (summary: string) => [{ kind: 'wrong-content' as const, text: summary }];
  // More blanks than are read are no end of an answer.
  if (text.trim() === '' && !cut) {
    if (expect !== 'any' || expectText !== undefined) {
      return wrong(`answered ${status} without a body, ${expect === 'any' ? 'a text' : expect} is expected`);
    }
    // Health paths say all that they have to say by the status, and so do most statuses but that of a page.
    if (status !== 200 || HEALTH_PATH.test(path)) return [];
    return [{ kind: 'empty-answer', text: `answered ${status} without a body` }];
  }
  const parsed = parsedJson(text);
  if (expect === 'json' && parsed === undefined) {
    return wrong(
      cut ? `answered more than 1 MiB of ${what}, a whole JSON is expected` : `answered ${what}, JSON is expected`,
    );
  }
  if (expect === 'json' && parsed === null) return wrong('answered null, a JSON that says something is expected');
  if (expect === 'text' && isHtml(headers, text)) return wrong(`answered ${what}, plain text is expected`);
  if (isJson(headers) && parsed === undefined && !cut) return wrong(`answered ${what} that is no JSON`);
  return undefined;
}

function judgeText(
  { text, cut }: Seen,
  { expectText, rejectText }: Expectation,
  document: HealthDocument,
): readonly Observation[] {
  const rejected = rejectText
    .filter((word) => text.includes(word))
    .map((word): Observation => ({ kind: 'text-rejected', text: `answers with "${printable(word, 60)}" in its text` }));
  if (cut) rejected.push({ kind: 'cut-answer', text: 'answers with more than 1 MiB, of which the first was read' });
  if (expectText !== undefined) {
    if (text.includes(expectText)) return rejected;
    return [...rejected, { kind: 'text-missing', text: `answers without "${printable(expectText, 60)}" in its text` }];
  }
  // What speaks of its health in a known format is no page.
  const page = document.own?.health === undefined ? errorPageIn(text) : undefined;
  return page === undefined ? rejected : [...rejected, { kind: 'error-page', text: `answers with the page "${page}"` }];
}

function judgeAge(
  { headers }: Seen,
  { own, dependencies, madeAt }: HealthDocument,
  isHealthPath: boolean,
  { maxAgeSeconds }: Expectation,
  now: Date,
): readonly Observation[] {
  const isHealth = isHealthPath || own?.health !== undefined || dependencies.length > 0;
  const ofBody = isHealth && madeAt ? (now.getTime() - madeAt.getTime()) / 1_000 : 0;
  const age = Math.max(Number(/^\d{1,9}$/.exec(headers['age']?.trim() ?? '')?.[0] ?? 0), ofBody);
  const measured = { value: Math.round(age), limit: maxAgeSeconds, unit: 'seconds' } as const;
  if (isHealth && age > maxAgeSeconds) {
    const text = `gives an answer that is ${formatDuration(age)} old, at most ${formatDuration(maxAgeSeconds)} is expected`;
    return [{ kind: 'stale-answer', text, ...measured }];
  }
  if (isHealth || age === 0) return [];
  return [{ kind: 'cached-answer', text: `gives an answer that a cache has had for ${formatDuration(age)}` }];
}

function judgeTime({ seconds }: Seen, { slowAboveSeconds }: Expectation): readonly Observation[] {
  if (seconds <= slowAboveSeconds) return [];
  const value = Math.round(seconds * 1_000);
  const limit = Math.round(slowAboveSeconds * 1_000);
  return [
    { kind: 'slow', text: `took ${value} ms, at most ${limit} ms is expected`, value, limit, unit: 'milliseconds' },
  ];
}

function documentOf({ text, headers }: Seen, { healthyWords }: Expectation): HealthDocument {
  const parsed = parsedJson(text);
  if (parsed !== undefined && typeof parsed === 'object') return readHealthDocument(parsed, healthyWords);
  return readHealthText(isHtml(headers, text) ? '' : text, healthyWords);
}

/** The value of a JSON text, or undefined where it is none. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (malformed) {
    if (malformed instanceof SyntaxError) return undefined;
    throw malformed;
  }
}

function isJson(headers: Seen['headers']): boolean {
  return /[/+]json\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}

function isHtml(headers: Seen['headers'], text: string): boolean {
  return /html/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype html|html)\b/i.test(text.slice(0, 1_000));
}
