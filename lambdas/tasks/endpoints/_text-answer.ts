import { printable } from '../../runtime/http-failure.ts';
import type { Dependency, HealthDocument } from './_health-document.ts';
import { healthOf } from './_health-words.ts';

const CHECK_LINE = /^\[([+-])\](\S{1,200})(?: (.{0,200}))?$/gm;

/** Reads a plain answer: one word such as ASP.NET's `Unhealthy`, or the lines of Kubernetes, `[-]etcd failed`. */
export function readHealthText(text: string, healthyWords: readonly string[] = []): HealthDocument {
  const dependencies = [...text.matchAll(CHECK_LINE)].map(([, sign, name = '', word = '']): Dependency => {
    return { name, word: word || (sign === '+' ? 'ok' : 'failed'), health: sign === '+' ? 'healthy' : 'unhealthy' };
  });
  const word = text.trim();
  const health = word.length <= 60 ? healthOf(word, healthyWords) : undefined;
  const own = health === undefined ? undefined : { word, health };
  return { own, dependencies, truncated: false, error: undefined, madeAt: undefined };
}

/** Titles of pages that stand where the answer should be. Whole titles, or words that nothing healthy is called. */
const ERROR_TITLES: readonly RegExp[] = [
  /^(?:http (?:status )?)?[45]\d\d\b/i,
  /^(?:error|not found|forbidden|unauthori[sz]ed|maintenance|problem|oops)[!.: ]*(?:[45]\d\d)?$/i,
  /^error[: ]+[45]\d\d\b/i,
  /internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|application error\b/i,
  /whitelabel error page|something went wrong|page not found|site not found|unhandled exception|an error (?:has )?occurred/i,
  /under maintenance|down for maintenance|access denied|establishing a database connection|database error/i,
  /no such app|account suspended|domain (?:name )?(?:is |may be )?for sale|parked (?:domain|free)|this domain is parked/i,
  /^just a moment|attention required|checking your browser|captive portal|the request could not be satisfied/i,
];
/** Pages of servers in which nothing has been installed. */
const DEFAULT_PAGES = /^(?:welcome to (?:nginx|openresty|centos)|apache2? .*default page|iis windows server|it works)/i;
const ERROR_STARTS: readonly RegExp[] = [
  /^(?:<br ?\/?>\s*)?(?:<b>)?(?:PHP )?(?:fatal|parse) error(?:<\/b>)?:/i,
  /^traceback \(most recent call last\)/i,
  /^exception in thread /i,
  /^panic: /,
  /^upstream connect error or disconnect/i,
  /^no healthy upstream/i,
  /^default backend - 404/i,
  /^(?:internal server error|bad gateway|service unavailable|gateway time-?out)\b/i,
];

/** What an error page calls itself, or undefined where the text is none: only titles and first words are looked at. */
export function errorPageIn(text: string): string | undefined {
  const start = text
    .slice(0, 65_536)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (ERROR_STARTS.some((pattern) => pattern.test(start))) {
    return printable(start.slice(0, 500).replace(/<[^>]*>/g, ' '), 100);
  }
  return headingsOf(start).find(
    (heading) => DEFAULT_PAGES.test(heading) || ERROR_TITLES.some((pattern) => pattern.test(heading)),
  );
}

/** The title of a page for people, or undefined where it has none. */
export function titleOf(text: string): string | undefined {
  return headingsOf(text.slice(0, 65_536))[0];
}

function headingsOf(text: string): string[] {
  const title = /<title[^<>]{0,200}>([^<]{1,500})</i.exec(text)?.[1];
  const heading = /<h1[^<>]{0,200}>([^<]{1,500})</i.exec(text)?.[1];
  return [title, heading]
    .filter((found) => found !== undefined)
    .map((found) => printable(found, 100))
    .filter((found) => found !== '');
}
