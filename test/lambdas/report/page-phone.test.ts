import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { renderPage } from '../../../lambdas/report/page.ts';
import { hostileReport } from '../../harness/hostile-report.ts';

const chromium = programIn(['chromium', 'chromium-browser', 'google-chrome']);
const withBrowser = chromium === undefined ? test.skip : test;
if (chromium === undefined)
  process.stderr.write('skipped: the page is not laid out, because chromium is not in PATH\n');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fettle-page-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

withBrowser(
  'a page with a command of 4,000 letters without a blank is no wider than a phone, and none of it ran',
  async () => {
    const report = hostileReport();
    const command = `${'x'.repeat(4_000)}<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>`;
    const page = renderPage({
      ...report,
      platform: 'shop',
      findings: report.findings.map((one) => ({ ...one, command })),
    });
    // The page forbids every script, so what measures it stands in a page around it.
    await writeFile(path.join(folder, 'report.html'), page);
    await writeFile(path.join(folder, 'phone.html'), PHONE);
    const { stdout } = await promisify(execFile)(
      chromium ?? '',
      [
        ...[
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--allow-file-access-from-files',
          '--virtual-time-budget=5000',
        ],
        ...[`--user-data-dir=${folder}/profile`, '--dump-dom', pathToFileURL(path.join(folder, 'phone.html')).href],
      ],
      { timeout: 60_000 },
    );
    const { width, pres, title } = JSON.parse(/<output>(.*?)<\/output>/.exec(stdout)?.[1] ?? '{}') as Measured;
    expect(pres).toBe(2);
    expect(width).toBeLessThanOrEqual(360);
    expect(title).toContain('shop');
  },
);

interface Measured {
  readonly width?: number;
  readonly pres?: number;
  readonly title?: string;
}

const PHONE = `<!doctype html><body><iframe src="report.html" style="width:360px;height:640px;border:0"></iframe><output></output>
<script>
document.querySelector('iframe').onload = ({ target: { contentDocument: page } }) => {
  document.querySelector('output').textContent = JSON.stringify({
    width: page.documentElement.scrollWidth, pres: page.querySelectorAll('pre').length, title: page.title,
  });
};
</script>`;

function programIn(names: readonly string[]): string | undefined {
  return names.find((name) => {
    try {
      execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
      return true;
    } catch (missing) {
      if (missing instanceof Error && 'status' in missing) return false;
      throw missing;
    }
  });
}
