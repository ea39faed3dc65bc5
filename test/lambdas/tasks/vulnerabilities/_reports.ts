import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../../../core/json.ts';
import type { Task, TaskResult } from '../../../../core/task.ts';
import { resultOf } from '../../../harness/perform-task.ts';

/** The time at which the tests of this folder look. */
export const NOW = new Date('2026-03-02T06:00:00Z');

export function hoursAgo(hours: number): Date {
  return new Date(NOW.getTime() - hours * 3_600_000);
}

/** What npm and pip-audit really wrote, by the name of the file. */
export function written(name: string): Promise<string> {
  return readFile(new URL(`./reports/${name}`, import.meta.url), 'utf8');
}

export interface Cve {
  readonly id: string;
  readonly severity?: string;
  readonly fixed?: string;
  readonly package?: string;
  readonly version?: string;
}

/** One vulnerability as Trivy writes it. */
function cve({ id, severity = 'HIGH', fixed, package: name = 'openssl', version = '3.0.11' }: Cve) {
  return {
    VulnerabilityID: id,
    PkgID: `${name}@${version}`,
    PkgName: name,
    InstalledVersion: version,
    ...(fixed !== undefined && { FixedVersion: fixed }),
    Status: fixed === undefined ? 'affected' : 'fixed',
    Severity: severity,
    Title: `a weakness in ${name}`,
    PrimaryURL: `https://avd.aquasec.com/nvd/${id.toLowerCase()}`,
  };
}

/** A report of Trivy on an image, as it writes them by version 2 of its schema: an empty list is left out. */
export function trivy(image: string, cves: readonly Cve[] = [], change: Readonly<Record<string, unknown>> = {}) {
  return {
    SchemaVersion: 2,
    CreatedAt: '2026-03-02T04:00:00.123456789Z',
    ArtifactName: image,
    ArtifactType: 'container_image',
    Metadata: {
      OS: { Family: 'debian', Name: '12.9' },
      ImageID: 'sha256:1111',
      RepoTags: [image],
      RepoDigests: [`${image.split(':')[0]}@sha256:${'ab'.repeat(32)}`],
      ImageConfig: { created: '2026-02-20T10:00:00Z' },
    },
    Results: [
      {
        Target: `${image} (debian 12.9)`,
        Class: 'os-pkgs',
        Type: 'debian',
        ...(cves.length > 0 && { Vulnerabilities: cves.map(cve) }),
      },
      { Target: 'app/package-lock.json', Class: 'lang-pkgs', Type: 'npm' },
    ],
    ...change,
  };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
  readonly url: string;
  /** Writes a file with its time of writing, an hour ago by default; what is no text is written as JSON. */
  write(name: string, body: unknown, lastModified?: Date): Promise<void>;
  review(task: Task, input?: Readonly<Record<string, Json>>, baseline?: unknown): Promise<TaskResult<string>>;
}

/** An empty folder, which goes at the end of its block. */
export async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'fettle-vulnerabilities-'));
  const url = `${pathToFileURL(path).href}/`;
  return {
    path,
    url,
    async write(name, body, lastModified = hoursAgo(1)) {
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), bytes);
      await utimes(join(path, name), lastModified, lastModified);
    },
    review: (task, input = {}, baseline) =>
      resultOf({ task, now: NOW, input, targets: { here: { url } }, ...(baseline !== undefined && { baseline }) }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** The findings as `<kind> <subject>`, in their order. */
export function wordsOf({ findings }: TaskResult<string>): string[] {
  return findings.map(({ kind, subject }) => [kind, subject].filter((word) => word !== undefined).join(' '));
}

export function summariesOf({ findings }: TaskResult<string>, kind: string): string[] {
  return findings.filter((finding) => finding.kind === kind).map(({ summary }) => summary);
}
