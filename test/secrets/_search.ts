import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Canary } from './_canaries.ts';

/** What is compared with what: so many letters of a canary in a row are a leak. */
const WINDOW = 12;
/** A key's first and last line are in every key. */
const COMMON = /-----(BEGIN|END)[^-]*-----/g;

export interface Sink {
  readonly name: string;
  readonly content: Buffer | string;
}

export type Search = (sinks: readonly Sink[]) => string[];

/**
 * Looks for any part of any canary, in what is written and in what that decodes to: JSON, URLs, HTML, base64,
 * hexadecimal, gzip, with and without blanks. Each leak names the canary, the sink and what stands around it.
 */
export function searchFor(canaries: readonly Canary[]): Search {
  const windows = new Map<string, string>();
  for (const { name, value } of canaries) {
    const text = bare(value.replace(COMMON, ''));
    const size = Math.min(WINDOW, text.length);
    for (let at = 0; at + size <= text.length; at += 1) windows.set(text.slice(at, at + size), name);
  }
  const sizes = [...new Set([...windows.keys()].map((text) => text.length))];
  const first = Math.min(...sizes);
  // Most places are no beginning of anything, and texts are long.
  const begins = new Uint8Array(2 ** 20);
  for (const text of windows.keys()) begins[hashAt(text, 0)] = 1;

  function leakIn(view: string): string | undefined {
    for (let at = 0; at + first <= view.length; at += 1) {
      if (begins[hashAt(view, at)] === 0) continue;
      for (const size of sizes) {
        const name = windows.get(view.slice(at, at + size));
        if (name !== undefined) return `${name}: …${view.slice(Math.max(0, at - 60), at + size + 20)}…`;
      }
    }
    return undefined;
  }

  return (sinks) =>
    sinks.flatMap(({ name, content }) => {
      const found = viewsOf(Buffer.from(content))
        .map(leakIn)
        .filter((leak) => leak !== undefined);
      return found.length === 0 ? [] : [`${name}: ${found[0]}`];
    });
}

function hashAt(text: string, at: number): number {
  return (text.charCodeAt(at) * 7_919 + text.charCodeAt(at + 1) * 131 + text.charCodeAt(at + 2)) % 2 ** 20;
}

function bare(text: string): string {
  return text.replace(/\s/g, '');
}

function viewsOf(bytes: Buffer): string[] {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const texts = [bytes.toString('utf8'), ...(isGzip ? [gunzipSync(bytes).toString('utf8')] : [])];
  const read = texts.flatMap((text) => [text, unescaped(text), unescaped(unescaped(text))]);
  const more = read.flatMap((text) => [
    fromUrl(text),
    fromHtml(text),
    fromHtml(unescaped(text)),
    ...fromEncodings(text),
  ]);
  return [...new Set([...read, ...more].map(bare))];
}

function unescaped(text: string): string {
  return text
    .replace(/\\u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\\(["'\\/])/g, '$1')
    .replace(/\\[nrt]/g, ' ');
}

function fromUrl(text: string): string {
  const bytes = text.replace(/(?:%[\da-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
  return bytes.replaceAll('+', ' ');
}

function fromHtml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'", '#x27': "'" };
  return text
    .replace(/&(lt|gt|quot|apos|#39|#x27);/g, (whole, name: string) => named[name] ?? whole)
    .replaceAll('&amp;', '&');
}

function fromEncodings(text: string): string[] {
  const base64 = text.match(/[A-Za-z\d+/_-]{10,}={0,2}/g) ?? [];
  const hex = text.match(/(?:[\da-f]{2}){8,}/gi) ?? [];
  return [
    base64
      .flatMap((run) => [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64').toString('utf8')))
      .join('\n'),
    hex.map((run) => Buffer.from(run, 'hex').toString('utf8')).join('\n'),
  ];
}

/** Every file of a folder, whatever its name, with its name as a part of what is searched. */
export async function filesOf(folder: string, label = ''): Promise<Sink[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (file) => ({
      name: `${label}${file.slice(folder.length)}`,
      content: Buffer.concat([Buffer.from(`${file.slice(folder.length)}\n`), await readFile(file)]),
    })),
  );
}
